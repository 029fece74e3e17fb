"""Time. Everything that decides takes its `now` from one injected Clock; tokens, leases and retries stay on wall time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

OFFSET = len("+00:00")


class Clock(Protocol):
    def now(self) -> datetime: ...


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class SandboxClock:
    """Wall time plus an offset that may only grow. The offset outlives the process in whatever `save` writes to."""

    def __init__(self, offset: timedelta = timedelta(), save: Callable[[timedelta], None] | None = None) -> None:
        self._offset = offset
        self._save = save

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    @property
    def offset(self) -> timedelta:
        return self._offset

    def advance_to(self, instant: datetime) -> timedelta:
        """Moves forward to `instant` and returns the new offset; a past instant leaves the clock as it is."""
        ahead = instant - self.now()
        if ahead > timedelta():
            self._offset += ahead
            if self._save:
                self._save(self._offset)
        return self._offset


class ManualClock:
    """Stands still until told. For tests and for tools that replay."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        self._now = now


def iso(instant: datetime) -> str:
    """UTC with microseconds and a Z: sorts as text in the order of time."""
    there = instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    return f"{there.isoformat(timespec='microseconds')[:-OFFSET]}Z"


def parse_iso(text: str) -> datetime:
    return datetime.fromisoformat(text)
