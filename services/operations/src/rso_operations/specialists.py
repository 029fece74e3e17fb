"""The list of specialists: their load, how they answer offers, how long they take, and what of theirs runs out. Ids and codes only."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Select, Subquery, and_, case, func, literal, or_, select, union_all

from rso_operations.addresses import understood
from rso_operations.directory import (
    ACCEPTED,
    COMPLETED,
    DECLINED,
    LAPSED,
    LICENCES,
    OFFERED,
    OFFERS,
    OPEN,
    RELEASED,
    SPECIALISTS,
)
from rso_operations.reporting import part, quantile
from rso_operations.sheets import sheet
from rso_shared.kit.clock import iso, parse_iso
from rso_shared.kit.database import Tx

PAGE = 100
SOON = timedelta(days=60)
"""What runs out within these days is shown first; so is what ran out within these days."""
WINDOWS = {"30": 30, "90": 90, "365": 365}
TAKEN = (ACCEPTED, RELEASED, COMPLETED)
NEVER = "9999-12-31"
CREDENTIALS = "credentials"
FIELDS = ("q", "taxonomy", "place", "ends", "load", "window", "sort")


class Sort(StrEnum):
    ENDS = "ends"
    LOAD = "load"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address of the list asks for. `place` is country and state, US-MA; `ends`: only those of whom something runs out."""

    q: str = ""
    taxonomy: str = ""
    place: str = ""
    ends: str = ""
    load: str = ""
    window: str = "90"
    sort: str = Sort.ENDS.value

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Wanted":
        known = {"ends": {"soon"}, "load": {"full", "free"}, "window": set(WINDOWS), "sort": set(map(str, Sort))}
        given = understood(query, FIELDS, known)
        return cls(**{**given, "window": given["window"] or "90", "sort": given["sort"] or Sort.ENDS.value})

    def address(self) -> str:
        plain = Wanted()
        told = {name: getattr(self, name) for name in FIELDS if getattr(self, name) != getattr(plain, name)}
        return f"?{urlencode(told)}"


@dataclass(frozen=True, slots=True)
class Answers:
    """Of the offers made in the window that were answered or lapsed; and of the assignments completed in it, how long they took."""

    accepted: int = 0
    declined: int = 0
    lapsed: int = 0
    completed: int = 0
    p50: timedelta | None = None
    p90: timedelta | None = None

    @property
    def offers(self) -> int:
        return self.accepted + self.declined + self.lapsed

    def share(self, some: int) -> float | None:
        return part(some, self.offers)


@dataclass(frozen=True, slots=True)
class Standing:
    """`capacity` None: not told yet. `ends`: what runs out or ran out within 60 days, the first one first."""

    specialist_id: str
    taxonomy: str
    capacity: int | None
    offered: int
    active: int
    runs_out: str
    answers: Answers
    places: tuple[str, ...]
    ends: tuple[tuple[str, date], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the page before ended."""

    key: str
    specialist_id: str


@dataclass(frozen=True, slots=True)
class Page:
    rows: tuple[Standing, ...]
    next: Place | None


def page(tx: Tx, wanted: Wanted, now: datetime, after: Place | None = None, size: int = PAGE) -> Page:
    today = now.date()
    rows = tx.conn.execute(_query(wanted, today, after).limit(size + 1)).all()
    shown, ids = rows[:size], [row.specialist_id for row in rows[:size]]
    answers = _answers(tx, ids, now - timedelta(days=WINDOWS[wanted.window]))
    ends = _ends(tx, ids)
    found = tuple(_standing(row, answers[row.specialist_id], ends[row.specialist_id], today) for row in shown)
    key = "runs_out" if wanted.sort == Sort.ENDS else "load"
    return Page(found, Place(str(shown[-1]._mapping[key]), ids[-1]) if len(rows) > size else None)  # noqa: SLF001 - public name


def _standing(row: Any, answers: Answers, ends: Sequence[tuple[str, date]], today: date) -> Standing:
    near = tuple(sorted((each for each in ends if abs(each[1] - today) <= SOON), key=lambda each: (each[1], each[0])))
    places = tuple(what for what, until in ends if what != CREDENTIALS and until >= today)
    return Standing(
        row.specialist_id, row.taxonomy, row.capacity, row.offered, row.active, row.runs_out, answers, places, near
    )


def _until() -> Subquery:
    """Per specialist and place the last day of the licence that lasts longest there; and of the credentials."""
    last = func.max(LICENCES.c.valid_to).label("until")
    licences = select(LICENCES.c.specialist_id, LICENCES.c.place.label("what"), last)
    own = select(SPECIALISTS.c.specialist_id, literal(CREDENTIALS), SPECIALISTS.c.credentials_until)
    grouped = licences.group_by(LICENCES.c.specialist_id, LICENCES.c.place)
    return union_all(grouped, own.where(SPECIALISTS.c.credentials_until.is_not(None))).subquery()


def _query(wanted: Wanted, today: date, after: Place | None) -> "Select[Any]":
    until, open_ = _until(), _open()
    recent = until.c.until >= (today - SOON).isoformat()
    first = select(until.c.specialist_id, func.min(until.c.until).label("first_end")).where(recent)
    ends = first.group_by(until.c.specialist_id).subquery()
    runs_out = func.coalesce(ends.c.first_end, NEVER)
    offered, active = (func.coalesce(open_.c[name], 0) for name in ("offered", "active"))
    load = offered + active
    query = (
        select(
            SPECIALISTS,
            offered.label("offered"),
            active.label("active"),
            load.label("load"),
            runs_out.label("runs_out"),
        )
        .outerjoin(ends, ends.c.specialist_id == SPECIALISTS.c.specialist_id)
        .outerjoin(open_, open_.c.specialist_id == SPECIALISTS.c.specialist_id)
        .where(*_conditions(wanted, today))
    )
    if wanted.ends:
        query = query.where(runs_out <= (today + SOON).isoformat())
    if wanted.load:
        query = query.where(
            active >= SPECIALISTS.c.capacity if wanted.load == "full" else active < SPECIALISTS.c.capacity
        )
    return _ordered(query, wanted, after, runs_out, load)


def _open() -> Subquery:
    offered, active = (
        func.sum(case((OFFERS.c.state == state, 1), else_=0)).label(name)
        for state, name in ((OFFERED, "offered"), (ACCEPTED, "active"))
    )
    return select(OFFERS.c.specialist_id, offered, active).where(OPEN).group_by(OFFERS.c.specialist_id).subquery()


def _conditions(wanted: Wanted, today: date) -> Iterator[Any]:
    if wanted.q:
        yield SPECIALISTS.c.specialist_id == wanted.q
    if wanted.taxonomy:
        yield SPECIALISTS.c.taxonomy.contains(wanted.taxonomy, autoescape=True)
    if wanted.place:
        day = today.isoformat()
        there = (LICENCES.c.place == wanted.place.upper(), LICENCES.c.valid_from <= day, LICENCES.c.valid_to >= day)
        yield SPECIALISTS.c.specialist_id.in_(select(LICENCES.c.specialist_id).where(*there))


def _ordered(query: "Select[Any]", wanted: Wanted, after: Place | None, runs_out: Any, load: Any) -> "Select[Any]":
    id_ = SPECIALISTS.c.specialist_id
    if wanted.sort == Sort.LOAD:
        if after:
            last = int(after.key) if after.key.isdecimal() else 0
            query = query.where(or_(load < last, and_(load == last, id_ > after.specialist_id)))
        return query.order_by(load.desc(), id_)
    if after:
        query = query.where(or_(runs_out > after.key, and_(runs_out == after.key, id_ > after.specialist_id)))
    return query.order_by(runs_out, id_)


def _answers(tx: Tx, ids: Sequence[str], since: datetime) -> Mapping[str, Answers]:
    """Only of the specialists of one page: their offers are a few ranges of an index."""
    theirs = OFFERS.c.specialist_id.in_(ids)
    columns = (OFFERS.c.specialist_id, OFFERS.c.state, func.count().label("count"))
    made = select(*columns).where(theirs, OFFERS.c.offered_at >= iso(since)).group_by(*columns[:2])
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for row in tx.conn.execute(made):
        counts[row.specialist_id][row.state] = row[2]
    done = select(OFFERS).where(theirs, OFFERS.c.state == COMPLETED, OFFERS.c.ended_at >= iso(since))
    took: dict[str, list[timedelta]] = defaultdict(list)
    for row in tx.conn.execute(done):
        took[row.specialist_id].append(parse_iso(row.ended_at) - parse_iso(row.answered_at))
    return {each: _answered(counts[each], sorted(took[each])) for each in ids}


def _answered(counts: Mapping[str, int], took: Sequence[timedelta]) -> Answers:
    accepted = sum(counts.get(state, 0) for state in TAKEN)
    declined, lapsed = counts.get(DECLINED, 0), counts.get(LAPSED, 0)
    return Answers(accepted, declined, lapsed, len(took), quantile(took, 0.5), quantile(took, 0.9))


def _ends(tx: Tx, ids: Sequence[str]) -> Mapping[str, list[tuple[str, date]]]:
    until = _until()
    found: dict[str, list[tuple[str, date]]] = defaultdict(list)
    for row in tx.conn.execute(select(until).where(until.c.specialist_id.in_(ids)).order_by(until.c.what)):
        found[row.specialist_id].append((row.what, date.fromisoformat(row.until)))
    return found


HEAD = (
    "specialist_id", "taxonomy", "open_offers", "assignments", "capacity", "offers_answered", "accepted", "declined", "lapsed",
    "completed", "p50_seconds", "p90_seconds", "licensed_in", "runs_out",
)  # fmt: skip


def csv_lines(rows: Iterator[Standing], *, head: bool) -> str:
    return sheet([*([HEAD] if head else []), *map(_cells, rows)])


def _cells(each: Standing) -> tuple[object, ...]:
    answers = each.answers
    times = (int(took.total_seconds()) if took is not None else None for took in (answers.p50, answers.p90))
    ends = " ".join(f"{what}:{until}" for what, until in each.ends)
    return (
        each.specialist_id, each.taxonomy, each.offered, each.active, each.capacity, answers.offers, answers.accepted,
        answers.declined, answers.lapsed, answers.completed, *times, " ".join(each.places), ends,
    )  # fmt: skip
