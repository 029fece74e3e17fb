"""The reports: what each counts, in words and as a query of what had been recorded by an instant."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select

from rso_operations.happenings import (
    ACCRUED,
    APPROVED,
    CASES,
    DELIVERED,
    EARNED,
    ENDED,
    HAPPENED,
    LEFT,
    OUTCOME,
    REFUNDED,
    VOIDED,
)
from rso_operations.reporting import Asked, Column, Report, Row, Taken, effects
from rso_operations.words import words
from rso_shared.contracts.vocabulary import Effect, Stage
from rso_shared.kit.clock import iso, parse_iso
from rso_shared.kit.database import Tx

EVERY, WHOLE = "all programs", "submission to delivery"
ORDER = {WHOLE: -1, **{stage.value: at for at, stage in enumerate(Stage)}}


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _share(value: float | None) -> str:
    return "—" if value is None else f"{value:.0%}"


def _long(seconds: int | None) -> str:
    if seconds is None:
        return "—"
    hours, minutes = seconds // 3600, seconds // 60
    if hours >= 24:  # noqa: PLR2004 - of a day
        return f"{hours // 24} d {hours % 24} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


_PROGRAM = Column("program", "Program", words, number=False)
_CURRENCY = Column("currency", "Currency", str, number=False)


def _text(name: str, label: str) -> Column:
    return Column(name, label, words, number=False)


def _amount(name: str, label: str) -> Column:
    return Column(name, label, str, minor=True)


TURNAROUND = Report(
    "turnaround", "Turnaround",
    "Cases delivered for the first time in the period: the time from submission to delivery, which never pauses, and whether the "
    "delivery came no later than the promise that stood then (a share of those that had one). Below each program its stages: every "
    "stay in a stage that ended in the period, however often the case was in it. Half within and nine of ten within are nearest "
    "ranks: times that occurred.",
    (_PROGRAM, _text("stage", "Stage"), Column("cases", "Cases", _count), Column("p50_seconds", "Half within", _long),
     Column("p90_seconds", "Nine of ten within", _long), Column("promised", "Promised", _count),
     Column("on_time", "On time", _share)),
)  # fmt: skip
OUTCOMES = Report(
    "outcomes", "Outcomes",
    "Opinions signed in the period, by what they mean for the diagnosis and for the treatment as the specialist coded it. Of several "
    "signed versions of one case in the period the last one counts.",
    (_PROGRAM, _text("about", "About"), *(Column(effect.value, effect.value.capitalize(), _count) for effect in Effect),
     Column("signed", "Signed", _count)),
)  # fmt: skip
ENDINGS = Report(
    "endings", "Endings",
    "Cases that ended in the period, by how intake recorded it: closed, declined, withdrawn or expired, with the reason (of a "
    "withdrawal: on whose side). The first ending of a case counts.",
    (_PROGRAM, _text("ending", "Ending"), _text("reason", "Reason"), Column("cases", "Cases", _count)),
)  # fmt: skip
HONORARIA = Report(
    "honoraria", "Honoraria",
    "Honoraria of specialists that came to be owed (accrued) and that were approved for payment in the period, by when billing "
    "recorded it.",
    (_PROGRAM, _CURRENCY, Column("accrued", "Accrued", _count), _amount("accrued_minor", "Amount accrued"),
     Column("approved", "Approved", _count), _amount("approved_minor", "Amount approved")), money=True,
)  # fmt: skip
REVENUE = Report(
    "revenue", "Revenue",
    "Charges that became due in the period at their program's charge point, and what was taken back in the period of charges that had "
    "become due: refunded or void. By when billing recorded it. Deposits that were returned before a charge was due are in neither.",
    (Column("sponsor", "Sponsor", lambda sponsor: sponsor or "no sponsor", number=False), _PROGRAM, _CURRENCY,
     Column("charges", "Charges", _count), _amount("earned_minor", "Due"), _amount("taken_back_minor", "Taken back"),
     _amount("net_minor", "Net")), money=True,
)  # fmt: skip


def _happened(asked: Asked, *kinds: str) -> "tuple[ColumnElement[bool], ...]":
    at = HAPPENED.c.at
    found = [
        HAPPENED.c.kind.in_(kinds), at >= iso(asked.begin), at < iso(asked.end),
        HAPPENED.c.recorded_at < iso(asked.known),
    ]  # fmt: skip
    return (*found, CASES.c.program_id == asked.program) if asked.program else tuple(found)


def _of(*columns: Any) -> "Select[Any]":
    joined = HAPPENED.outerjoin(CASES, CASES.c.case_id == HAPPENED.c.case_id)
    return select(func.coalesce(CASES.c.program_id, "unknown").label("program"), *columns).select_from(joined)


def turnaround(tx: Tx, asked: Asked) -> Iterator[Row]:
    taken: dict[tuple[str, str], Taken] = {}
    for (program, stage), seconds, kept in _times(tx, asked):
        for each in (program,) if asked.program else (program, EVERY):
            one = taken.setdefault((each, stage), Taken([], []))
            one.seconds.append(seconds)
            one.kept.extend(kept)
    for program, stage in sorted(taken, key=lambda key: (key[0] != EVERY, key[0], ORDER.get(key[1], len(ORDER)))):
        yield (program, stage, *taken[program, stage].row())


def _times(tx: Tx, asked: Asked) -> Iterator[tuple[tuple[str, str], int, list[bool]]]:
    columns = (CASES.c.submitted_at, HAPPENED.c.at, HAPPENED.c.other)
    for each in tx.conn.execute(_of(*columns).where(*_happened(asked, DELIVERED), CASES.c.submitted_at.is_not(None))):
        seconds = int((parse_iso(each.at) - parse_iso(each.submitted_at)).total_seconds())
        yield (each.program, WHOLE), seconds, [each.at <= each.other] if each.other else []
    for each in tx.conn.execute(_of(HAPPENED.c.code, HAPPENED.c.seconds).where(*_happened(asked, LEFT))):
        yield (each.program, each.code), each.seconds, []


def outcomes(tx: Tx, asked: Asked) -> Iterator[Row]:
    query = _of(HAPPENED.c.case_id, HAPPENED.c.code, HAPPENED.c.other).where(*_happened(asked, OUTCOME))
    last = {each.case_id: each for each in tx.conn.execute(query.order_by(HAPPENED.c.at, HAPPENED.c.event_id))}
    found: dict[str, list[Any]] = defaultdict(list)
    for each in last.values():
        found[each.program].append(each)
    for program, signed in sorted(found.items()):
        yield (program, "diagnosis", *effects([each.code for each in signed]))
        yield (program, "treatment", *effects([each.other for each in signed]))


def endings(tx: Tx, asked: Asked) -> Iterator[Row]:
    query = _of(HAPPENED.c.code, HAPPENED.c.other).where(*_happened(asked, ENDED))
    counts = Counter((each.program, each.code, each.other) for each in tx.conn.execute(query))
    yield from ((*key, count) for key, count in sorted(counts.items()))


def _summed(kind: str) -> tuple[Any, Any]:
    mine = HAPPENED.c.kind == kind
    return func.sum(case((mine, 1), else_=0)), func.sum(case((mine, HAPPENED.c.amount_minor), else_=0))


def honoraria(tx: Tx, asked: Asked) -> Iterator[Row]:
    query = _of(HAPPENED.c.currency, *_summed(ACCRUED), *_summed(APPROVED)).where(*_happened(asked, ACCRUED, APPROVED))
    for each in tx.conn.execute(
        query.group_by("program", HAPPENED.c.currency).order_by("program", HAPPENED.c.currency)
    ):
        yield (each[0], each[1], *map(int, each[2:]))


def revenue(tx: Tx, asked: Asked) -> Iterator[Row]:
    sponsor = func.coalesce(CASES.c.sponsor_id, "").label("sponsor")
    columns = (sponsor, HAPPENED.c.currency, *_summed(EARNED), func.sum(HAPPENED.c.amount_minor))
    query = _of(*columns).where(*_happened(asked, EARNED, REFUNDED, VOIDED))
    keys = ("sponsor", "program", HAPPENED.c.currency)
    for each in tx.conn.execute(query.group_by(*keys).order_by(*keys)):
        charges, earned, net = map(int, each[3:])
        yield (each.sponsor, each.program, each.currency, charges, earned, net - earned, net)


Counted = Callable[[Tx, Asked], Iterator[Row]]
REPORTS: Mapping[str, tuple[Report, Counted]] = {
    report.name: (report, counted)
    for report, counted in (
        (TURNAROUND, turnaround), (OUTCOMES, outcomes), (ENDINGS, endings), (HONORARIA, honoraria), (REVENUE, revenue),
    )
}  # fmt: skip
