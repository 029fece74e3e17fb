"""The relay: outbox rows to the broker, per key in order, marked only after the broker acknowledged. Never a cursor over ids.

Of several relay processes of one service only the elected leader sends: two that share the rows would turn the order around.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from typing import TypeVar

from sqlalchemy.exc import OperationalError

from rso_shared.kit import crash, metrics, telemetry
from rso_shared.kit.broker import Broker, Record
from rso_shared.kit.clock import Clock, iso
from rso_shared.kit.database import Database
from rso_shared.kit.draining import whole
from rso_shared.kit.errors import Transient
from rso_shared.kit.health import Health
from rso_shared.kit.outbox import Outbox

R = TypeVar("R")

BATCH = 500
AHEAD = 4 * BATCH
"""Rows of one look at the outbox."""
POLL_SECONDS = 0.5
LOOP = "relay"


class Wakeup:
    """Wakes a loop from any thread after a commit. Before the loop runs, waking is remembered by the poll.

    `subscribe` is told once the loop runs that it wants to hear of commits (`Signals.subscribe`).
    """

    def __init__(self, subscribe: Callable[[Callable[[], None]], None] | None = None) -> None:
        self._subscribe = subscribe
        self._loop: asyncio.AbstractEventLoop | None = None
        self._event = asyncio.Event()

    def bind(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self._subscribe is not None:
            self._subscribe(self)

    def __call__(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, seconds: float) -> None:
        """Not by `asyncio.wait_for`, which forgets a cancellation that comes together with the wake: the loop would go on for ever."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return
        finally:
            self._event.clear()


class Relay:
    def __init__(
        self, db: Database, broker: Broker, wake: Wakeup, health: Health, clock: Clock, executor: Executor
    ) -> None:
        self._broker, self._wake, self._health = broker, wake, health
        self._executor = executor
        self._outbox = Outbox(db, LOOP, lambda: iso(clock.now()))

    async def run(self) -> None:
        """Endless. What may be away (database, broker) is waited for and said in readiness; a bug ends the loop."""
        self._wake.bind()
        try:
            await self._send_for_ever()
        finally:
            with suppress(Transient):
                await self._in_thread(self._outbox.mark)
            self._outbox.release()

    async def _send_for_ever(self) -> None:
        pause = POLL_SECONDS
        while True:
            try:
                while await whole(self.relay_once()) > 0:
                    pause = POLL_SECONDS
                pause = POLL_SECONDS
                self._health.beat(LOOP)
            except (OperationalError, Transient) as away:
                self._health.trouble(LOOP, type(away).__name__)
                pause = min(pause * 2, 10.0)
            await self._wake.wait(pause)

    async def relay_once(self) -> int:
        """Marks what was sent before, reads what is pending and sends it, batch by batch: while one is on its way the one before is
        marked. What a crash leaves unmarked is sent again; inboxes absorb it.
        """
        pending = await self._in_thread(partial(self._outbox.look, AHEAD))
        for start in range(0, len(pending), BATCH):
            marking = self._in_thread(self._outbox.mark) if start else None
            batch = pending[start : start + BATCH]
            try:
                await self._publish([record for _, record in batch])
                crash.point("after-ack-before-mark")
            finally:
                if marking is not None:
                    await marking
            self._outbox.sent([id_ for id_, _ in batch])
        return len(pending)

    async def _publish(self, records: list[Record]) -> None:
        service = records[0].headers["ce_source"].rpartition("/")[2]
        told: dict[str, str | int] = {"rso.service": service, "messaging.batch.message_count": len(records)}
        with telemetry.relay_span("relay", (record.headers.get("traceparent") for record in records), told):
            await self._broker.publish(records)
        metrics.relayed(service, len(records))

    def _in_thread(self, work: Callable[[], R]) -> asyncio.Future[R]:
        return asyncio.get_running_loop().run_in_executor(self._executor, work)
