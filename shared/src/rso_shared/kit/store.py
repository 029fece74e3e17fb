"""The event store: append with a mandatory expected version, chained hashes, inline projections and outbox in one transaction."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import RowMapping, insert, select
from sqlalchemy.exc import IntegrityError

from rso_shared.contracts.base import FactModel
from rso_shared.kit import cloudevents, parties, projections
from rso_shared.kit.clock import Clock, iso, parse_iso
from rso_shared.kit.database import Tx
from rso_shared.kit.decider import Decider
from rso_shared.kit.errors import ConcurrencyConflict
from rso_shared.kit.events import Actor, Encoded, Meta, Recorded, canonical, decode, encode
from rso_shared.kit.ids import event_id
from rso_shared.kit.keys import KeyRing
from rso_shared.kit.names import HEADS_TOPIC, ServiceName
from rso_shared.kit.tables import EVENTS, OUTBOX

S = TypeVar("S")
C = TypeVar("C")
E = TypeVar("E")

FIRST_HASH = bytes(32)
Publish = Callable[[Recorded], FactModel | None]


def stream_id(organisation_id: str, aggregate: str, id_: str) -> str:
    return f"{organisation_id}/{aggregate}/{id_}"


class DamagedEventError(Exception):
    """A stored event cannot be read as what its name says. Says where, and never what stands there."""


@dataclass(frozen=True, slots=True)
class Folded(Generic[S]):
    state: S
    version: int


@dataclass(frozen=True, slots=True)
class Executed(Generic[S]):
    """The state and version after a command; `recorded` is empty if the command was absorbed."""

    state: S
    version: int
    recorded: list[Recorded]


def chain_hash(prev: bytes, row: dict[str, Any]) -> bytes:
    """SHA-256 over the length-prefixed fields as stored, in this order. Over ciphertext, so erasure keeps chains whole."""
    digest = hashlib.sha256()
    fields = ("stream", "version", "event_id", "name", "schema_version", "data", "sealed", "meta", "recorded_at")
    for value in (prev, *(row[field] for field in fields)):
        raw = b"" if value is None else value if isinstance(value, bytes) else str(value).encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.digest()


class EventStore:
    def __init__(
        self,
        service: ServiceName,
        keys: KeyRing,
        clock: Clock,
        publish: Publish,
        inline: Iterable[projections.Projection] = (),
        wake: Callable[[], None] = lambda: None,
        new_event_id: Callable[[], str] = event_id,
    ) -> None:
        self.service = service
        self.inline = tuple(inline)
        self._keys = keys
        self._clock = clock
        self._publish = publish
        self.on_commit = [wake]
        self._new_event_id = new_event_id

    def load(self, tx: Tx, stream: str, *, as_of: datetime | None = None) -> list[Recorded]:
        """All events of the stream, or those recorded by `as_of`: always a prefix, since recorded_at never goes back."""
        query = select(EVENTS).where(EVENTS.c.stream == stream).order_by(EVENTS.c.version)
        if as_of is not None:
            query = query.where(EVENTS.c.recorded_at <= iso(as_of))
        return [self._recorded(row) for row in tx.conn.execute(query).mappings()]

    def fold(self, tx: Tx, decider: Decider[S, C, E], stream: str, *, as_of: datetime | None = None) -> Folded[S]:
        recorded = self.load(tx, stream, as_of=as_of)
        return Folded(decider.fold(item.event for item in recorded), len(recorded))

    def execute(self, tx: Tx, decider: Decider[S, C, E], stream: str, command: C, meta: Meta) -> Executed[S]:
        """Load, fold, decide, append. Raises DomainError if refused; an absorbed command appends nothing."""
        before = self.fold(tx, decider, stream)
        recorded = self.append(tx, stream, before.version, decider.decide(command, before.state), meta)
        state = before.state
        for item in recorded:
            state = decider.evolve(state, item.event)
        return Executed(state, before.version + len(recorded), recorded)

    def append(self, tx: Tx, stream: str, expected_version: int, events: Sequence[Any], meta: Meta) -> list[Recorded]:
        """Raises ConcurrencyConflict unless the stream stands at `expected_version` (0: it does not exist)."""
        if not events:
            return []
        prev_hash, last_at = self._head(tx, stream, expected_version)
        recorded, rows = [], []
        recorded_at = max(iso(self._clock.now()), last_at)
        for version, instance in enumerate(events, expected_version + 1):
            row = self._row(stream, version, encode(instance), meta, recorded_at)
            row["prev_hash"], row["hash"] = prev_hash, chain_hash(prev_hash, row)
            prev_hash = row["hash"]
            rows.append(row)
            recorded.append(
                Recorded(stream, version, row["event_id"], row["name"], row["schema_version"], instance, meta,
                         parse_iso(recorded_at), prev_hash)
            )  # fmt: skip
        try:
            tx.conn.execute(insert(EVENTS), rows)
        except IntegrityError as clash:
            raise ConcurrencyConflict(stream, expected_version) from clash
        projections.apply_all(tx, self.inline, recorded)
        self._send(tx, recorded)
        return recorded

    def _head(self, tx: Tx, stream: str, expected: int) -> tuple[bytes, str]:
        query = select(EVENTS.c.version, EVENTS.c.hash, EVENTS.c.recorded_at).where(EVENTS.c.stream == stream)
        head = tx.conn.execute(query.order_by(EVENTS.c.version.desc()).limit(1)).one_or_none()
        if (head.version if head else 0) != expected:
            raise ConcurrencyConflict(stream, expected)
        return (head.hash, head.recorded_at) if head else (FIRST_HASH, "")

    def _row(self, stream: str, version: int, encoded: Encoded, meta: Meta, recorded_at: str) -> dict[str, Any]:
        sealed = None
        if encoded.secret is not None and encoded.person_id is not None:
            sealed = self._keys.seal(encoded.person_id, encoded.secret, _bound(stream, version, encoded.name))
        return {
            "stream": stream,
            "version": version,
            "event_id": self._new_event_id(),
            "name": encoded.name,
            "schema_version": encoded.schema_version,
            "data": encoded.data,
            "sealed": sealed,
            "meta": canonical(asdict(meta)),
            "recorded_at": recorded_at,
        }

    def _recorded(self, row: RowMapping) -> Recorded:
        bound = _bound(row["stream"], row["version"], row["name"])
        sealed = row["sealed"]
        try:
            event = decode(
                row["name"],
                row["schema_version"],
                row["data"],
                lambda person_id: self._keys.unseal(person_id, sealed, bound),
            )
        except (ValueError, LookupError, TypeError):
            raise DamagedEventError(
                f"{row['stream']} version {row['version']} cannot be read as {row['name']}"
            ) from None
        meta = json.loads(row["meta"])
        meta["actor"] = Actor(**meta["actor"])
        return Recorded(
            row["stream"], row["version"], row["event_id"], row["name"], row["schema_version"], event, Meta(**meta),
            parse_iso(row["recorded_at"]), row["hash"],
        )  # fmt: skip

    def _send(self, tx: Tx, recorded: list[Recorded]) -> None:
        rows = []
        for item in recorded:
            fact = self._publish(item)
            if fact is not None:
                parties.apply(tx, fact)
            rows.append(self._outgoing(item, fact))
        tx.conn.execute(insert(OUTBOX), rows)
        for wake in self.on_commit:
            tx.after_commit(wake)

    def _outgoing(self, item: Recorded, fact: FactModel | None) -> dict[str, Any]:
        head = (
            cloudevents.head_headers(self.service, item)
            if fact is None
            else cloudevents.fact_headers(self.service, item, fact)
        )
        return {
            "event_id": item.event_id,
            "topic": HEADS_TOPIC if fact is None else self.service.topic,
            "key": item.stream if fact is None else fact.key(),
            "headers": canonical(head),
            "value": b"{}" if fact is None else fact.model_dump_json().encode(),
            "created_at": iso(item.recorded_at),
            "published_at": None,
        }


def _bound(stream: str, version: int, name: str) -> bytes:
    """What a sealed part is bound to: it cannot be moved to another place in the log."""
    return f"{stream}|{version}|{name}".encode()
