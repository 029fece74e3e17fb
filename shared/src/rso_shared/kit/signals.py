"""Who is told after a commit: the loops of this process at once, those of other processes through PostgreSQL's NOTIFY.

NOTIFY goes out on a connection of its own in autocommit, after the commit: inside the transaction it would make all commits of the
database queue behind one lock. It goes at once, and under load every 5 ms on average. A signal may be lost; every loop that is
woken also polls.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg

from rso_shared.kit import engines

CHANNEL = "rso_committed"
PERIOD_SECONDS = 0.005
BURST = 4
RETRY_SECONDS = 1.0


@dataclass(slots=True)
class Pace:
    """One every `period` on average, and up to BURST at once after a quiet time: what is rare never waits."""

    period: float
    _due: float = 0.0

    def pause(self, now: float) -> float:
        """Seconds until the next one may go. It counts as gone then."""
        at = max(now, self._due - BURST * self.period)
        self._due = max(self._due, at) + self.period
        return at - now


class Signals:
    """`url` is None where everything runs in one process. Threads are started when first needed."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._listeners: list[Callable[[], None]] = []
        self._committed, self._closed = threading.Event(), threading.Event()
        self._threads: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()
        self._pace = Pace(PERIOD_SECONDS)

    def __call__(self) -> None:
        """After a commit."""
        self._tell()
        if self._url is not None:
            self._start("notify", self._notify)
            self._committed.set()

    def subscribe(self, listener: Callable[[], None]) -> None:
        """`listener` is called from any thread, after commits of this process and of others on the same database."""
        self._listeners.append(listener)
        if self._url is not None:
            self._start("listen", self._listen)

    def close(self) -> None:
        self._closed.set()
        self._committed.set()
        for thread in self._threads.values():
            thread.join(engines.CONNECT_SECONDS + RETRY_SECONDS)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    def _start(self, name: str, work: Callable[["psycopg.Connection[Any]"], None]) -> None:
        if name in self._threads:
            return
        with self._lock:
            if name not in self._threads:
                thread = threading.Thread(target=self._keep, args=(work,), name=f"signals-{name}", daemon=True)
                self._threads[name] = thread
                thread.start()

    def _keep(self, work: Callable[["psycopg.Connection[Any]"], None]) -> None:
        """On a connection that is made anew whenever it breaks."""
        while not self._closed.is_set():
            try:
                with engines.direct(str(self._url)) as connection:
                    work(connection)
            except psycopg.Error:
                self._closed.wait(RETRY_SECONDS)

    def _notify(self, connection: "psycopg.Connection[Any]") -> None:
        while not self._closed.is_set():
            self._committed.wait()
            self._closed.wait(self._pace.pause(time.monotonic()))
            self._committed.clear()
            connection.execute(f"NOTIFY {CHANNEL}")

    def _listen(self, connection: "psycopg.Connection[Any]") -> None:
        connection.execute(f"LISTEN {CHANNEL}")
        self._tell()  # what was committed while nobody listened
        while not self._closed.is_set():
            for _ in connection.notifies(timeout=RETRY_SECONDS, stop_after=1):
                self._tell()
