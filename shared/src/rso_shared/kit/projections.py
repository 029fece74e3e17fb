"""Inline projections: read models written in the transaction of the append, rebuilt in shadow tables and swapped at once."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from sqlalchemy import MetaData, Table, delete, func, insert, select, text

from rso_shared.kit import crash, statements
from rso_shared.kit.database import Database, Tx
from rso_shared.kit.errors import Transient
from rso_shared.kit.events import Recorded, UnknownEvent
from rso_shared.kit.leadership import Leadership
from rso_shared.kit.rows import Gathered, Rows, Tables, Written
from rso_shared.kit.tables import EVENTS, SHADOWS

Apply = Callable[[Rows, Recorded], None]
Reads = frozenset[type]
Load = Callable[[Tx, Sequence[str], Reads | None], Iterable[Recorded]]
"""The events of streams, stream after stream; those that nobody reads come as `UnknownEvent`."""
Lengths = deque[tuple[str, int]]
"""Streams that are still to be folded, and how many events each had when it was looked at."""

SHADOW_SUFFIX = "__shadow"
FOLD_SECONDS, FOLD_EVENTS = 0.05, 500
ROUNDS = 3
"""Each round folds what began during the one before, many streams at a time; what is left then is little, and goes with the swap."""


@dataclass(frozen=True, slots=True)
class Projection:
    """`apply` is the one place that says what the rows are: they are written as an event is appended, or gathered in a rebuild.

    `aggregate` names the streams whose events it is given, `{organisation}/{aggregate}/{id}`; None: those of every stream.
    `reads` are the events whose content it looks into (None: all). Of others it sees only that they happened, as `UnknownEvent`.
    `complete` puts into the tables it is handed what comes from facts and not from events, before a rebuild swaps them in. Whoever
    writes it into the live ones calls `beside_rebuilds` first.
    """

    name: str
    tables: tuple[Table, ...]
    apply: Apply
    aggregate: str | None = None
    reads: Reads | None = None
    complete: Callable[[Tx, Tables], None] | None = None

    def of(self, stream: str) -> bool:
        return self.aggregate is None or stream.split("/", 2)[1] == self.aggregate

    def seen(self, recorded: Recorded) -> Recorded:
        """As a rebuild shows it."""
        if self.reads is None or type(recorded.event) in self.reads:
            return recorded
        return replace(recorded, event=UnknownEvent(recorded.name, {}))

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
        if not projection.of(recorded[0].stream):
            continue
        written = [Written(tx, projection.live())]
        if projection.name in shadowed:
            written.append(Written(tx, projection.shadow()))
        for event in recorded:
            for rows in written:
                projection.apply(rows, projection.seen(event))


def beside_rebuilds(tx: Tx) -> None:
    """Waits while a rebuild folds or swaps, and lets none do so until the commit: what an append does by writing an event."""
    if not tx.is_sqlite:
        tx.conn.execute(text(f"LOCK TABLE {EVENTS.name} IN ROW EXCLUSIVE MODE"))


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
        waiting = _unfolded_now(db, projection)
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


def _unfolded_now(db: Database, projection: Projection) -> Lengths:
    with db.read() as tx:
        return _unfolded(tx, projection)


def _unfolded(tx: Tx, projection: Projection) -> Lengths:
    done = select(SHADOWS.c.stream).where(SHADOWS.c.projection == projection.name)
    query = select(EVENTS.c.stream, func.max(EVENTS.c.version)).where(EVENTS.c.stream.not_in(done))
    if projection.aggregate is not None:
        query = query.where(EVENTS.c.stream.contains(f"/{projection.aggregate}/"))
    found = tx.conn.execute(query.group_by(EVENTS.c.stream))
    return deque((stream, length) for stream, length in found if projection.of(stream))


def _fold_some(db: Database, projection: Projection, shadow: Tables, waiting: Lengths, load: Load) -> int:
    """As many streams as fit into the time for which appends may be held back; at least one."""
    until, folded = time.monotonic() + FOLD_SECONDS, list[str]()
    with db.write() as tx:
        _without_appends(tx)
        rows = Gathered(tx, shadow)
        while waiting and (not folded or time.monotonic() < until):
            some = _next(waiting)
            _fold(tx, projection, rows, some, load)
            folded += some
        rows.write()
        values = (projection.name, statements.array(folded, sqlite=tx.is_sqlite))
        tx.run(statements.insert_shadows(sqlite=tx.is_sqlite), values)
    return len(folded)


def _next(waiting: Lengths) -> list[str]:
    """The streams of one query: one, or several that have few events together."""
    some, events = list[str](), 0
    while waiting and (not some or events + waiting[0][1] <= FOLD_EVENTS):
        stream, length = waiting.popleft()
        some.append(stream)
        events += length
    return some


def _fold(tx: Tx, projection: Projection, rows: Rows, streams: Sequence[str], load: Load) -> None:
    for recorded in load(tx, streams, projection.reads):
        projection.apply(rows, recorded)


def _swap(db: Database, projection: Projection, shadow: Tables, load: Load) -> int:
    """Streams that began since the last look are folded here, under the same lock: else the swap would lose their rows."""
    with db.write() as tx:
        _without_appends(tx)
        late = _unfolded(tx, projection)
        folded, rows = len(late), Gathered(tx, shadow)
        while late:
            _fold(tx, projection, rows, _next(late), load)
        rows.write()
        if projection.complete is not None:
            projection.complete(tx, shadow)
        for name, live in projection.live().items():
            columns = [column.name for column in live.columns]
            tx.conn.execute(delete(live))
            crash.point("mid-swap")
            tx.conn.execute(insert(live).from_select(columns, select(*(shadow[name].c[column] for column in columns))))
            shadow[name].drop(tx.conn)
        tx.conn.execute(delete(SHADOWS).where(SHADOWS.c.projection == projection.name))
    return folded
