"""What the end-to-end tests did, in one line at the end: kills, files and strings. Under xdist the workers hand theirs over."""

from typing import Any

import pytest

FIELDS = ("kills", "files", "strings")
_done = dict.fromkeys(FIELDS, 0)


def add(**counts: int) -> None:
    for name, count in counts.items():
        _done[name] += count


def pytest_sessionfinish(session: pytest.Session) -> None:
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["e2e"] = dict(_done)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    add(**getattr(node, "workeroutput", {}).get("e2e", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if any(_done.values()):
        terminalreporter.write_line(
            f"end to end: {_done['kills']} kills; leak search: {_done['files']} files, {_done['strings']} strings"
        )
