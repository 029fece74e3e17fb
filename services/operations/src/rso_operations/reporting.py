"""What reports are made of, without a database: periods, quantiles, shares, and a report as a table of plain values."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

from rso_operations.addresses import told
from rso_operations.words import money
from rso_shared.contracts.vocabulary import Effect

T = TypeVar("T")
DAY = timedelta(days=1)
FIELDS = ("from", "to", "as_of", "program")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of a report asks for: days of UTC, both ends included, and what was recorded by the end of the day `as_of`."""

    first: date
    last: date
    as_of: date
    program: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str], now: datetime) -> "Asked":
        """An address may be typed by hand: without a day it is this month up to today, as of now."""
        today = now.astimezone(UTC).date()
        as_of = min(day(query.get("as_of", "")) or today, today)
        last = min(day(query.get("to", "")) or as_of, today)
        first = day(query.get("from", "")) or last.replace(day=1)
        return cls(min(first, last), last, as_of, told(query, "program"))

    @property
    def begin(self) -> datetime:
        return midnight(self.first)

    @property
    def end(self) -> datetime:
        """The first instant that is not in the period any more."""
        return midnight(self.last + DAY)

    @property
    def known(self) -> datetime:
        """What was recorded before this instant is counted."""
        return midnight(self.as_of + DAY)

    def address(self) -> str:
        told = {"from": self.first, "to": self.last, "as_of": self.as_of, "program": self.program}
        return "?" + urlencode({name: value for name, value in told.items() if value})


def day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def midnight(of: date) -> datetime:
    return datetime.combine(of, time(), UTC)


@dataclass(frozen=True, slots=True)
class Column:
    """`show` is for people; a CSV has the plain value. `minor`: an amount in minor units of the row's `currency`."""

    name: str
    label: str
    show: Callable[[Any], str]
    number: bool = True
    minor: bool = False


Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """`definition` says in words what is counted, so that whoever reads the number can count it again."""

    name: str
    title: str
    definition: str
    columns: tuple[Column, ...]
    money: bool = False

    def shown(self, row: Row) -> list[str]:
        """As text, not as HTML."""
        named = dict(zip((column.name for column in self.columns), row, strict=True))
        return [
            money(value, named["currency"]) if column.minor else column.show(value)
            for column, value in zip(self.columns, row, strict=True)
        ]


def quantile(ordered: Sequence[T], share: float) -> T | None:
    """Nearest rank: the smallest value that at least this share does not exceed. `ordered` ascends; None of nothing."""
    return ordered[rank(len(ordered), share)] if ordered else None


def rank(count: int, share: float) -> int:
    """Where that value stands among so many, from 0."""
    return max(0, math.ceil(share * count) - 1)


def part(some: int, of: int) -> float | None:
    """A share from 0 to 1; None of nothing."""
    return some / of if of else None


@dataclass(frozen=True, slots=True)
class Taken:
    """How long each took, in seconds. `kept`: of those with a promise, whether it was kept."""

    seconds: list[int]
    kept: list[bool]

    def row(self) -> Row:
        """(cases, half within, nine of ten within, with a promise, share on time)"""
        ordered = sorted(self.seconds)
        half, most = quantile(ordered, 0.5), quantile(ordered, 0.9)
        return len(ordered), half, most, len(self.kept), part(sum(self.kept), len(self.kept))


def effects(found: Sequence[str]) -> Row:
    """How many of each effect, and of all."""
    return (*(found.count(effect.value) for effect in Effect), len(found))
