"""Looking back, for any decider: what a stream folds to as of an instant is what its events up to then fold to."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rso_shared.kit import tables
from rso_shared.kit.clock import ManualClock
from rso_shared.kit.database import Database
from rso_shared.kit.decider import Decider
from rso_shared.kit.errors import DomainError
from rso_shared.kit.events import Actor, Meta
from rso_shared.kit.keys import KeyRing
from rso_shared.kit.names import ServiceName
from rso_shared.kit.store import EventStore
from support.harness import START

META = Meta(actor=Actor(type="user", id="someone", role="operations", organisation_id="operator"), correlation_id="c-1")
STREAM = "operator/thing/case-1"


@contextmanager
def _room(service: ServiceName) -> Iterator[tuple[Database, EventStore, ManualClock]]:
    with TemporaryDirectory() as folder:
        clock, db = ManualClock(START), Database(f"sqlite:///{Path(folder)}/store.db")
        keys = KeyRing(f"sqlite:///{Path(folder)}/keys.db", bytes.fromhex("07" * 32), service.short)
        with db.write() as tx:
            tables.METADATA.create_all(tx.conn)
        try:
            yield db, EventStore(service, keys, clock, lambda _: None), clock
        finally:
            keys.close()
            db.close()


def is_a_prefix(
    service: ServiceName, decider: Decider[Any, Any, Any], commands: Sequence[Any], steps: Sequence[int], points: Sequence[int]
) -> None:  # fmt: skip
    """Executes what is accepted, `steps` seconds apart (the clock may go back), and looks from `points`."""
    with _room(service) as (db, store, clock):
        for number, command in enumerate(commands):
            clock.set(clock.now() + timedelta(seconds=steps[number % len(steps)]))
            try:
                with db.write() as tx:
                    store.execute(tx, decider, STREAM, command, META)
            except DomainError:
                continue
        with db.read() as tx:
            everything = store.load(tx, STREAM)
            for point in points:
                instant = START + timedelta(seconds=point)
                prefix = [item.event for item in everything if item.recorded_at <= instant]
                seen = store.fold(tx, decider, STREAM, as_of=instant)
                assert seen.version == len(prefix)
                assert everything[: len(prefix)] == [item for item in everything if item.recorded_at <= instant]
                assert seen.state == decider.fold(prefix)
