from collections.abc import Iterator
from pathlib import Path

import pytest

from rso_matching.app import SPEC
from support.harness import Harness


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    made = Harness(SPEC, tmp_path)
    yield made
    made.close()
