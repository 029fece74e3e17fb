"""Inline projections: read models written in the transaction of the append, rebuilt in shadow tables and swapped at once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import MetaData, Table, delete, insert, select

from rso_shared.kit.database import Database, Tx
from rso_shared.kit.events import Recorded
from rso_shared.kit.tables import EVENTS, SHADOWS

Tables = Mapping[str, Table]
Apply = Callable[[Tx, Tables, Recorded], None]
Load = Callable[[Tx, str], Sequence[Recorded]]

SHADOW_SUFFIX = "__shadow"


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


def apply_all(tx: Tx, projections: Iterable[Projection], recorded: Sequence[Recorded]) -> None:
    """Live tables always; shadow tables where the stream has already been folded into them."""
    shadowed = _shadowed(tx, recorded[0].stream) if recorded else set()
    for projection in projections:
        for event in recorded:
            projection.apply(tx, projection.live(), event)
            if projection.name in shadowed:
                projection.apply(tx, projection.shadow(), event)


def _shadowed(tx: Tx, stream: str) -> set[str]:
    rows = tx.conn.execute(select(SHADOWS.c.projection).where(SHADOWS.c.stream == stream))
    return {row.projection for row in rows}


def rebuild(db: Database, projection: Projection, load: Load) -> int:
    """Folds every stream anew into fresh tables while commands go on, then swaps. Returns how many streams were folded.

    No side effect can fire: nothing but `apply` runs.
    """
    shadow = projection.shadow()
    with db.write() as tx:
        for table in shadow.values():
            table.drop(tx.conn, checkfirst=True)
            table.create(tx.conn)
        tx.conn.execute(delete(SHADOWS).where(SHADOWS.c.projection == projection.name))
    folded = 0
    while _fold_some(db, projection, shadow, load):
        folded += 1
    return folded + _swap(db, projection, shadow, load)


def _fold_some(db: Database, projection: Projection, shadow: Tables, load: Load) -> bool:
    """One stream, under the write lock, so that no append to it can fall between fold and registration."""
    with db.write() as tx:
        return _fold_next(tx, projection, shadow, load)


def _fold_next(tx: Tx, projection: Projection, shadow: Tables, load: Load) -> bool:
    done = select(SHADOWS.c.stream).where(SHADOWS.c.projection == projection.name)
    stream = tx.conn.execute(
        select(EVENTS.c.stream).where(EVENTS.c.version == 1, EVENTS.c.stream.not_in(done)).limit(1)
    ).scalar_one_or_none()
    if stream is None:
        return False
    for recorded in load(tx, stream):
        projection.apply(tx, shadow, recorded)
    tx.conn.execute(insert(SHADOWS).values(projection=projection.name, stream=stream))
    return True


def _swap(db: Database, projection: Projection, shadow: Tables, load: Load) -> int:
    """Streams that began since the last look are folded here, under the same lock: else the swap would lose their rows."""
    late = 0
    with db.write() as tx:
        while _fold_next(tx, projection, shadow, load):
            late += 1
        for name, live in projection.live().items():
            columns = [column.name for column in live.columns]
            tx.conn.execute(delete(live))
            tx.conn.execute(insert(live).from_select(columns, select(*(shadow[name].c[column] for column in columns))))
            shadow[name].drop(tx.conn)
        tx.conn.execute(delete(SHADOWS).where(SHADOWS.c.projection == projection.name))
    return late
