"""The event store: append with a mandatory expected version, chained hashes, inline projections and outbox in one transaction."""

import hashlib
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic_core import to_json

from rso_shared.contracts.base import FactModel
from rso_shared.kit import cloudevents, crash, erasures, metrics, parties, projections, statements, telemetry
from rso_shared.kit.clock import Clock, iso, parse_iso
from rso_shared.kit.database import Tx
from rso_shared.kit.decider import Decider
from rso_shared.kit.errors import ConcurrencyConflict
from rso_shared.kit.events import (
    Encoded,
    Meta,
    Recorded,
    UnknownEvent,
    decode,
    decode_meta,
    encode,
    encode_meta,
    event_type,
)
from rso_shared.kit.failures import UNIQUE
from rso_shared.kit.ids import event_id
from rso_shared.kit.keys import KeyRing
from rso_shared.kit.names import HEADS_TOPIC, ServiceName

S = TypeVar("S")
C = TypeVar("C")
E = TypeVar("E")

FIRST_HASH = bytes(32)
HASHED = ("stream", "version", "event_id", "name", "schema_version", "data", "sealed", "meta", "recorded_at")
LOADED = (*HASHED, "hash")
_LENGTH = struct.Struct(">Q").pack
Publish = Callable[[Recorded], FactModel | None]


def stream_id(organisation_id: str, aggregate: str, id_: str) -> str:
    return f"{organisation_id}/{aggregate}/{id_}"


class DamagedEventError(Exception):
    """A stored event cannot be read as what its name says. Says where, and never what stands there."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a stream ends: what the next event is chained to."""

    version: int
    hash: bytes
    recorded_at: str


EMPTY = Head(0, FIRST_HASH, "")


@dataclass(frozen=True, slots=True)
class Folded(Generic[S]):
    state: S
    version: int
    head: Head = EMPTY


@dataclass(frozen=True, slots=True)
class Executed(Generic[S]):
    """The state and version after a command; `recorded` is empty if the command was absorbed."""

    state: S
    version: int
    recorded: list[Recorded]


def chain_hash(prev: bytes, row: Mapping[str, Any]) -> bytes:
    """SHA-256 over the length-prefixed fields as stored, in this order. Over ciphertext, so erasure keeps chains whole."""
    return _chained(prev, [row[field] for field in HASHED])


def _chained(prev: bytes, values: Sequence[Any]) -> bytes:
    """`values` in the order of HASHED."""
    parts = [_LENGTH(len(prev)), prev]
    for value in values:
        raw = value.encode() if isinstance(value, str) else b"" if value is None else value
        raw = raw if isinstance(raw, bytes) else str(raw).encode()
        parts += (_LENGTH(len(raw)), raw)
    return hashlib.sha256(b"".join(parts)).digest()


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
        *,
        livemode: bool = True,
    ) -> None:
        self.service = service
        self.livemode = livemode
        """False in a sandbox: what leaves for others says so."""
        self.inline = tuple(inline)
        self._keys = keys
        self._clock = clock
        self._publish = publish
        self.on_commit = [wake]
        self._new_event_id = new_event_id

    def blind(self, text: str) -> str:
        """`KeyRing.blind` of this service, for reactions: a token that nobody outside can guess or test."""
        return self._keys.blind(text)

    def load(self, tx: Tx, stream: str, *, as_of: datetime | None = None) -> list[Recorded]:
        """All events of the stream, or those recorded by `as_of`: always a prefix, since recorded_at never goes back."""
        return [self._recorded(row) for row in _rows(tx, LOADED, stream, as_of)]

    def load_many(self, tx: Tx, streams: Sequence[str], reads: frozenset[type] | None) -> Iterator[Recorded]:
        """All events of these streams, stream after stream; those of other types than these are left packed."""
        names = None if reads is None else {event_type(each).name for each in reads}
        values = (statements.array(list(streams), sqlite=tx.is_sqlite),)
        for row in tx.run(statements.streams(LOADED, sqlite=tx.is_sqlite), values):
            yield self._recorded(row) if names is None or row[3] in names else _packed(row)

    def _recorded(self, row: tuple[Any, ...]) -> Recorded:
        stream, version, event_id, name, schema, data, sealed, meta, recorded_at, hash_ = row
        return Recorded(
            stream, version, event_id, name, schema, self._event(stream, version, name, schema, data, sealed),
            decode_meta(meta), parse_iso(recorded_at), hash_,
        )  # fmt: skip

    def fold(self, tx: Tx, decider: Decider[S, C, E], stream: str, *, as_of: datetime | None = None) -> Folded[S]:
        """The state that the stream's events, or those recorded by `as_of`, add up to."""
        rows = _rows(tx, statements.FOLD_COLUMNS, stream, as_of)
        if not rows:
            return Folded(decider.initial(), 0)
        state = decider.fold(
            self._event(stream, version, name, schema, data, sealed)
            for version, name, schema, data, sealed, _, _ in rows
        )
        version, *_, recorded_at, hash_ = rows[-1]
        return Folded(state, len(rows), Head(version, hash_, recorded_at))

    def execute(self, tx: Tx, decider: Decider[S, C, E], stream: str, command: C, meta: Meta) -> Executed[S]:
        """Load, fold, decide, append. Raises DomainError if refused; an absorbed command appends nothing."""
        before = self.fold(tx, decider, stream)
        recorded = self._append(tx, stream, before.head, decider.decide(command, before.state), meta)
        state = before.state
        for item in recorded:
            state = decider.evolve(state, item.event)
        return Executed(state, before.version + len(recorded), recorded)

    def append(self, tx: Tx, stream: str, expected_version: int, events: Sequence[Any], meta: Meta) -> list[Recorded]:
        """Raises ConcurrencyConflict unless the stream stands at `expected_version` (0: it does not exist)."""
        if not events:
            return []
        found = tx.run(statements.head(sqlite=tx.is_sqlite), (stream,))
        head = Head(*found[0]) if found else EMPTY
        if head.version != expected_version:
            raise self._conflict(stream, expected_version)
        return self._append(tx, stream, head, events, meta)

    def _append(self, tx: Tx, stream: str, head: Head, events: Sequence[Any], meta: Meta) -> list[Recorded]:
        """Whoever appended after `head` was read is found by the primary key."""
        if not events:
            return []
        with telemetry.appending(self.service.short, stream, events):
            recorded, values = self._new(stream, head, events, meta)
            facts = [self._publish(item) for item in recorded]
            sent = [value for item, fact in zip(recorded, facts, strict=True) for value in self._outgoing(item, fact)]
            shadowed = self._written(tx, stream, head.version, values, sent)
            projections.apply_all(tx, self.inline, recorded, shadowed)
            for fact in facts:
                if fact is not None:
                    parties.publish(tx, fact)
                    erasures.apply(tx, fact, recorded[0].recorded_at)
            for wake in self.on_commit:
                tx.after_commit(wake)
            crash.point("after-append-before-commit")
            return recorded

    def _written(self, tx: Tx, stream: str, expected: int, values: list[Any], sent: list[Any]) -> set[str]:
        """The events and their outbox rows. Answers which rebuilds have already folded the stream."""
        rows = len(values) // len(statements.EVENT_COLUMNS)
        try:
            if tx.is_sqlite:
                answers = tx.run(statements.insert_events(rows, sqlite=True), values)
                tx.run(statements.insert_outbox(rows, sqlite=True), sent)
            else:
                answers = tx.run(statements.insert_events(rows, sqlite=False), values + sent)
        except UNIQUE as clash:
            raise self._conflict(stream, expected) from clash
        return set((answers[0][0] or "").split(","))

    def _conflict(self, stream: str, expected: int) -> ConcurrencyConflict:
        metrics.conflict(self.service.short, stream.split("/")[1])
        return ConcurrencyConflict(stream, expected)

    def _new(self, stream: str, head: Head, events: Sequence[Any], meta: Meta) -> tuple[list[Recorded], list[Any]]:
        """The events as they will be read back, and the values of their rows one after the other."""
        recorded, values, hash_ = list[Recorded](), list[Any](), head.hash
        recorded_at = max(iso(self._clock.now()), head.recorded_at)
        stored_meta, instant = encode_meta(meta), parse_iso(recorded_at)
        for version, instance in enumerate(events, head.version + 1):
            encoded, id_, prev = encode(instance), self._new_event_id(), hash_
            name, schema = encoded.name, encoded.schema_version
            sealed = self._sealed(stream, version, encoded)
            row = [stream, version, id_, name, schema, encoded.data, sealed, stored_meta, recorded_at]
            hash_ = _chained(prev, row)
            values += (*row, prev, hash_)
            recorded.append(Recorded(stream, version, id_, name, schema, instance, meta, instant, hash_))
        return recorded, values

    def _sealed(self, stream: str, version: int, encoded: Encoded) -> bytes | None:
        if encoded.secret is None or encoded.person_id is None:
            return None
        return self._keys.seal(encoded.person_id, encoded.secret, _bound(stream, version, encoded.name))

    def _event(self, stream: str, version: int, name: str, schema: int, data: str, sealed: bytes | None) -> Any:
        def unseal(person_id: str) -> bytes:
            return self._keys.unseal(person_id, sealed or b"", _bound(stream, version, name))

        try:
            return decode(name, schema, data, unseal)
        except (ValueError, LookupError, TypeError):
            raise DamagedEventError(f"{stream} version {version} cannot be read as {name}") from None

    def _outgoing(self, item: Recorded, fact: FactModel | None) -> tuple[Any, ...]:
        """The values of `statements.OUTBOX_COLUMNS`."""
        if fact is None:
            headers, topic, key, value = cloudevents.head_headers(self.service, item), HEADS_TOPIC, item.stream, b"{}"
        else:
            headers, topic, key = cloudevents.fact_headers(self.service, item, fact), self.service.topic, fact.key()
            value = fact.model_dump_json().encode()
        return item.event_id, topic, key, to_json(headers).decode(), value, headers["ce_time"]


def _packed(row: tuple[Any, ...]) -> Recorded:
    stream, version, event_id, name, schema, _, _, meta, recorded_at, hash_ = row
    event = UnknownEvent(name, {})
    return Recorded(stream, version, event_id, name, schema, event, decode_meta(meta), parse_iso(recorded_at), hash_)


def _rows(tx: Tx, columns: tuple[str, ...], stream: str, as_of: datetime | None) -> list[Any]:
    sql = statements.stream(columns, as_of=as_of is not None, sqlite=tx.is_sqlite)
    return tx.run(sql, (stream,) if as_of is None else (stream, iso(as_of)))


def _bound(stream: str, version: int, name: str) -> bytes:
    """What a sealed part is bound to: it cannot be moved to another place in the log."""
    return f"{stream}|{version}|{name}".encode()
