"""What a service does with the facts of others: keep some, answer some with a command of its own, ignore the rest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from rso_shared.contracts.base import FactModel
from rso_shared.kit import facts, parties, telemetry
from rso_shared.kit.broker import Record
from rso_shared.kit.database import Tx
from rso_shared.kit.events import Actor, Meta
from rso_shared.kit.facts import Fact
from rso_shared.kit.ids import derived_id
from rso_shared.kit.store import EventStore


@dataclass(frozen=True, slots=True)
class Reacting:
    """What a reaction works with. `new_id` gives the same id for the same fact and purpose, however often it comes."""

    tx: Tx
    store: EventStore
    now: datetime
    meta: Meta
    fact: Fact

    def new_id(self, purpose: str) -> str:
        return derived_id(self.fact.event_id, self.store.service.short, purpose)


Reaction = Callable[[Reacting, Fact], None]


@dataclass(frozen=True, slots=True)
class Subscription:
    """`keeps`: fact types written to the facts table, or "all". `reactions`: one command per type; may raise NotYet.

    `on_record` sees every record of the subscribed topics, known type or not.
    """

    keeps: frozenset[type[FactModel]] | Literal["all"] = frozenset()
    reactions: Mapping[type[FactModel], Reaction] = field(default_factory=dict)
    on_record: Callable[[Tx, Record], None] | None = None
    topics: frozenset[str] = frozenset()

    def handle(self, tx: Tx, store: EventStore, record: Record, fact: Fact | None, now: datetime) -> None:
        if self.on_record is not None:
            self.on_record(tx, record)
        if fact is None:
            return
        parties.apply(tx, fact.data)
        if self.keeps == "all" or type(fact.data) in self.keeps:
            facts.keep(tx, fact, now)
        reaction = self.reactions.get(type(fact.data))
        if reaction is not None:
            reaction(Reacting(tx, store, now, _meta(store, fact), fact), fact)


def _meta(store: EventStore, fact: Fact) -> Meta:
    actor = Actor(type="service", id=store.service.short, role="service", organisation_id="")
    parent = telemetry.traceparent() or fact.traceparent
    return Meta(actor=actor, correlation_id=fact.correlation_id, causation_id=fact.event_id, traceparent=parent)
