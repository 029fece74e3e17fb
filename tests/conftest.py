"""What holds for every test process. The end-to-end tests' line stands here because only this conftest is read by xdist's controller."""

from typing import Any

import pytest
from e2e.tally import pytest_sessionfinish, pytest_terminal_summary, pytest_testnodedown

from support.ending import Ending
from support.rooms import RoomScheduling, rank

__all__ = ["pytest_configure", "pytest_sessionfinish", "pytest_terminal_summary", "pytest_testnodedown"]


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Ending(), "ending")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> RoomScheduling:
    return RoomScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=rank)
