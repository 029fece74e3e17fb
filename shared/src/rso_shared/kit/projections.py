"""Inline projections: read models written in the transaction of the append, rebuilt in shadow tables and swapped at once."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from sqlalchemy import MetaData, Table, delete, insert, select, text

from rso_shared.kit import crash
from rso_shared.kit.database import Database, Tx
from rso_shared.kit.errors import Transient
from rso_shared.kit.events import Recorded
from rso_shared.kit.leadership import Leadership
from rso_shared.kit.tables import EVENTS, SHADOWS

Tables = Mapping[str, Table]
Apply = Callable[[Tx, Tables, Recorded], None]
Load = Callable[[Tx, str], Sequence[Recorded]]

SHADOW_SUFFIX = "__shadow"
FOLD_SECONDS = 0.05
ROUNDS = 3
"""Each round folds what began during the one before, stream by stream; what is left then is little, and goes with the swap."""


@dataclass(frozen=True, slots=True)
class Projection:
    """`apply` writes only through the tables it is handed: they are the live ones, or the shadow ones of a rebuild."""

    name: str
    tables: tuple[Table, ...]
    apply: Apply

    def live(self) -> dict[str, Table]:
        return {table.name: table for table in self.tables}

    def shadow(self) -> dict[str, Table]:
        """The same columns and keys under other names; indexes are left out, since the rows end up in the live tables."""
        metadata, made = MetaData(), {}
        for table in self.tables:
            copy = table.to_metadata(metadata, name=table.name + SHADOW_SUFFIX)
            copy.indexes.clear()
            made[table.name] = copy
        return made


def apply_all(
    tx: Tx, projections: Iterable[Projection], recorded: Sequence[Recorded], shadowed: AbstractSet[str]
) -> None:
    """Live tables always; shadow tables of the rebuilds (`shadowed`) that have already folded the stream into them."""
    for projection in projections:
        for event in recorded:
            projection.apply(tx, projection.live(), event)
            if projection.name in shadowed:
                projection.apply(tx, projection.shadow(), event)


def rebuild(db: Database, projection: Projection, load: Load) -> int:
    """Folds every stream anew into fresh tables while commands go on, then swaps. Returns how many streams were folded.

    No side effect can fire: nothing but `apply` runs. Raises Transient while another process rebuilds the same projection.
    """
    leadership = Leadership(db, f"rebuild/{projection.name}")
    try:
        if not leadership.held():
            raise Transient(f"{projection.name} is being rebuilt by another process")
        return _rebuild(db, projection, load)
    finally:
        leadership.release()


def _rebuild(db: Database, projection: Projection, load: Load) -> int:
    shadow = projection.shadow()
    _begin(db, projection, shadow)
    folded = 0
    for _ in range(ROUNDS):
        waiting = deque(_unfolded_now(db, projection))
        while waiting:
            folded += _fold_some(db, projection, shadow, waiting, load)
    return folded + _swap(db, projection, shadow, load)


def _begin(db: Database, projection: Projection, shadow: Tables) -> None:
    """Also after a rebuild that was interrupted: its tables go, and what they had of the streams with them."""
    with db.write() as tx:
        _without_appends(tx)
        for table in shadow.values():
            table.drop(tx.conn, checkfirst=True)
            table.create(tx.conn)
        tx.conn.execute(delete(SHADOWS).where(SHADOWS.c.projection == projection.name))


def _without_appends(tx: Tx) -> None:
    """Waits for the appends that are under way and holds back new ones until the commit; readers go on.

    So an append falls either before a fold, which sees its events, or after its registration, which it sees
    (`statements.insert_events`). SQLite has one writer at a time anyway.
    """
    if not tx.is_sqlite:
        tx.conn.execute(text("SET LOCAL statement_timeout = '10min'"))
        tx.conn.execute(text(f"LOCK TABLE {EVENTS.name} IN SHARE MODE"))


def _unfolded_now(db: Database, projection: Projection) -> list[str]:
    with db.read() as tx:
        return _unfolded(tx, projection)


def _unfolded(tx: Tx, projection: Projection) -> list[str]:
    done = select(SHADOWS.c.stream).where(SHADOWS.c.projection == projection.name)
    query = select(EVENTS.c.stream).where(EVENTS.c.version == 1, EVENTS.c.stream.not_in(done))
    return list(tx.conn.execute(query).scalars())


def _fold_some(db: Database, projection: Projection, shadow: Tables, waiting: deque[str], load: Load) -> int:
    """As many streams as fit into the time for which appends may be held back; at least one."""
    until, folded = time.monotonic() + FOLD_SECONDS, list[str]()
    with db.write() as tx:
        _without_appends(tx)
        while waiting and (not folded or time.monotonic() < until):
            folded.append(waiting.popleft())
            _fold(tx, projection, shadow, folded[-1], load)
        tx.conn.execute(insert(SHADOWS), [{"projection": projection.name, "stream": stream} for stream in folded])
    return len(folded)


def _fold(tx: Tx, projection: Projection, shadow: Tables, stream: str, load: Load) -> None:
    for recorded in load(tx, stream):
        projection.apply(tx, shadow, recorded)


def _swap(db: Database, projection: Projection, shadow: Tables, load: Load) -> int:
    """Streams that began since the last look are folded here, under the same lock: else the swap would lose their rows."""
    with db.write() as tx:
        _without_appends(tx)
        late = _unfolded(tx, projection)
        for stream in late:
            _fold(tx, projection, shadow, stream, load)
        for name, live in projection.live().items():
            columns = [column.name for column in live.columns]
            tx.conn.execute(delete(live))
            crash.point("mid-swap")
            tx.conn.execute(insert(live).from_select(columns, select(*(shadow[name].c[column] for column in columns))))
            shadow[name].drop(tx.conn)
        tx.conn.execute(delete(SHADOWS).where(SHADOWS.c.projection == projection.name))
    return len(late)
