"""What many look at is drawn once for all of them, twice a second at most: 25 windows cost little more than one."""

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field

SECONDS = 0.5
"""A page asks every second: with this it still shows within two seconds what has changed."""
MOST = 200
"""Different views that are kept; the one that was asked for longest ago goes first."""


@dataclass(slots=True)
class _View:
    lock: threading.Lock = field(default_factory=threading.Lock)
    drawn_at: float = float("-inf")
    text: str = ""


class Drawn:
    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._views: OrderedDict[Hashable, _View] = OrderedDict()

    def of(self, key: Hashable, draw: Callable[[], str]) -> str:
        """`key` says all that the text depends on but time and facts. Whoever comes while it is drawn waits for it."""
        view = self._view(key)
        with view.lock:
            if self._now() - view.drawn_at >= SECONDS:
                view.text, view.drawn_at = draw(), self._now()
            return view.text

    def _view(self, key: Hashable) -> _View:
        with self._lock:
            view = self._views.setdefault(key, _View())
            self._views.move_to_end(key)
            if len(self._views) > MOST:
                self._views.popitem(last=False)
            return view


class Lately:
    """What other services are asked for many at once: the same answer serves all who may have it, for some seconds."""

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._now = seconds, now
        self._locks: dict[Hashable, asyncio.Lock] = {}
        self._known: dict[Hashable, tuple[float, str]] = {}

    async def of(self, key: Hashable, ask: Callable[[], Awaitable[str]]) -> str:
        """`key` says all that the answer depends on: of few kinds, such as what a role may see."""
        async with self._locks.setdefault(key, asyncio.Lock()):
            at, text = self._known.get(key, (float("-inf"), ""))
            if self._now() - at >= self._seconds:
                text = await ask()
                self._known[key] = (self._now(), text)
            return text
