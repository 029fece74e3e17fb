"""Single things that fail while their loop goes on: rested for a while, each time twice as long, and named in readiness.

Kept in memory on purpose: after a restart, perhaps with a mended setting, all of them are tried at once.
"""

from collections.abc import Callable

from rso_shared.kit.health import Health

FIRST_SECONDS, LONGEST_SECONDS = 30.0, 3600.0


class SetAside:
    def __init__(self, health: Health, monotonic: Callable[[], float]) -> None:
        self._health, self._monotonic = health, monotonic
        self._until: dict[str, float] = {}
        self._rest: dict[str, float] = {}

    def put(self, name: str, why: str) -> None:
        """`why` is a code; it stands in readiness."""
        rest = min(self._rest.get(name, FIRST_SECONDS / 2) * 2, LONGEST_SECONDS)
        self._rest[name], self._until[name] = rest, self._monotonic() + rest
        self._health.aside[name] = why

    def take_up(self, name: str) -> None:
        for kept in (self._until, self._rest, self._health.aside):
            kept.pop(name, None)

    def resting(self) -> list[str]:
        """Those whose time has not come yet."""
        now = self._monotonic()
        return [name for name, until in self._until.items() if until > now]
