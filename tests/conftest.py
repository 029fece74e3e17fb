"""What holds for every test process. The end-to-end tests' line stands here because only this conftest is read by xdist's controller."""

import pytest
from e2e.tally import pytest_sessionfinish, pytest_terminal_summary, pytest_testnodedown

from support.ending import Ending

__all__ = ["pytest_configure", "pytest_sessionfinish", "pytest_terminal_summary", "pytest_testnodedown"]


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Ending(), "ending")
