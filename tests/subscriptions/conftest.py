"""The service alone, on real stores."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from subscriptions import scene
from subscriptions.receiving import MACHINE
from support.harness import Harness


@pytest.fixture
def subs(tmp_path: Path) -> Iterator[Harness]:
    harness = scene.start(tmp_path, webhook_networks=MACHINE)
    yield harness
    harness.close()
