"""What an employer may be told of its people's cases: a month's numbers, by program where nobody can be found in them.

Only whole months of UTC that are over, as they had been recorded a day later: a month never changes, months do not overlap, and no
number covers several sponsors, so that no difference of two reports says anything that a report does not. The totals are those of the
monthly event (docs/subscribe.md). A sponsor that is too small to hear of single cases is told totals alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Subquery, func, select

from rso_operations.happenings import CASES, DELIVERED, HAPPENED, OPENED, OVER
from rso_operations.reporting import Column, Report, Row, midnight
from rso_operations.reporting import day as parsed_day
from rso_operations.suppression import Cell, line
from rso_operations.words import words
from rso_shared.contracts.intake import CoveredLivesStated
from rso_shared.kit import facts
from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx

FEWEST_LIVES, FEWEST_CASES, WINDOW = 50, 11, timedelta(days=365)
SETTLED = timedelta(days=1)
FIRST_YEAR = 2000
TOTAL = "all programs"
KINDS = (OPENED, DELIVERED, OVER)


def _cell(value: Cell) -> str:
    return f"{value:,}" if isinstance(value, int) else value


EMPLOYER = Report(
    "employer", "Employer report",
    "Cases opened, opinions delivered and cases ended in the month, of members of this sponsor. Numbers from 1 to 10 are given as "
    "<11; a number that would give away a small one is withheld, and if none of a column can be told by program, all of it is. "
    "Recorded by a day after the end of the month; it never changes. Sponsors with fewer than 50 covered lives or fewer than 11 cases "
    "in the year before get totals alone.",
    (Column("program", "Program", words, number=False), Column("opened", "Opened", _cell), Column("delivered", "Delivered", _cell),
     Column("ended", "Ended", _cell)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Month:
    begin: datetime
    end: datetime

    @property
    def name(self) -> str:
        return f"{self.begin:%Y-%m}"

    @property
    def known(self) -> datetime:
        return self.end + SETTLED


def month(text: str, now: datetime) -> Month:
    """The named month, or the last one that can be told at `now`: none that is not over yet."""
    latest = _month((now - SETTLED).replace(day=1) - timedelta(days=1))
    asked = parsed_day(f"{text.strip()}-01")
    known = asked is not None and asked.year >= FIRST_YEAR
    return min(_month(midnight(asked)), latest, key=lambda each: each.begin) if asked and known else latest


def _month(within: datetime) -> Month:
    begin = midnight(within.date().replace(day=1))
    return Month(begin, midnight((begin + timedelta(days=32)).date().replace(day=1)))


def sponsors(tx: Tx) -> Sequence[str]:
    query = select(CASES.c.sponsor_id).where(CASES.c.sponsor_id.is_not(None)).distinct().order_by(CASES.c.sponsor_id)
    return tx.conn.execute(query).scalars().all()


def employer(tx: Tx, sponsor_id: str, of: Month) -> list[Row]:
    """By program, then the totals. No row of a program for a sponsor that is too small."""
    programs = _programs(tx, sponsor_id, of)
    counts = {kind: _counts(tx, sponsor_id, of, kind) for kind in KINDS}
    lines = [line([counts[kind].get(program, 0) for program in programs]) for kind in KINDS]
    rows: list[Row] = []
    if not _too_small(tx, sponsor_id, of):
        rows = [(program, *(each.cells[at] for each in lines)) for at, program in enumerate(programs)]
    return [*rows, (TOTAL, *(each.total for each in lines))]


def _cases(sponsor_id: str, of: Month) -> Subquery:
    """The sponsor's cases that were opened by the end of the month, as far as that had been recorded when the month was told."""
    opened = (HAPPENED.c.kind == OPENED, HAPPENED.c.at < iso(of.end), HAPPENED.c.recorded_at < iso(of.known))
    columns = (CASES.c.case_id, CASES.c.program_id, HAPPENED.c.at.label("opened_at"))
    joined = CASES.join(HAPPENED, HAPPENED.c.case_id == CASES.c.case_id)
    return select(*columns).select_from(joined).where(CASES.c.sponsor_id == sponsor_id, *opened).subquery()


def _programs(tx: Tx, sponsor_id: str, of: Month) -> list[str]:
    """Those under which anybody of the sponsor had a case by then."""
    known = _cases(sponsor_id, of)
    query = select(known.c.program_id).distinct().order_by(known.c.program_id)
    return list(tx.conn.execute(query).scalars())


def _counts(tx: Tx, sponsor_id: str, of: Month, kind: str) -> dict[str, int]:
    known, at = _cases(sponsor_id, of), HAPPENED.c.at
    when = (at >= iso(of.begin), at < iso(of.end), HAPPENED.c.recorded_at < iso(of.known))
    joined = HAPPENED.join(known, known.c.case_id == HAPPENED.c.case_id)
    query = select(known.c.program_id, func.count()).select_from(joined).where(HAPPENED.c.kind == kind, *when)
    return {row[0]: row[1] for row in tx.conn.execute(query.group_by(known.c.program_id))}


def _too_small(tx: Tx, sponsor_id: str, of: Month) -> bool:
    """As it was then. Unknown is small."""
    stated = facts.all_of(tx, sponsor_id, CoveredLivesStated, as_of=of.known)
    lives = max(stated, key=lambda fact: fact.time).data if stated else None
    known = _cases(sponsor_id, of)
    query = select(func.count()).select_from(known).where(known.c.opened_at >= iso(of.end - WINDOW))
    few = int(tx.conn.execute(query).scalar_one()) < FEWEST_CASES
    return few or not isinstance(lives, CoveredLivesStated) or lives.covered_lives < FEWEST_LIVES
