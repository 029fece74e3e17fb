"""Crash points: named places between two steps where a process under test ends itself as a power cut would.

Not armed, which is always so outside of tests, a point is one look at an empty table. Armed, the process writes a line to the
count file and kills itself with SIGKILL: no handler, no flush, no goodbye. The lines in that file are also how the next
process knows that a point has been hit often enough.
"""

import json
import os
import re
import signal
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from rso_shared.kit.settings import ServiceSettings, SettingsError

POINTS = frozenset({
    "after-append-before-commit",  # the events stand in the transaction, and nowhere else
    "after-commit-before-wake",  # the command is durable, nobody has been told
    "after-ack-before-mark",  # the broker has the batch, the outbox does not know
    "after-batch-before-offset",  # a batch is handled, the position still stands before it
    "after-effect-before-completion",  # another service (or the mail system) has acted, nobody here knows
    "mid-chunk",  # a part of an upload is written, its object is not
    "mid-swap",  # a rebuild has emptied the read model and not yet filled it
})  # fmt: skip
ONEBOX = "onebox"
"""The role of a process that is all of them."""

_WISH = re.compile(r"(?P<point>[a-z-]+):(?P<count>[1-9][0-9]*)(/(?P<every>[1-9][0-9]*))?")


@dataclass(slots=True)
class _Armed:
    count: int
    every: int
    file: Path
    role: str
    passed: Counter[str] = field(default_factory=Counter)
    """By whose count it is."""


_armed: dict[str, _Armed] = {}
_lock = threading.Lock()


def point(name: str, loop: str = "") -> None:
    """Ends the process if this point is armed and its turn has come. A `loop` that stands beside others in its role has a count of
    its own, `coordinator.bridge`: else what one of them did would be taken for what all did.
    """
    if _armed:
        _pass(name, loop)


def arm(settings: ServiceSettings, role: str = ONEBOX) -> None:
    """As the settings want it: point:count[/every], separated by commas. In all its lives together a role dies `count` times
    at the point, each time on the `every`-th pass. Raises SettingsError where that is not allowed, or there is no such point.
    """
    if not settings.crash_points:
        return
    if not (settings.sandbox or settings.crash_points_allowed) or not settings.crash_file:
        raise SettingsError("crash points need a sandbox (or CRASH_POINTS_ALLOWED) and a CRASH_FILE")
    for wish in map(str.strip, settings.crash_points.split(",")):
        found = _WISH.fullmatch(wish)
        if found is None or found["point"] not in POINTS:
            raise SettingsError(f"{wish} is no crash point; there are {', '.join(sorted(POINTS))}")
        _armed[found["point"]] = _Armed(int(found["count"]), int(found["every"] or 1), Path(settings.crash_file), role)


def disarm() -> None:
    _armed.clear()


def counts(file: Path) -> Counter[tuple[str, str]]:
    """(role, point) -> how often a process ended there."""
    lines = file.read_text().splitlines() if file.exists() else []
    return Counter((each["role"], each["point"]) for each in map(json.loads, lines))


def _pass(name: str, loop: str) -> None:
    with _lock:
        armed = _armed.get(name)
        if armed is None:
            return
        role = _counted(armed.role, loop)
        armed.passed[role] += 1
        if armed.passed[role] % armed.every or counts(armed.file)[role, name] >= armed.count:
            return
        _write(armed.file, role, name)
        os.kill(os.getpid(), signal.SIGKILL)
        signal.pause()  # the signal may reach another thread first: this one goes no further


def _counted(role: str, loop: str) -> str:
    return f"{role.partition('.')[0]}.{loop}" if loop and role != ONEBOX else role


def _write(path: Path, role: str, name: str) -> None:
    line = json.dumps({"role": role, "point": name, "pid": os.getpid()}) + "\n"
    with path.open("a") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
