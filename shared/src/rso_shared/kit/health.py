"""Heartbeats of loops. A loop that died or hangs is seen in readiness, not guessed from a green process."""

import time
from dataclasses import dataclass, field

STALE_SECONDS = 30.0


@dataclass(slots=True)
class Health:
    """Each loop beats at least every few seconds, and says in words when it is waiting for something that is away."""

    beats: dict[str, float] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)

    def beat(self, loop: str) -> None:
        self.beats[loop] = time.monotonic()
        self.troubles.pop(loop, None)

    def trouble(self, loop: str, what: str) -> None:
        self.beats[loop] = time.monotonic()
        self.troubles[loop] = what

    def skip(self, type_: str) -> None:
        self.skipped[type_] = self.skipped.get(type_, 0) + 1

    def problems(self) -> dict[str, str]:
        now = time.monotonic()
        stale = {loop: "no heartbeat" for loop, at in self.beats.items() if now - at > STALE_SECONDS}
        return {**self.troubles, **stale}
