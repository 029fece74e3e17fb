"""Streams and the log: each stream contiguous and its chain whole, each event on its topic, each consumer applied each once."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rso_cluster.audit_hears import HEARS, hears, stored_name
from rso_cluster.audit_model import HEADS_TOPIC, WITNESS, Counts, Evidence, Finding, Kind, LogRecord

FIRST = bytes(32)
_EVENTS = """
    SELECT stream, version, event_id, name, schema_version, data, sealed, meta, recorded_at, prev_hash, hash FROM events
    ORDER BY stream, version
"""


def digest(prev: bytes, fields: tuple[Any, ...]) -> bytes:
    """SHA-256 over prev_hash, stream, version, event_id, name, schema_version, data, sealed, meta, recorded_at, in this order.

    Before each field its length in eight bytes, big-endian; numbers in decimal digits, text as UTF-8, nothing for NULL.
    """
    raw = b""
    for field in (prev, *fields):
        part = b"" if field is None else bytes(field) if isinstance(field, bytes | memoryview) else str(field).encode()
        raw += len(part).to_bytes(8, "big") + part
    return hashlib.sha256(raw).digest()


def chains(evidence: Evidence, counts: Counts) -> Iterator[Finding]:
    for short, store in evidence.stores.items():
        stream, version, prev = "", 0, FIRST
        for row in store.rows(_EVENTS):
            if row[0] != stream:
                stream, version, prev = row[0], 0, FIRST
                counts.streams += 1
            counts.events += 1
            place = f"{short}: {stream} version {row[1]}"
            if row[1] != version + 1:
                yield Finding(Kind.LOST, "stream", place, f"version {version + 1} is missing")
            elif bytes(row[9]) != prev or digest(prev, row[:9]) != bytes(row[10]):
                yield Finding(Kind.CHANGED, "chain", place, "the row is not as it was written")
            version, prev = row[1], bytes(row[10])


def newest_heads(evidence: Evidence) -> dict[str, int]:
    """Key -> the highest version on the topic of heads. It keeps the last record of a key: older ones may be gone by design."""
    newest: dict[str, int] = {}
    for record in evidence.log:
        if record.topic == HEADS_TOPIC:
            version = int(record.headers.get("ce_streamversion", 0))
            newest[record.key] = max(version, newest.get(record.key, 0))
    return newest


@dataclass(frozen=True, slots=True)
class OnLog:
    """The log by topic and event, the newest head of each key, and the names of events that others may hear of."""

    records: Mapping[tuple[str | None, str], LogRecord]
    newest: Mapping[str, int]
    public: frozenset[str]

    def replaced(self, key: str, version: int) -> bool:
        """Whether a later head of its key has taken this one's place."""
        return self.newest.get(key, 0) > version


def on_log(evidence: Evidence) -> OnLog:
    """An event is public whose name somebody hears or the log has; of the others it only has the head."""
    names = {stored_name(record.headers.get("ce_type", "")) for record in evidence.log if record.topic != HEADS_TOPIC}
    records: dict[tuple[str | None, str], LogRecord] = {(each.topic, each.event_id): each for each in evidence.log}
    return OnLog(records, newest_heads(evidence), frozenset(names.union(*HEARS.values())))


_SENT = """
    SELECT e.event_id, e.stream, e.version, e.hash, o.topic, o.key, o.value, o.published_at, e.name FROM events e
    LEFT JOIN outbox o ON o.event_id = e.event_id
"""


def publication(evidence: Evidence, counts: Counts) -> Iterator[Finding]:
    """Each event stands once in its outbox, was sent, and lies on that topic as it stands there: key, value, stream, version, hash.

    An outbox forgets what was sent long ago. Then the log alone is asked.
    """
    log = on_log(evidence)
    counts.records = len(evidence.log)
    known: set[str] = set()
    for short, store in evidence.stores.items():
        own = evidence.topic(short)
        for row in store.rows(_SENT):
            event_id, stream, version, _, topic, *_ = row
            place = f"{short}: {stream} version {version}"
            if event_id in known:
                yield Finding(Kind.DUPLICATED, "outbox", place, "the event stands twice in an outbox or a store")
            known.add(event_id)
            counts.facts += topic == own or (own, event_id) in log.records
            wrong = _forgotten(row, own, log) if topic is None else _wrong(row, own, log)
            if wrong is not None:
                yield Finding(wrong[0], wrong[1], place, wrong[2])
    for record in evidence.log:
        if record.event_id not in known:
            place = (
                f"{record.topic}: {record.headers.get('ce_stream')} version {record.headers.get('ce_streamversion')}"
            )
            yield Finding(Kind.LOST, "log", place, "the log has an event that no store has")


def _wrong(row: tuple[Any, ...], own: str, log: OnLog) -> tuple[Kind, str, str] | None:
    """What is wrong with the way of one event to the log."""
    event_id, stream, version, hash_, topic, key, value, sent_at, _ = row
    record = log.records.get((topic, event_id))
    if topic not in {own, HEADS_TOPIC}:
        return Kind.LOST, "outbox", f"on its way to {topic}, which is no topic of this service"
    if sent_at is None:
        return Kind.STUCK, "outbox", "waits to be sent"
    if record is None:
        replaced = topic == HEADS_TOPIC and log.replaced(key, version)
        return None if replaced else (Kind.LOST, "log", f"marked as sent, but {topic} does not have it")
    if not _same(record.headers, stream, version, bytes(hash_)):
        return Kind.CHANGED, "log", "the log has another stream, version or hash"
    if (record.key, record.value) != (key, bytes(value)):
        return Kind.CHANGED, "log", "the log has another key or value"
    return None


def _forgotten(row: tuple[Any, ...], own: str, log: OnLog) -> tuple[Kind, str, str] | None:
    """What is wrong with an event of which no outbox knows any more: it has to be on the topic that it belongs to."""
    event_id, stream, version, hash_, *_, name = row
    public = name in log.public
    record = log.records.get((own, event_id)) or (None if public else log.records.get((HEADS_TOPIC, event_id)))
    if record is None:
        replaced = not public and log.replaced(stream, version)
        return None if replaced else (Kind.LOST, "outbox", "neither in an outbox nor on the topic that it belongs to")
    if not _same(record.headers, stream, version, bytes(hash_)):
        return Kind.CHANGED, "log", "the log has another stream, version or hash"
    return None


def _same(headers: Any, stream: str, version: int, hash_: bytes) -> bool:
    told = (headers.get("ce_stream"), headers.get("ce_streamversion"), headers.get("ce_hash"))
    return bool(told == (stream, str(version), hash_.hex()))


def order(evidence: Evidence, _counts: Counts) -> Iterator[Finding]:
    """A key never leaves its partition, and a version of a stream comes after the ones before it.

    First deliveries count: a batch that was sent again repeats old versions, and that is no inversion.
    """
    partitions: dict[tuple[str, str], int] = {}
    last: dict[tuple[str, str], int] = {}
    seen: set[tuple[str, str]] = set()
    for record in sorted(evidence.log, key=lambda each: (each.topic, each.partition, each.place)):
        stream, version = record.headers.get("ce_stream", ""), int(record.headers.get("ce_streamversion", 0))
        place = f"{record.topic}: {stream} version {version}"
        if partitions.setdefault((record.topic, record.key), record.partition) != record.partition:
            yield Finding(Kind.CHANGED, "order", place, "its key lies in two partitions")
        if (record.topic, record.event_id) in seen:
            continue
        seen.add((record.topic, record.event_id))
        if version < last.get((record.topic, stream), 0):
            yield Finding(Kind.CHANGED, "order", place, "came after a later version")
        last[record.topic, stream] = version


def consumption(evidence: Evidence, counts: Counts) -> Iterator[Finding]:
    """What a consumer has in its inbox is what the others said and it has a use for: nothing missing, nothing else, nothing twice."""
    topics = {record.event_id: record.topic for record in evidence.log}
    compacted = _compacted(evidence, set(topics))
    for short, store in evidence.stores.items():
        expected = {record.event_id for record in evidence.log if _concerns(record, short, evidence)}
        applied = Counter(row[0] for row in store.rows(f"SELECT event_id FROM inbox WHERE consumer = '{short}'"))
        counts.consumed += len(applied)
        for event_id in sorted(expected - set(applied)):
            yield Finding(Kind.LOST, "inbox", f"{short}: {event_id}", f"on {topics[event_id]}, never applied")
        for event_id in sorted(set(applied) - expected - (compacted if short == WITNESS else set())):
            yield Finding(
                Kind.DUPLICATED, "inbox", f"{short}: {event_id}", "applied, but nobody else said anything of the kind"
            )
        yield from (
            Finding(Kind.DUPLICATED, "inbox", f"{short}: {event_id}", f"applied {times} times")
            for event_id, times in applied.items()
            if times > 1
        )
        yield from _kept(short, store.rows("SELECT event_id, stream, version FROM facts"), set(applied))


def _concerns(record: LogRecord, short: str, evidence: Evidence) -> bool:
    if record.topic == HEADS_TOPIC:
        return short == WITNESS
    return record.topic != evidence.topic(short) and hears(short, record.headers.get("ce_type", ""))


def _compacted(evidence: Evidence, present: set[str]) -> set[str]:
    """Events whose head a later one has replaced: applied while it was there."""
    log, gone = on_log(evidence), set[str]()
    query = (
        "SELECT e.event_id, e.name, e.version, o.topic, coalesce(o.key, e.stream) FROM events e"
        f" LEFT JOIN outbox o ON o.event_id = e.event_id WHERE o.topic IS NULL OR o.topic = '{HEADS_TOPIC}'"
    )
    for store in evidence.stores.values():
        for id_, name, version, topic, key in store.rows(query):
            head = topic is not None or name not in log.public
            gone |= {id_} if head and id_ not in present and log.replaced(key, version) else set()
    return gone


def _kept(short: str, rows: Iterator[tuple[Any, ...]], applied: set[str]) -> Iterator[Finding]:
    """Facts that a service keeps of others are effects of its inbox: each of an applied event, each event's once."""
    times: Counter[tuple[str, int]] = Counter()
    for event_id, stream, version in rows:
        times[stream, version] += 1
        if event_id not in applied:
            yield Finding(Kind.DUPLICATED, "kept", f"{short}: {event_id}", "kept without having been applied")
    for (stream, version), count in times.items():
        if count > 1:
            yield Finding(Kind.DUPLICATED, "kept", f"{short}: {stream} version {version}", f"kept {count} times")


def parked(evidence: Evidence, _counts: Counts) -> Iterator[Finding]:
    for short, store in evidence.stores.items():
        for consumer, key, state, reason in store.rows("SELECT consumer, key, state, reason FROM parked"):
            yield Finding(Kind.STUCK, "parked", f"{short}: {consumer} {key}", f"{state}: {reason}")


def witnessed(evidence: Evidence, _counts: Counts) -> Iterator[Finding]:
    """The last head of each stream, written down in another service's database: finds cut tails and vanished streams."""
    if WITNESS not in evidence.stores:
        return
    heads = {row[0]: row[1] for row in evidence.stores[WITNESS].rows("SELECT stream, version FROM heads")}
    ends: dict[str, int] = {}
    for store in evidence.stores.values():
        ends |= {row[0]: row[1] for row in store.rows("SELECT stream, MAX(version) FROM events GROUP BY stream")}
    for stream, version in sorted(heads.items()):
        if ends.get(stream, 0) < version:
            yield Finding(
                Kind.LOST,
                "witness",
                stream,
                f"version {version} was witnessed, the stream ends at {ends.get(stream, 0)}",
            )
