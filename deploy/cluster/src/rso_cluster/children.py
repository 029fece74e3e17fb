"""Processes of ours: started so that they cannot outlive us, watched, started again when they end, stopped in order."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rso_cluster.born import Born
from rso_cluster.nursery import Nursery, can_bear
from rso_onebox.processes import start_bound, stop_group

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
STEADY_SECONDS = 10.0
"""Who lived that long is started again at once; who ends at once waits longer each time."""
LOG_KEPT_BYTES = 16 << 20
ENDS_WELL = frozenset({0, -signal.SIGTERM})
"""What a process that was asked to end may end with: by the signal itself only while it starts, and has nothing in hand."""


@dataclass(frozen=True, slots=True)
class Launch:
    """`service` and `role` are for those who look for a process; the ingress belongs to no service."""

    name: str
    argv: Sequence[str]
    environ: Mapping[str, str]
    log: Path
    grace_seconds: float
    port: int | None = None
    service: str = ""
    role: str = ""


class Child:
    """Only used from the main thread: the parent-death signal follows the thread that started the process."""

    def __init__(
        self, launch: Launch, nursery: Nursery | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.launch, self.restarts, self.code = launch, -1, 0
        self._nursery = nursery
        self._now, self._pause, self._due = now, FIRST_PAUSE, 0.0
        self._process: subprocess.Popen[bytes] | Born | None = None
        self._started = 0.0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def look(self) -> bool:
        """Starts it if it does not run and its pause is over. True if anything has changed."""
        if self._process is not None and (code := self._process.poll()) is not None:
            lived = self._now() - self._started
            self._pause = FIRST_PAUSE if lived > STEADY_SECONDS else min(self._pause * 2, LONGEST_PAUSE)
            self._due = self._now() + (0.0 if lived > STEADY_SECONDS else self._pause)
            self.code, self._process = code, None
            return True
        if self._process is None and self._now() >= self._due:
            self._start()
            return True
        return False

    def ask_to_stop(self) -> None:
        """Who ended before is not asked, and its end is nothing that the stop has done."""
        if self._process is not None and self._process.poll() is not None:
            self._process = None
        elif self._process is not None:
            self._process.terminate()

    def stop(self) -> str | None:
        """Waits for the end of what is in hand, and insists when that takes longer than its grace. Returns what went wrong."""
        if self._process is None:
            return None
        late = self._insisted(self._process)
        code, self._process = self._process.wait(), None
        if late:
            return f"{self.launch.name} had not finished after {self.launch.grace_seconds:g} s and was killed"
        return f"{self.launch.name} ended with {how(code)}" if code not in ENDS_WELL else None

    def _insisted(self, process: "subprocess.Popen[bytes] | Born") -> bool:
        """It did not end in time, and was made to."""
        try:
            process.wait(self.launch.grace_seconds)
        except subprocess.TimeoutExpired:
            stop_group(process.pid, 2.0, process)
            return True
        return False

    def _born(self, log: IO[bytes]) -> Born | None:
        """None where it has to load for itself: another program, another kernel, or a nursery that is gone."""
        launch = self.launch
        if self._nursery is None or not can_bear(launch.argv):
            return None
        try:
            return self._nursery.start(launch.name, launch.argv, log, launch.environ)
        except OSError:
            return None

    def _start(self) -> None:
        launch = self.launch
        _shorten(launch.log)
        with launch.log.open("ab") as log:
            self._process = self._born(log) or start_bound(launch.argv, log, dict(launch.environ))
        self._started = self._now()
        self.restarts += 1


def stop_all(children: Iterable[Child]) -> list[str]:
    """All are asked first, so that their graces run at the same time. Returns what went wrong."""
    asked = list(children)
    for child in asked:
        child.ask_to_stop()
    return [wrong for child in asked if (wrong := child.stop())]


def how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"code {code}"


def _shorten(log: Path) -> None:
    """One earlier log is kept, so that a folder used for long does not grow without end."""
    if log.exists() and log.stat().st_size > LOG_KEPT_BYTES:
        log.replace(log.with_suffix(".log.1"))
