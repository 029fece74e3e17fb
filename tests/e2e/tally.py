"""What the end-to-end and chaos tests did, told at the end. Under xdist the workers hand theirs over."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

FIELDS = ("kills", "files", "strings")
_done = dict.fromkeys(FIELDS, 0)
_points: Counter[tuple[str, str]] = Counter()


def add(**counts: int) -> None:
    for name, count in counts.items():
        _done[name] += count


def reached(hit: Mapping[tuple[str, str], int]) -> None:
    """(role, point) -> how often a process ended there."""
    _points.update(hit)


def pytest_sessionfinish(session: pytest.Session) -> None:
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["e2e"] = dict(_done)
        output["points"] = [(role, point, number) for (role, point), number in _points.items()]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    output = getattr(node, "workeroutput", {})
    add(**output.get("e2e", {}))
    reached({(role, point): number for role, point, number in output.get("points", [])})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if any(_done.values()):
        terminalreporter.write_line(
            f"end to end: {_done['kills']} kills; leak search: {_done['files']} files, {_done['strings']} strings"
        )
    if _points:
        roles = len({role for role, _ in _points})
        terminalreporter.write_line(
            f"crash points: {_points.total()} ends at {len(_points)} points of {roles} roles, each {min(_points.values())} times or more"
        )
