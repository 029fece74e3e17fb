"""Today: what stands where, what is late or will be, and how the promises were kept. Counted from the board alone.

*Turnaround* runs from submission to delivery; a delivery is *on time* if it came no later than the promise that stood then (users.md §3).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select

from rso_operations.board import BOARD, UNDER_WAY, Row, counted, row
from rso_operations.reporting import part, rank
from rso_operations.standing import HELD, conditions, held_for
from rso_shared.contracts.vocabulary import HoldReason
from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx

SHOWN = 8
"""Cases that one list shows; its head says how many there are."""
WINDOW, DAYS = timedelta(days=30), 14


@dataclass(frozen=True, slots=True)
class Few:
    """The most pressing ones, and how many there are in all."""

    count: int
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Turnaround:
    """Of deliveries of the last 30 days. `on_time` is a share from 0 to 1 of those that had a promise; None: there were none."""

    deliveries: int
    p50: timedelta | None
    p90: timedelta | None
    on_time: float | None


@dataclass(frozen=True, slots=True)
class Day:
    day: str
    arrived: int
    delivered: int


@dataclass(frozen=True, slots=True)
class Today:
    counts: Mapping[str, int]
    overdue: Few
    due_soon: Few
    held: Few
    held_for: Mapping[str, Few]
    """By reason, those that hold a case now: it stands under each of its own."""
    unclaimed: Few
    escalated: Few
    turnaround: Turnaround
    days: tuple[Day, ...]


def today(tx: Tx, now: datetime) -> Today:
    pressing = conditions(now)
    lists = {
        "overdue": pressing["late"],
        "due_soon": pressing["due_soon"],
        "held": HELD,
        "unclaimed": pressing["unclaimed"],
        "escalated": pressing["escalated"],
    }
    reasons = {reason.value: and_(HELD, held_for(reason.value)) for reason in HoldReason}
    found = _lists(tx, lists | reasons)
    return Today(
        counts=counted(tx),
        **{name: found[name] for name in lists},
        held_for={reason: found[reason] for reason in reasons if found[reason].count},
        turnaround=_turnaround(tx, now),
        days=_days(tx, now),
    )


def _lists(tx: Tx, which: Mapping[str, ColumnElement[bool]]) -> dict[str, Few]:
    """All of them counted in one look at the cases under way."""
    counts = tx.conn.execute(select(*(func.count().filter(each) for each in which.values())).where(UNDER_WAY)).one()
    return {name: _few(tx, count, each) for count, (name, each) in zip(counts, which.items(), strict=True)}


def _few(tx: Tx, count: int, which: ColumnElement[bool]) -> Few:
    if not count:
        return Few(0, ())
    pressing = func.coalesce(BOARD.c.due_at, BOARD.c.promised_by, BOARD.c.since)
    query = select(BOARD).where(UNDER_WAY, which).order_by(pressing, BOARD.c.case_id).limit(SHOWN)
    return Few(count, tuple(row(each) for each in tx.conn.execute(query).all()))


def _turnaround(tx: Tx, now: datetime) -> Turnaround:
    recent = (BOARD.c.delivered_at >= iso(now - WINDOW), BOARD.c.took_seconds.is_not(None))
    kept = func.count().filter(BOARD.c.delivered_at <= BOARD.c.promised_by)
    count, promised, on_time = tx.conn.execute(
        select(func.count(), func.count(BOARD.c.promised_by), kept).where(*recent)
    ).one()
    ordered = select(BOARD.c.took_seconds).where(*recent).order_by(BOARD.c.took_seconds).limit(1)

    def within(share: float) -> timedelta | None:
        seconds = tx.conn.execute(ordered.offset(rank(count, share))).scalar_one_or_none()
        return None if seconds is None else timedelta(seconds=seconds)

    return Turnaround(count, within(0.5), within(0.9), part(on_time, promised))


def _days(tx: Tx, now: datetime) -> tuple[Day, ...]:
    """Of each of the last days, in UTC."""
    first = (now - timedelta(days=DAYS - 1)).date()
    arrived, delivered = (
        _per_day(tx, column, first.isoformat()) for column in (BOARD.c.submitted_at, BOARD.c.delivered_at)
    )
    names = [(first + timedelta(days=number)).isoformat() for number in range(DAYS)]
    return tuple(Day(name, arrived.get(name, 0), delivered.get(name, 0)) for name in names)


def _per_day(tx: Tx, column: ColumnElement[str], first: str) -> dict[str, int]:
    day = func.substr(column, 1, 10).label("day")
    query = select(day, func.count()).where(column >= first).group_by(day)
    return {each[0]: each[1] for each in tx.conn.execute(query).all()}
