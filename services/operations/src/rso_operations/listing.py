"""The list of cases: what it can be searched, filtered and sorted by, page by page, and as CSV. Codes and references only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from rso_operations.addresses import understood
from rso_operations.board import BOARD, ENDED, UNDER_WAY, Row, row
from rso_operations.sheets import sheet
from rso_shared.contracts.vocabulary import Priority, Stage
from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx

PAGE, CARDS = 100, 20
NUMBER = 4
"""Of a reference number only its last four characters are known here."""


class Sort(StrEnum):
    """By what a list is ordered, the most pressing first."""

    AGE = "age"
    DUE = "due"
    PROMISE = "promise"
    NEWEST = "newest"


COLUMN = {
    Sort.AGE: BOARD.c.since, Sort.DUE: BOARD.c.due_at, Sort.PROMISE: BOARD.c.promised_by, Sort.NEWEST: BOARD.c.submitted_at,
}  # fmt: skip
BOARD_VIEW = "board"
FIELDS = ("q", "stage", "priority", "partner", "program", "specialist", "owner", "held", "sort", "view")


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
    """Where the page before ended."""

    at: str
    case_id: str


@dataclass(frozen=True, slots=True)
class Page:
    rows: tuple[Row, ...]
    next: Place | None


def page(tx: Tx, wanted: Wanted, after: Place | None = None, size: int = PAGE) -> Page:
    found = [row(each) for each in tx.conn.execute(_query(wanted, after).limit(size + 1)).all()]
    shown = found[:size]
    more = len(found) > size
    return Page(tuple(shown), _place(shown[-1], wanted) if more else None)


@dataclass(frozen=True, slots=True)
class Column:
    """The most pressing cases of one stage, and how many there are in all."""

    stage: Stage
    count: int
    rows: tuple[Row, ...]


def columns(tx: Tx, wanted: Wanted) -> tuple[Column, ...]:
    """Each stage that is under way, or the one that is asked for, in the order of a case's life."""
    asked = [stage for stage in Stage if stage == wanted.stage] or [stage for stage in Stage if stage not in ENDED]
    return tuple(_column(tx, stage, replace(wanted, stage=stage.value)) for stage in asked)


def _column(tx: Tx, stage: Stage, wanted: Wanted) -> Column:
    count = tx.conn.execute(select(func.count()).select_from(BOARD).where(*_conditions(wanted))).scalar_one()
    return Column(stage, count, page(tx, wanted, None, CARDS).rows)


def _place(last: Row, wanted: Wanted) -> Place:
    instant = {"age": last.since, "due": last.due_at, "promise": last.promised_by, "newest": last.submitted_at}[
        wanted.sort
    ]
    return Place(iso(instant) if instant else "", last.case_id)


def _query(wanted: Wanted, after: Place | None) -> "Select[tuple[object, ...]]":
    """Cases without the instant that orders the list stand on no page of it, but for the age, which every case has."""
    column = COLUMN[Sort(wanted.sort)]
    query = select(BOARD).where(column.is_not(None), *_conditions(wanted))
    if wanted.sort == Sort.NEWEST:
        if after:
            query = query.where(or_(column < after.at, and_(column == after.at, BOARD.c.case_id < after.case_id)))
        return query.order_by(column.desc(), BOARD.c.case_id.desc())
    if after:
        query = query.where(or_(column > after.at, and_(column == after.at, BOARD.c.case_id > after.case_id)))
    return query.order_by(column, BOARD.c.case_id)


def _conditions(wanted: Wanted) -> Iterator[Any]:
    equal = {
        BOARD.c.partner_id: wanted.partner, BOARD.c.program_id: wanted.program, BOARD.c.specialist_id: wanted.specialist,
        BOARD.c.owner: wanted.owner, BOARD.c.priority: wanted.priority,
    }  # fmt: skip
    yield from (column == value for column, value in equal.items() if value)
    if wanted.held:
        yield BOARD.c.held.is_not(None) if wanted.held == "any" else BOARD.c.held.contains(wanted.held, autoescape=True)
    if wanted.q:
        yield _matches(wanted.q)
    if wanted.stage and wanted.stage != "all":
        yield BOARD.c.stage == wanted.stage
    elif not wanted.stage and not wanted.q:
        yield UNDER_WAY.self_group()


def _matches(text: str) -> ColumnElement[bool]:
    """A whole number, reference, id or code; a search finds cases that are over too."""
    return or_(
        BOARD.c.reference_last_four == text[-NUMBER:].upper(), BOARD.c.client_reference == text, BOARD.c.case_id == text,
        BOARD.c.partner_id == text, BOARD.c.program_id == text, BOARD.c.specialist_id == text,
    )  # fmt: skip


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
