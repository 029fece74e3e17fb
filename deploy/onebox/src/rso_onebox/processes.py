"""Looking at and ending processes that an earlier run may have left behind, and starting one that cannot outlive us."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Protocol

_POLL_SECONDS = 0.05
_PROC = Path("/proc")

_LAUNCH = """
import ctypes, os, signal, sys
parent = int(sys.argv[1])
if sys.platform == "linux":
    ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL)
if os.getppid() != parent:
    os._exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Asks the kernel for SIGKILL at the parent's death (PR_SET_PDEATHSIG = 1, kept across exec), then becomes the program.
It runs after exec and not in `preexec_fn`: code between fork and exec may deadlock in a process with threads.
The second look at the parent closes the gap in which it died before the request."""


def start_bound(
    argv: Sequence[str], log: IO[bytes], environ: dict[str, str], stdin: Any = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """Starts `argv` in a session of its own. On Linux it dies with the calling *thread*: call it from the main thread."""
    launcher = (sys.executable, "-I", "-S", "-c", _LAUNCH, str(os.getpid()))
    return subprocess.Popen(
        (*launcher, *argv), stdin=stdin, stdout=log, stderr=log, env=environ, start_new_session=True
    )


def arguments(pid: int) -> tuple[str, ...]:
    """The arguments of a running process, none for one that is gone, a zombie, or hidden from us."""
    if _PROC.is_dir():
        try:
            raw = (_PROC / str(pid) / "cmdline").read_bytes()
        except OSError:
            return ()
        return tuple(each.decode(errors="replace") for each in raw.split(b"\0") if each)
    shown = subprocess.run(
        ("/bin/ps", "-ww", "-o", "command=", "-p", str(pid)), capture_output=True, text=True, check=False
    )
    return tuple(shown.stdout.split())


def pids_with(*wanted: str) -> list[int]:
    """Processes with all of these among their arguments, where the machine has /proc; elsewhere the pid file must do.

    Whole arguments are compared: a shell or an editor that merely mentions them is nobody's orphan.
    """
    if not _PROC.is_dir():
        return []
    numbers = (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())
    return [pid for pid in numbers if pid != os.getpid() and set(wanted) <= set(arguments(pid))]


class Waitable(Protocol):
    """A child of ours."""

    def poll(self) -> int | None: ...


def stop_group(pid: int, patience: float, child: Waitable | None = None) -> None:
    """SIGTERM to the process group, SIGKILL when it is not gone after `patience` seconds."""
    for ask, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, patience)):
        if not _signal_group(pid, ask) or _gone(pid, seconds, child):
            return


def _signal_group(pid: int, number: signal.Signals) -> bool:
    try:
        group = os.getpgid(pid)
        if group == pid:
            os.killpg(group, number)
        else:
            os.kill(pid, number)  # it shares a group with others, perhaps with us
    except ProcessLookupError:
        return False
    return True


def _gone(pid: int, seconds: float, child: Waitable | None) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ended = child.poll() is not None if child else not arguments(pid)
        if ended:
            return True
        time.sleep(_POLL_SECONDS)
    return False
