"""The end of a test process that used temporalio: its threads can abort a normal interpreter exit (exit 134), whatever the tests said."""

import atexit
import os
import sys

import pytest


class Ending:
    """Registered once per process, xdist's workers included. By then the summary is printed and every report is sent."""

    def __init__(self) -> None:
        self._session: pytest.Session | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        self._session = session

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        if self._session is None or "temporalio" not in sys.modules:
            return
        atexit._run_exitfuncs()  # pytest removes its temporary folders there
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(self._session.exitstatus))
