"""The connections of each endpoint, apart from those of all others: whoever is slow or silent takes none of theirs.

One pool for all would also cost the square of what is under way: httpcore looks through every request for every one that ends.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from rso_subscriptions.delivery.guard import Guard, Resolve, client

KEPT_SECONDS = 60.0
"""Longer than a delivery may take: what is closed has nothing under way."""


@dataclass(slots=True)
class Kept:
    client: httpx.AsyncClient
    used: float = 0.0


class Clients:
    def __init__(self, guard: Guard, resolve: Resolve, now: Callable[[], float] = time.monotonic) -> None:
        self._guard, self._resolve, self._now = guard, resolve, now
        self._kept: dict[str, Kept] = {}

    def of(self, endpoint_id: str) -> httpx.AsyncClient:
        if endpoint_id not in self._kept:
            self._kept[endpoint_id] = Kept(client(self._guard, self._resolve))
        self._kept[endpoint_id].used = self._now()
        return self._kept[endpoint_id].client

    async def tidy(self) -> None:
        """Closes what nothing was sent by for a while."""
        idle = [id_ for id_, kept in self._kept.items() if self._now() - kept.used > KEPT_SECONDS]
        for id_ in idle:
            await self._kept.pop(id_).client.aclose()

    async def aclose(self) -> None:
        for kept in self._kept.values():
            await kept.client.aclose()
        self._kept.clear()
