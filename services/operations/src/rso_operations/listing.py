"""The list of cases: what it can be searched, filtered and sorted by, page by page, and as CSV. Codes and references only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Select, func, or_, select

from rso_operations.addresses import understood
from rso_operations.board import BOARD, ENDED, UNDER_WAY, Row, row
from rso_operations.sheets import sheet
from rso_operations.standing import NAMES, conditions, held_for
from rso_shared.contracts.vocabulary import HoldReason, Priority, Stage
from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx

PAGE, CARDS = 100, 20
NUMBER, WHOLE_NUMBER = 4, 11
"""Of a reference number only its last four characters are known here, of the eleven digits that it has."""


class Sort(StrEnum):
    """By what a list is ordered, the most pressing first."""

    AGE = "age"
    DUE = "due"
    PROMISE = "promise"
    NEWEST = "newest"


COLUMN = {
    Sort.AGE: BOARD.c.since, Sort.DUE: BOARD.c.due_at, Sort.PROMISE: BOARD.c.promised_by, Sort.NEWEST: BOARD.c.submitted_at,
}  # fmt: skip
BOARD_VIEW, YES, ANY = "board", "yes", "any"
FIELDS = ("q", "stage", "priority", "partner", "program", "specialist", "owner", "held", *NAMES, "sort", "view")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address of a list asks for. Empty fields ask for nothing; without a stage it is what is under way."""

    q: str = ""
    stage: str = ""
    priority: str = ""
    partner: str = ""
    program: str = ""
    specialist: str = ""
    owner: str = ""
    held: str = ""
    """A reason, or any."""
    late: str = ""
    due_soon: str = ""
    escalated: str = ""
    unclaimed: str = ""
    sort: str = Sort.AGE.value
    view: str = ""
    """Empty: a table; board: a column per stage."""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Wanted":
        known = {
            "stage": {*map(str, Stage), "all"},
            "priority": set(map(str, Priority)),
            "sort": set(map(str, Sort)),
            "view": {BOARD_VIEW},
            "held": {ANY, *map(str, HoldReason)},
            **{name: {YES} for name in NAMES},
        }
        given = understood(query, FIELDS, known)
        return cls(**{**given, "sort": given["sort"] or Sort.AGE.value})

    def address(self, **changes: str) -> str:
        """The query of this list with some fields changed; what is empty is left out."""
        changed = replace(self, **changes)
        kept = {name: getattr(changed, name) for name in FIELDS if getattr(changed, name)}
        if kept.get("sort") == Sort.AGE:
            del kept["sort"]
        return f"?{urlencode(kept)}" if kept else "?"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the page before ended. `at` empty: among those without the instant that orders the list."""

    at: str
    case_id: str


@dataclass(frozen=True, slots=True)
class Page:
    rows: tuple[Row, ...]
    next: Place | None


def page(tx: Tx, wanted: Wanted, now: datetime, after: Place | None = None, size: int = PAGE) -> Page:
    """Those without the instant that orders the list come last, by a query of their own: so each is a range of one index."""
    matching = list(_conditions(wanted, now))
    rows: list[Any] = []
    if after is None or after.at:
        rows += tx.conn.execute(_dated(wanted.sort, after).where(*matching).limit(size + 1)).all()
    if len(rows) <= size:
        rest = after if after and not after.at else None
        rows += tx.conn.execute(_undated(wanted.sort, rest).where(*matching).limit(size + 1 - len(rows))).all()
    shown = [row(each) for each in rows[:size]]
    return Page(tuple(shown), _place(shown[-1], wanted) if len(rows) > size else None)


@dataclass(frozen=True, slots=True)
class Column:
    """The most pressing cases of one stage, and how many there are in all."""

    stage: Stage
    count: int
    rows: tuple[Row, ...]


def columns(tx: Tx, wanted: Wanted, now: datetime) -> tuple[Column, ...]:
    """Each stage that is under way, or the one that is asked for, in the order of a case's life."""
    asked = [stage for stage in Stage if stage == wanted.stage] or [stage for stage in Stage if stage not in ENDED]
    return tuple(_column(tx, stage, replace(wanted, stage=stage.value), now) for stage in asked)


def _column(tx: Tx, stage: Stage, wanted: Wanted, now: datetime) -> Column:
    count = tx.conn.execute(select(func.count()).select_from(BOARD).where(*_conditions(wanted, now))).scalar_one()
    return Column(stage, count, page(tx, wanted, now, None, CARDS).rows)


def _place(last: Row, wanted: Wanted) -> Place:
    instant = {"age": last.since, "due": last.due_at, "promise": last.promised_by, "newest": last.submitted_at}[
        wanted.sort
    ]
    return Place(iso(instant) if instant else "", last.case_id)


def _dated(sort: str, after: Place | None) -> "Select[tuple[object, ...]]":
    """The range is said of the column alone too: only so the databases begin in their index where the page before ended."""
    column, id_ = COLUMN[Sort(sort)], BOARD.c.case_id
    query = select(BOARD).where(column.is_not(None))
    if sort == Sort.NEWEST:
        if after:
            query = query.where(column <= after.at, or_(column < after.at, id_ < after.case_id))
        return query.order_by(column.desc(), id_.desc())
    if after:
        query = query.where(column >= after.at, or_(column > after.at, id_ > after.case_id))
    return query.order_by(column, id_)


def _undated(sort: str, after: Place | None) -> "Select[tuple[object, ...]]":
    """Ordered by the empty column too, as its index is."""
    column, id_ = COLUMN[Sort(sort)], BOARD.c.case_id
    query = select(BOARD).where(column.is_(None))
    if after:
        query = query.where(id_ > after.case_id)
    return query.order_by(column, id_)


def _conditions(wanted: Wanted, now: datetime) -> Iterator[Any]:
    equal = {
        BOARD.c.partner_id: wanted.partner, BOARD.c.program_id: wanted.program, BOARD.c.specialist_id: wanted.specialist,
        BOARD.c.owner: wanted.owner, BOARD.c.priority: wanted.priority,
    }  # fmt: skip
    yield from (column == value for column, value in equal.items() if value)
    yield from (condition for name, condition in conditions(now).items() if getattr(wanted, name))
    if wanted.held:
        yield BOARD.c.held.is_not(None) if wanted.held == ANY else held_for(wanted.held)
    if wanted.q:
        yield _matches(wanted.q)
    if wanted.stage and wanted.stage != "all":
        yield BOARD.c.stage == wanted.stage
    elif not wanted.stage and not wanted.q:
        yield UNDER_WAY.self_group()


def _matches(text: str) -> ColumnElement[bool]:
    """A whole number, reference, id or code; a search finds cases that are over too."""
    columns = (BOARD.c.client_reference, BOARD.c.case_id, BOARD.c.partner_id, BOARD.c.program_id, BOARD.c.specialist_id)
    last_four = _last_four(text)
    return or_(
        *(column == text for column in columns), *([BOARD.c.reference_last_four == last_four] if last_four else [])
    )


def _last_four(text: str) -> str:
    """Of a reference number, whole or its last four characters; empty for what is none."""
    digits = text.replace(" ", "").replace("-", "")
    if len(digits) == WHOLE_NUMBER and digits.isdecimal():
        return digits[-NUMBER:]
    return text.upper() if len(text) == NUMBER else ""


HEAD = (
    "case_id", "reference_last_four", "client_reference", "stage", "in_stage_since", "waiting_on", "due_at", "promised_by",
    "priority", "owner", "held", "escalation", "partner", "program", "specialist", "submitted_at", "delivered_at",
)  # fmt: skip


def csv_lines(rows: Iterator[Row], *, head: bool) -> str:
    return sheet([*([HEAD] if head else []), *map(_cells, rows)])


def _cells(each: Row) -> tuple[object, ...]:
    instants = (each.since, each.due_at, each.promised_by, each.submitted_at, each.delivered_at)
    since, due, promised, submitted, delivered = (iso(one) if one else "" for one in instants)
    return (
        each.case_id, each.reference_last_four, each.client_reference, each.stage, since, each.waiting_on, due, promised,
        each.priority, each.owner, " ".join(each.held), each.escalation, each.partner_id, each.program_id, each.specialist_id,
        submitted, delivered,
    )  # fmt: skip
