"""What the store needs and nothing else: a database, keys, a clock that is set by hand, and the store on them."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import RowMapping, create_engine, select
from sqlalchemy.engine import make_url

from kit import sample
from rso_shared.kit import tables
from rso_shared.kit.clock import ManualClock
from rso_shared.kit.database import Database
from rso_shared.kit.events import Recorded
from rso_shared.kit.keys import KeyRing
from rso_shared.kit.store import EventStore

MASTER = bytes.fromhex("07" * 32)
BACKENDS = ["sqlite", *(["postgresql"] if "RSO_TEST_POSTGRES" in os.environ else [])]
"""The kinds of database that this machine can have."""


@dataclass(frozen=True, slots=True)
class Room:
    db: Database
    keys: KeyRing
    clock: ManualClock
    store: EventStore

    def open(self, case_id: str, notes: int = 0) -> list[Recorded]:
        recorded = self.run(sample.opening(case_id), case_id)
        for number in range(notes):
            recorded += self.note(case_id, f"{case_id}-note-{number}")
        return recorded

    def note(self, case_id: str, note_id: str, turn: str | None = None) -> list[Recorded]:
        return self.run(sample.AddNote(case_id, note_id), case_id, turn)

    def run(self, command: sample.Open | sample.AddNote, case_id: str, turn: str | None = None) -> list[Recorded]:
        with self.db.write(turn) as tx:
            return self.store.execute(tx, sample.CASE, sample.stream(case_id), command, sample.META).recorded

    def load(self, case_id: str) -> list[Recorded]:
        with self.db.read() as tx:
            return self.store.load(tx, sample.stream(case_id))

    def state(self, case_id: str) -> sample.Case:
        return sample.CASE.fold(item.event for item in self.load(case_id))

    def rows(self, case_id: str) -> list[RowMapping]:
        query = select(tables.EVENTS).where(tables.EVENTS.c.stream == sample.stream(case_id))
        with self.db.read() as tx:
            return list(tx.conn.execute(query.order_by(tables.EVENTS.c.version)).mappings())


@contextmanager
def furnished(url: str, folder: Path) -> Iterator[Room]:
    db, clock = Database(url), ManualClock(sample.AT)
    keys = KeyRing(f"sqlite:///{folder}/keys.db", MASTER, sample.SAMPLE.short)
    with db.write() as tx:
        tables.METADATA.create_all(tx.conn)
        sample.METADATA.create_all(tx.conn)
    yield Room(db, keys, clock, EventStore(sample.SAMPLE, keys, clock, sample.publish, [sample.PROJECTION]))
    keys.close()
    db.close()


@contextmanager
def database(backend: str, folder: Path) -> Iterator[str]:
    """A fresh, empty database of this kind."""
    if backend == "sqlite":
        yield f"sqlite:///{folder}/store.db"
        return
    name, url = f"rso_test_{uuid.uuid4().hex[:12]}", make_url(os.environ["RSO_TEST_POSTGRES"])
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        yield url.set(database=name).render_as_string(hide_password=False)
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()
