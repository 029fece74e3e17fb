"""The service alone, on each kind of database that this machine can have."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kit import rooms

from subscriptions import scene
from subscriptions.receiving import MACHINE
from support.harness import Harness


@pytest.fixture(params=rooms.BACKENDS)
def subs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Harness]:
    with rooms.database(request.param, tmp_path) as url:
        harness = scene.start(tmp_path, database_url=url, webhook_networks=MACHINE)
        yield harness
        harness.close()
