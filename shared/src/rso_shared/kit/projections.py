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
    for _ in range(ROUNDS):
        for stream in _unfolded_now(db, projection):
            with db.write() as tx:  # under the write lock, so that no append falls between fold and registration
                _fold(tx, projection, shadow, stream, load)
            folded += 1
    return folded + _swap(db, projection, shadow, load)


def _unfolded_now(db: Database, projection: Projection) -> list[str]:
    with db.read() as tx:
        return _unfolded(tx, projection)


def _unfolded(tx: Tx, projection: Projection) -> list[str]:
    done = select(SHADOWS.c.stream).where(SHADOWS.c.projection == projection.name)
    query = select(EVENTS.c.stream).where(EVENTS.c.version == 1, EVENTS.c.stream.not_in(done))
    return list(tx.conn.execute(query).scalars())


def _fold(tx: Tx, projection: Projection, shadow: Tables, stream: str, load: Load) -> None:
    for recorded in load(tx, stream):
        projection.apply(tx, shadow, recorded)
    tx.conn.execute(insert(SHADOWS).values(projection=projection.name, stream=stream))


def _swap(db: Database, projection: Projection, shadow: Tables, load: Load) -> int:
    """Streams that began since the last look are folded here, under the same lock: else the swap would lose their rows."""
    with db.write() as tx:
        late = _unfolded(tx, projection)
        for stream in late:
            _fold(tx, projection, shadow, stream, load)
        for name, live in projection.live().items():
            columns = [column.name for column in live.columns]
            tx.conn.execute(delete(live))
            tx.conn.execute(insert(live).from_select(columns, select(*(shadow[name].c[column] for column in columns))))
            shadow[name].drop(tx.conn)
        tx.conn.execute(delete(SHADOWS).where(SHADOWS.c.projection == projection.name))
    return len(late)
