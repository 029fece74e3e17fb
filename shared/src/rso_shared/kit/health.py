"""Heartbeats of loops. A loop that died, hangs or never came to life is seen in readiness, not guessed from a green process."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

STALE_SECONDS = 30.0
LAG_STALE_SECONDS = 60.0
"""A lag that was found longer ago says nothing about now."""


@dataclass(slots=True)
class Health:
    """Each loop beats at least every few seconds, and says in words when it is waiting for something that is away.

    `aside` names single things that fail while their loop goes on, each with a code that says why. `lags` are the records of the log
    that each consumer group of this process had not handled when it was last asked, and when that was; None until it was.
    """

    beats: dict[str, float] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    aside: dict[str, str] = field(default_factory=dict)
    lags: dict[str, tuple[int | None, float]] = field(default_factory=dict)
    monotonic: Callable[[], float] = time.monotonic

    def expect(self, loop: str) -> None:
        """The loop was started; from now on its silence is a problem."""
        self.beats.setdefault(loop, self.monotonic())

    def alive(self, loop: str) -> None:
        """Neither better nor worse than before."""
        self.beats[loop] = self.monotonic()

    def beat(self, loop: str) -> None:
        self.alive(loop)
        self.troubles.pop(loop, None)

    def trouble(self, loop: str, what: str) -> None:
        self.alive(loop)
        self.troubles[loop] = what

    def ages(self) -> dict[str, float]:
        """Seconds since each loop of this process was last heard of; none in a process that runs no loops."""
        now = self.monotonic()
        return {loop: round(now - at, 1) for loop, at in dict(self.beats).items()}

    def skip(self, type_: str) -> None:
        self.skipped[type_] = self.skipped.get(type_, 0) + 1

    def expect_lag(self, group: str) -> None:
        """From now on somebody asks for it every few seconds."""
        self.lags.setdefault(group, (None, self.monotonic()))

    def lag(self, group: str, records: int) -> None:
        self.lags[group] = (records, self.monotonic())

    def known_lags(self) -> dict[str, int]:
        """Of the groups whose lag was found lately."""
        now = self.monotonic()
        known = {group: records for group, (records, at) in dict(self.lags).items() if now - at <= LAG_STALE_SECONDS}
        return {group: records for group, records in known.items() if records is not None}

    def unknown_lags(self) -> list[str]:
        """The groups whose lag nobody has found for long: the log is away, or whoever asks hangs."""
        now = self.monotonic()
        return [group for group, (_, at) in dict(self.lags).items() if now - at > LAG_STALE_SECONDS]

    def problems(self) -> dict[str, str]:
        """Asked from other threads than the loops' own: what is counted is a copy."""
        now = self.monotonic()
        stale = {loop: "no heartbeat" for loop, at in dict(self.beats).items() if now - at > STALE_SECONDS}
        return {**self.troubles, **stale}
