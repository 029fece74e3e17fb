"""What a service does with the facts of others: keep some, answer some with a command of its own, never hear of the rest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Literal

from rso_shared.contracts.base import ErasureOrder, FactModel
from rso_shared.contracts.registry import FACTS
from rso_shared.kit import erasures, facts, parties, telemetry
from rso_shared.kit.broker import Record
from rso_shared.kit.database import Tx
from rso_shared.kit.events import Actor, Meta
from rso_shared.kit.facts import Fact
from rso_shared.kit.ids import derived_id
from rso_shared.kit.names import BY_SHORT, HEADS_TOPIC, ServiceName, topic_of
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


@dataclass(frozen=True)
class Subscription:
    """`keeps`: fact types written to the facts table, or "all". `reactions`: one command per type; may raise NotYet.

    `on_record` sees every record of every topic, known type or not; without it the service listens to the topics of what it has a
    use for, and what else lies there costs it a position and no transaction (docs/adr/0009).
    """

    keeps: frozenset[type[FactModel]] | Literal["all"] = frozenset()
    reactions: Mapping[type[FactModel], Reaction] = field(default_factory=dict)
    on_record: Callable[[Tx, Record], None] | None = None

    @cached_property
    def types(self) -> frozenset[type[FactModel]]:
        """What the service has a use for: facts that it keeps or answers, and what concerns every service.

        That is who may see a case, and who is to be erased.
        """
        every = frozenset(FACTS.values())
        kept = every if self.keeps == "all" else self.keeps
        everywhere = frozenset(model for model in every if model.CHANGES_ACCESS or issubclass(model, ErasureOrder))
        return kept | frozenset(self.reactions) | everywhere

    def topics(self, own: ServiceName) -> list[str]:
        """Of every other service whose facts are of use here."""
        heard = set(BY_SHORT) if self.on_record is not None else {model.producer() for model in self.types}
        heads = {HEADS_TOPIC} if self.on_record is not None else set()
        return sorted({topic_of(short) for short in heard - {own.short}} | heads)

    def wants(self, record: Record) -> bool:
        """A type that this build does not know is wanted: it is counted. So is what is no fact at all: it is set aside."""
        type_ = record.headers.get("ce_type", "")
        return self.on_record is not None or type_ in self._wanted or type_ not in FACTS

    @cached_property
    def _wanted(self) -> frozenset[str]:
        return frozenset(model.fact_type() for model in self.types)

    def handle(self, tx: Tx, store: EventStore, record: Record, fact: Fact | None, now: datetime) -> None:
        if self.on_record is not None:
            self.on_record(tx, record)
        if fact is None:
            return
        parties.apply(tx, fact.data)
        erasures.apply(tx, fact.data, now)
        if self.keeps == "all" or type(fact.data) in self.keeps:
            facts.keep(tx, fact, now)
        reaction = self.reactions.get(type(fact.data))
        if reaction is not None:
            reaction(Reacting(tx, store, now, _meta(store, fact), fact), fact)


def _meta(store: EventStore, fact: Fact) -> Meta:
    actor = Actor(type="service", id=store.service.short, role="service", organisation_id="")
    parent = telemetry.traceparent() or fact.traceparent
    return Meta(actor=actor, correlation_id=fact.correlation_id, causation_id=fact.event_id, traceparent=parent)
