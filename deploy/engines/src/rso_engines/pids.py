"""Processes that outlive the command that started them, and how to be sure that a pid is still that process."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from rso_engines.datadir import read_json, write_json
from rso_engines.errors import EngineError
from rso_engines.users import Owner

_POLL_SECONDS = 0.05

_LAUNCH = """
import json, os, subprocess, sys
what = json.load(sys.stdin)
with open(what["log"], "ab") as log:
    child = subprocess.Popen(
        what["argv"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        cwd=what["cwd"], env=what["env"], **what["owner"],
    )
print(child.pid, flush=True)
os._exit(0)
"""
"""A process between us and the engine: the engine becomes no child of ours, so nothing of it is left to us when it dies."""


@dataclass(frozen=True, slots=True)
class Launch:
    """`marker` is an argument by which the process is known again: its own folder or file."""

    argv: tuple[str, ...]
    marker: str
    cwd: str
    owner: Owner | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A pid is used again after its process has ended; the start time and an argument tell the two apart."""

    pid: int
    started: int
    marker: str


def stat(pid: int) -> tuple[str, int, int] | None:
    """State, parent and start time in clock ticks since boot; None where there is no such process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return fields[0], int(fields[1]), int(fields[19])


def arguments(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def is_same(mark: Mark) -> bool:
    """Whether that very process runs. One that has ended and that nobody has waited for (Z) does not."""
    now = stat(mark.pid)
    return now is not None and now[0] not in "ZX" and now[2] == mark.started and mark.marker in arguments(mark.pid)


def running(pid_file: Path) -> int | None:
    """The pid that the file names, if that is still the same process; a stale file is removed."""
    found = read_json(pid_file)
    if found and is_same(Mark(**found)):
        return int(found["pid"])
    if found:  # where there was none, one may be written this moment
        pid_file.unlink(missing_ok=True)
    return None


def start(launch: Launch, log: Path, pid_file: Path, environ: Mapping[str, str]) -> int:
    what = {
        "argv": launch.argv,
        "cwd": launch.cwd,
        "log": str(log),
        "env": dict(environ),
        "owner": launch.owner.as_popen() if launch.owner else {},
    }
    done = subprocess.run(
        (sys.executable, "-S", "-c", _LAUNCH), input=json.dumps(what), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise EngineError(f"{launch.argv[0]} could not be started: {done.stderr.strip().splitlines()[-1]}")
    pid = int(done.stdout)
    write_json(pid_file, asdict(_mark(pid, launch.marker)))
    return pid


def _mark(pid: int, marker: str) -> Mark:
    """A process that the kernel is still loading has no arguments yet, and would be taken for another one."""
    while (now := stat(pid)) and now[0] not in "ZX" and marker not in arguments(pid):
        time.sleep(_POLL_SECONDS / 10)
    return Mark(pid, now[2] if now else 0, marker)


def children(pid: int) -> list[int]:
    everyone = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [each for each in everyone if (found := stat(each)) and found[1] == pid]


def left_behind(launch: Launch) -> list[int]:
    """Processes of the same program that work in the same folder, such as PostgreSQL's when only its parent was killed."""
    program, everyone = (
        os.path.realpath(launch.argv[0]),
        (entry for entry in Path("/proc").iterdir() if entry.name.isdigit()),
    )
    return [int(each.name) for each in everyone if _link(each / "exe") == program and _link(each / "cwd") == launch.cwd]


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""


def gone(pid: int, patience: float) -> bool:
    """Waits until the process has ended; False when it has not within `patience` seconds."""
    deadline = time.monotonic() + patience
    while (now := stat(pid)) and now[0] not in "ZX":
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def kill_tree(pid: int) -> None:
    """SIGKILL for the process first, so that it can tell nobody, then for its children; returns when all are gone."""
    family = [pid, *children(pid)]
    for each in family:
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
    for each in family:
        gone(each, 10.0)
