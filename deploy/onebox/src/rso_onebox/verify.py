"""`rso verify`: is the log whole? Reads files only, without keys and without the services' write path."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rso_onebox.datadir import DataDir
from rso_operations.words import counted
from rso_shared.kit.access_log import broken_at
from rso_shared.kit.names import OPERATIONS, SERVICES
from rso_shared.kit.store import FIRST_HASH, chain_hash


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it must be, and where."""

    check: str
    place: str
    what: str


@dataclass(slots=True)
class Report:
    """How much was looked at, and what was wrong."""

    events: int = 0
    streams: int = 0
    facts: int = 0
    looks: int = 0
    cases: int = 0

    def line(self) -> str:
        log = f"{counted(self.events, 'event')} in {counted(self.streams, 'stream')}, {counted(self.facts, 'fact')}"
        looks = counted(self.looks, "entry of access logs", "entries of access logs")
        return f"{log}, {counted(self.cases, 'case')}, {looks}"


WITNESS = OPERATIONS.short
Check = Callable[[DataDir, Report], Iterator[Fault]]


def open_read_only(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    return db


def stores(data: DataDir) -> Iterator[tuple[str, sqlite3.Connection]]:
    for service in SERVICES:
        path = data.service(service.short) / "store.db"
        if path.exists():
            db = open_read_only(path)
            try:
                yield service.short, db
            finally:
                db.close()


def chains(data: DataDir, report: Report) -> Iterator[Fault]:
    """Every stream starts at 1, has no gap, and each hash covers its row and the hash before it."""
    for short, db in stores(data):
        stream, version, prev = "", 0, FIRST_HASH
        for row in db.execute("SELECT * FROM events ORDER BY stream, version"):
            if row["stream"] != stream:
                stream, version, prev = row["stream"], 0, FIRST_HASH
                report.streams += 1
            version += 1
            report.events += 1
            place = f"{short}: {stream} version {row['version']}"
            if row["version"] != version:
                yield Fault("gap", place, f"expected version {version}")
                version = row["version"]
            elif row["prev_hash"] != prev or chain_hash(prev, dict(row)) != row["hash"]:
                yield Fault("chain", place, "the row is not as it was written")
            prev = row["hash"]


def publication(data: DataDir, report: Report) -> Iterator[Fault]:
    """The log holds every event, but for those that wait in the outbox. A row of the outbox goes some time after it was sent."""
    published = {json.loads(row["headers"]).get("ce_id") for row in on_log(data)}
    for short, db in stores(data):
        query = """
            SELECT e.stream, e.version, e.event_id, o.id, o.published_at FROM events e LEFT JOIN outbox o ON o.event_id = e.event_id
        """
        for row in db.execute(query):
            place = f"{short}: {row['stream']} version {row['version']}"
            if row["id"] is not None and row["published_at"] is None:
                yield Fault("unsent", place, "the fact waits in the outbox")
            elif row["event_id"] not in published:
                lost = (
                    "never put into the outbox" if row["id"] is None else "marked as sent, but the log does not have it"
                )
                yield Fault("log", place, lost)
            report.facts += 1


def on_log(data: DataDir) -> Iterator[sqlite3.Row]:
    """Every record of the log, oldest first."""
    if not data.broker.exists():
        return
    db = open_read_only(data.broker)
    try:
        yield from db.execute("SELECT topic, headers, value FROM records ORDER BY id")
    finally:
        db.close()


def witnesses(data: DataDir, _report: Report) -> Iterator[Fault]:
    """The heads that operations wrote down, in another database: finds cut tails and vanished streams.

    Nobody is a witness of the witness: of its own few streams the chain is all there is.
    """
    heads = {}
    for short, db in stores(data):
        if short == WITNESS:
            heads = {row["stream"]: (row["version"], row["hash"]) for row in db.execute("SELECT * FROM heads")}
    seen = set()
    for short, db in stores(data):
        for row in db.execute("SELECT stream, MAX(version) AS version, hash FROM events GROUP BY stream"):
            seen.add(row["stream"])
            if short == WITNESS:
                continue
            known = heads.get(row["stream"])
            place = f"{short}: {row['stream']}"
            if known is None:
                yield Fault("witness", place, "operations never heard of this stream")
            elif known[0] > row["version"]:
                yield Fault("tail", place, f"operations saw version {known[0]}, the stream ends at {row['version']}")
            elif known[0] == row["version"] and known[1] != row["hash"].hex():
                yield Fault("tail", place, f"version {known[0]} is not the one that operations saw")
    for stream in sorted(set(heads) - seen):
        yield Fault("vanished", stream, "operations knows this stream, no store has it")


def parked(data: DataDir, _report: Report) -> Iterator[Fault]:
    for short, db in stores(data):
        for row in db.execute("SELECT consumer, key, state, reason FROM parked"):
            yield Fault("parked", f"{short}: {row['consumer']} {row['key']}", f"{row['state']}: {row['reason']}")


def access_logs(data: DataDir, report: Report) -> Iterator[Fault]:
    for service in SERVICES:
        path = data.service(service.short) / "access.db"
        if not path.exists():
            continue
        broken = broken_at(f"sqlite:///file:{path}?mode=ro&uri=true")
        if broken is not None:
            yield Fault("access_log", f"{service.short}: entry {broken}", "the entry is not as it was written")
        db = open_read_only(path)
        report.looks += db.execute("SELECT COUNT(*) FROM access_log").fetchone()[0]
        db.close()


LOG_CHECKS: tuple[Check, ...] = (chains, publication, witnesses, parked, access_logs)
