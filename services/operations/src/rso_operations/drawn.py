"""What many look at is drawn once for all of them, twice a second at most: 25 windows cost little more than one."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
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
