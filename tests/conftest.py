"""The end-to-end tests' line in the summary. It stands here because only this conftest is read by xdist's controller."""

from e2e.tally import pytest_sessionfinish, pytest_terminal_summary, pytest_testnodedown

__all__ = ["pytest_sessionfinish", "pytest_terminal_summary", "pytest_testnodedown"]
