"""One time-skipping server, one environment and one running system per test process."""

from collections.abc import Iterator

import pytest

from coordinator.story import Story
from coordinator.world import World, quiet_logs
from rso_onebox.test_server import find_test_server


@pytest.fixture(scope="session")
def _world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    server = find_test_server()
    if server is None:
        pytest.skip("no time-skipping Temporal server on this machine")
    folder = tmp_path_factory.mktemp("world")
    with quiet_logs(folder / "rso.log"):
        made = World(folder, server)
        yield made
        made.close()


@pytest.fixture
def world(_world: World) -> Iterator[World]:
    yield _world
    _world.forget()


@pytest.fixture
def story(world: World) -> Story:
    return Story(world)
