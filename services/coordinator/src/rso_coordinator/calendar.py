"""A program's business calendar: its own hours and closures, and the US federal holidays of the years in reach."""

from datetime import date, datetime
from functools import lru_cache

import holidays
from rso_shared.contracts.program import Calendar
from rso_shared.kit.calendar import BusinessCalendar


@lru_cache
def us_holidays(year: int) -> frozenset[date]:
    """Federal holidays of this year and the next: no deadline of ours reaches further."""
    return frozenset(holidays.country_holidays("US", years=[year, year + 1]))


def calendar_of(calendar: Calendar, now: datetime) -> BusinessCalendar:
    return BusinessCalendar(
        time_zone=calendar.time_zone, opens=calendar.opens_hour, closes=calendar.closes_hour,
        holidays=us_holidays(now.year), closures=frozenset(calendar.closures),
    )  # fmt: skip
