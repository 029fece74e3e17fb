"""What the store's benches measure: our own log and `eventsourcing` (https://eventsourcing.readthedocs.io), on the same engines."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from sqlalchemy import create_engine
from sqlalchemy.engine import URL, make_url

from rso_shared.contracts.base import CaseFact, FactModel
from rso_shared.kit import events, tables
from rso_shared.kit.clock import WallClock
from rso_shared.kit.database import Database
from rso_shared.kit.decider import Decider
from rso_shared.kit.events import Actor, Meta, Recorded
from rso_shared.kit.keys import KeyRing
from rso_shared.kit.names import ServiceName
from rso_shared.kit.sealed import Sealed
from rso_shared.kit.store import EventStore, stream_id

SAMPLE = ServiceName("sample", "sample", "rso_sample")
META = Meta(actor=Actor(type="user", id="someone", role="operations", organisation_id="operator"), correlation_id="c-1")
TEXT = "A finding of some forty characters, sealed."


@dataclass(frozen=True, slots=True)
class Finding:
    text: str


@events.event("bench.noted")
class Noted:
    case_id: str
    number: int
    noted_at: datetime
    finding: Sealed[Finding]


@events.event("bench.reacted")
class Reacted:
    """As reactions write it: codes and counts, nothing sealed."""

    case_id: str
    number: int


class NoteWritten(CaseFact):
    TYPE: ClassVar[str] = "bench.note_written"
    number: int


@dataclass(frozen=True, slots=True)
class Notes:
    count: int = 0
    last: Noted | None = None


def _evolve(state: Notes, noted: Noted) -> Notes:
    return Notes(state.count + 1, noted)


NOTES: Decider[Notes, Any, Noted] = Decider(Notes, lambda _command, _state: [], _evolve)


def publish(recorded: Recorded) -> FactModel:
    return NoteWritten(case_id=recorded.event.case_id, number=recorded.event.number)


def noted(case_id: str, number: int) -> Noted:
    return Noted(case_id=case_id, number=number, noted_at=datetime.now(UTC), finding=Sealed(case_id, Finding(TEXT)))


class Case(Aggregate):
    """The same fields, in the clear, as its users would write it."""

    @event("Opened")
    def __init__(self) -> None:
        self.count = 0

    @event("Noted")
    def note(self, number: int, noted_at: datetime, text: str) -> None:
        self.count, self.last = number, (noted_at, text)


@dataclass(frozen=True, slots=True)
class Ours:
    db: Database
    store: EventStore

    def append(self, case_id: str, version: int) -> None:
        with self.db.write() as tx:
            self.store.append(tx, stream_id("operator", "case", case_id), version, [noted(case_id, version)], META)


@contextmanager
def ours(url: str, folder: Path, name: ServiceName = SAMPLE) -> Iterator[Ours]:
    db, keys = Database(url, pool=16), KeyRing(f"sqlite:///{folder}/keys.db", bytes(32), "sample")
    with db.write() as tx:
        tables.METADATA.create_all(tx.conn)
    yield Ours(db, EventStore(name, keys, WallClock(), publish, [], db.signals))
    keys.close()
    db.close()


def application(url: str) -> "Application[uuid.UUID]":
    """With its pool as large as ours."""
    made = make_url(url)
    if made.drivername.startswith("sqlite"):
        return Application(env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(made.database)})
    return Application(env={
        "PERSISTENCE_MODULE": "eventsourcing.postgres", "POSTGRES_DBNAME": str(made.database),
        "POSTGRES_HOST": str(made.host), "POSTGRES_PORT": str(made.port or 5432), "POSTGRES_USER": str(made.username),
        "POSTGRES_PASSWORD": str(made.password or ""), "POSTGRES_POOL_SIZE": "16", "POSTGRES_MAX_OVERFLOW": "0",
        "POSTGRES_POOL_TIMEOUT": "60", "POSTGRES_PRE_PING": "n",
    })  # fmt: skip


@contextmanager
def fresh(server: URL) -> Iterator[str]:
    """A database of its own, gone afterwards."""
    name, admin = f"rso_bench_{uuid.uuid4().hex[:12]}", create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


@contextmanager
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="rso-bench-") as made:
        yield Path(made)


def rate(writers: int, each: int, write: Callable[[int, int], None]) -> float:
    """Calls of `write(writer, number)` per second, `each` in every one of `writers` threads, all begun together."""
    begin = threading.Barrier(writers + 1)

    def run(writer: int) -> None:
        begin.wait()
        for number in range(each):
            write(writer, number)

    threads = [threading.Thread(target=run, args=(writer,)) for writer in range(writers)]
    for thread in threads:
        thread.start()
    begin.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    return writers * each / (time.perf_counter() - started)
