"""Erasing a person, the same way in every service.

Ledger, keys, objects, read models, answer: in this order, each step safe to repeat. What a crash interrupts is taken up again
from the list of orders, and what a restored backup brings back goes again before the process serves.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from functools import cache
from typing import Any

from sqlalchemy.exc import DBAPIError

from rso_shared.contracts.base import FactModel
from rso_shared.contracts.registry import FACTS
from rso_shared.kit import crash, erasures, logs, parking
from rso_shared.kit.blobs import BlobStore
from rso_shared.kit.clock import Clock
from rso_shared.kit.database import Database, Tx
from rso_shared.kit.decider import Decider
from rso_shared.kit.erasures import KeyDestroyed, Order
from rso_shared.kit.errors import Contended, Transient
from rso_shared.kit.events import Actor, Meta, Recorded, event
from rso_shared.kit.health import Health
from rso_shared.kit.keys import KeyRing
from rso_shared.kit.ledger import Ledger
from rso_shared.kit.names import SERVICES
from rso_shared.kit.spec import ServiceSpec
from rso_shared.kit.store import EventStore, stream_id

LOOP = "erasing"
POLL_SECONDS = 2.0
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0


@cache
def stored_as(short: str) -> type[Any]:
    """The event class `<short>.key_destroyed`, registered once."""
    return event(f"{short}.key_destroyed")(type("KeyDestroyed", (KeyDestroyed,), {"__module__": __name__}))


for _each in SERVICES:
    stored_as(_each.short)


def _decide(command: KeyDestroyed, answered: frozenset[str]) -> list[KeyDestroyed]:
    return [] if command.erasure_id in answered else [command]


def _evolve(answered: frozenset[str], happened: object) -> frozenset[str]:
    return answered | {happened.erasure_id} if isinstance(happened, KeyDestroyed) else answered


ANSWERS: Decider[frozenset[str], KeyDestroyed, KeyDestroyed] = Decider(frozenset, _decide, _evolve)
"""Which orders were answered: each one once."""


def publishing(spec: ServiceSpec) -> Callable[[Recorded], FactModel | None]:
    """The service's own way out, and beside it the answer to an erasure."""
    model = FACTS.get(f"rso.{spec.name.short}.key_destroyed.v1")

    def publish(recorded: Recorded) -> FactModel | None:
        happened = recorded.event
        if model is None or not isinstance(happened, KeyDestroyed):
            return spec.publish(recorded)
        return model.model_validate(
            {"erasure_id": happened.erasure_id, "person_id": happened.person_id, "destroyed_at": happened.destroyed_at}
        )

    return publish


class Eraser:
    def __init__(
        self, spec: ServiceSpec, db: Database, store: EventStore, keys: KeyRing, blobs: BlobStore, ledger: Ledger, *,
        organisation_id: str, clock: Clock, health: Health, executor: Executor,
    ) -> None:  # fmt: skip
        self._spec, self._db, self._store, self._keys = spec, db, store, keys
        self._blobs, self._ledger, self._clock = blobs, ledger, clock
        self._organisation_id, self._health, self._executor = organisation_id, health, executor
        self.service = spec.name.short
        self._event = stored_as(spec.name.short)

    async def run(self) -> None:
        """Endless. What is away is waited for and said in readiness; several replicas at once do no harm."""
        while True:
            try:
                await asyncio.get_running_loop().run_in_executor(self._executor, self.erase_pending)
                self._health.beat(LOOP)
            except (DBAPIError, Transient, Contended) as away:
                self._health.trouble(LOOP, type(away).__name__)
            await asyncio.sleep(POLL_SECONDS)

    def erase_pending(self) -> int:
        """Works off the list of orders; returns how many there were."""
        with self._db.read() as tx:
            waiting = erasures.pending(tx)
        for order in waiting:
            self._destroy(order.person_id)
            crash.point("after-effect-before-completion", LOOP)
            with self._db.write() as tx:
                self._answer(tx, order)
        return len(waiting)

    def _destroy(self, person_id: str) -> None:
        self._ledger.add(person_id, self._clock.now())
        self._keys.destroy(person_id)
        self._blobs.erase(person_id)

    def _answer(self, tx: Tx, order: Order) -> None:
        self._purge(tx, order.person_id)
        at = self._clock.now()
        answer = self._event(erasure_id=order.erasure_id, person_id=order.person_id, destroyed_at=at)
        aggregate = (
            f"{self.service}-erasure"  # every service has one of the same person, and a stream has one name everywhere
        )
        stream = stream_id(self._organisation_id, aggregate, order.person_id)
        meta = self._meta(order)
        if self._store.execute(tx, ANSWERS, stream, answer, meta).recorded:
            self._spec.erasing.answered(tx, self._store, answer, meta)
        erasures.close(tx, order.erasure_id, at)

    def _purge(self, tx: Tx, person_id: str) -> None:
        self._spec.erasing.purge(tx, person_id)
        parking.forget(tx, person_id)

    def _meta(self, order: Order) -> Meta:
        actor = Actor(
            type="service", id=self._store.service.short, role="service", organisation_id=self._organisation_id
        )
        return Meta(actor=actor, correlation_id=order.erasure_id)

    def again(self) -> int:
        """What a backup brought back goes again; returns how many persons that were.

        Neither the ledger nor a store is trusted alone: whoever is erased in one of them is erased in all.
        """
        listed, gone = self._ledger.persons(), self._keys.destroyed()
        for person_id in gone - listed:
            self._ledger.add(person_id, self._clock.now())
        with self._db.read() as tx:
            clean = erasures.done(tx) & gone
        back = sorted((listed | gone) - clean)
        for person_id in back:
            self._once_more(person_id)
        return len(back)

    def _once_more(self, person_id: str) -> None:
        """No answer: nobody asked. Should the order come too, it is answered like any other."""
        self._destroy(person_id)
        with self._db.write() as tx:
            self._purge(tx, person_id)
            erasures.write(tx, Order(f"restored/{person_id}", person_id), self._clock.now(), done=True)


def before_serving(eraser: Eraser) -> None:
    """Waits for the stores as long as it takes: a process that cannot know whom it has forgotten does not serve."""
    pause = FIRST_PAUSE
    while True:
        try:
            eraser.again()
        except (DBAPIError, Transient, Contended) as away:
            logs.logger(eraser.service).warning("waiting to erase again", exception_type=type(away).__name__)
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        else:
            return
