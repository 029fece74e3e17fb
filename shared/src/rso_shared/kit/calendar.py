"""Business time: a time zone, opening hours, and days that are closed. Holidays are passed in.

A day is not 24 business hours: with ten opening hours, 24 business hours are almost two and a half days.
Every answer is an instant in UTC; the hours are those of the local clock, so a change to summer time moves the instant.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5
_HOURS = 24


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """Monday to Friday from `opens` to `closes` (whole hours, half open), except `holidays` and `closures`."""

    time_zone: str
    opens: int = 8
    closes: int = 18
    holidays: frozenset[date] = frozenset()
    closures: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if not 0 <= self.opens < self.closes <= _HOURS:
            raise ValueError(f"a business day opens before it closes, within 0 to 24: {self.opens} to {self.closes}")
        ZoneInfo(self.time_zone)  # an unknown zone is refused here, not at the first deadline

    def is_business_day(self, day: date) -> bool:
        return day.weekday() < _SATURDAY and day not in self.holidays and day not in self.closures

    def is_open(self, instant: datetime) -> bool:
        day = self._local(instant).date()
        return self.is_business_day(day) and self._opening(day) <= instant < self._closing(day)

    def next_open(self, instant: datetime) -> datetime:
        """The instant itself while open, else the next opening."""
        opening, _ = next(self._windows(instant))
        return max(opening, instant.astimezone(UTC))

    def add_business_days(self, start: datetime, days: int) -> datetime:
        """The same local time, `days` business days later. A start outside opening hours counts from the next opening."""
        local = self._local(self.next_open(_not_negative(start, days)))
        if days == 0:
            return local.astimezone(UTC)
        day = next(islice(self._business_days(local.date() + _ONE_DAY), days - 1, None))
        return datetime.combine(day, local.time(), local.tzinfo).replace(fold=0).astimezone(UTC)

    def add_business_hours(self, start: datetime, hours: float) -> datetime:
        """The instant by which `hours` opening hours have passed. It may be a closing, never the opening after it."""
        left = timedelta(hours=hours)
        start = self.next_open(_not_negative(start, hours))
        if not left:
            return start
        for opening, closing in self._windows(start):
            begin = max(opening, start)
            if closing - begin >= left:
                return begin + left
            left -= closing - begin
        raise AssertionError("business days never end")

    def business_time_between(self, start: datetime, end: datetime) -> timedelta:
        """Opening time in [start, end); negative when `end` is before `start`."""
        if end < start:
            return -self.business_time_between(end, start)
        total = timedelta()
        for opening, closing in self._windows(start):
            if opening >= end:
                break
            total += min(closing, end) - max(opening, start)
        return total

    def _local(self, instant: datetime) -> datetime:
        if instant.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return instant.astimezone(ZoneInfo(self.time_zone))

    def _at(self, day: date, hour: int) -> datetime:
        """Wall time first, then the zone: 24 is midnight of the next day, also on the days when clocks change."""
        wall = datetime.combine(day, time()) + timedelta(hours=hour)
        return wall.replace(tzinfo=ZoneInfo(self.time_zone)).astimezone(UTC)

    def _opening(self, day: date) -> datetime:
        return self._at(day, self.opens)

    def _closing(self, day: date) -> datetime:
        return self._at(day, self.closes)

    def _business_days(self, first: date) -> Iterator[date]:
        day = first
        while True:
            if self.is_business_day(day):
                yield day
            day += _ONE_DAY

    def _windows(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Opening and closing of each business day that has not closed by `start`."""
        for day in self._business_days(self._local(start).date()):
            opening, closing = self._opening(day), self._closing(day)
            if start < closing:
                yield opening, closing


def _not_negative(start: datetime, amount: float) -> datetime:
    if amount < 0:
        raise ValueError("business time is added, not taken away")
    return start
