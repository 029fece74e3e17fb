"""A program's business calendar. Its holidays stand in the program's own document, so a case keeps those it was promised under."""

from rso_shared.contracts.program import Calendar
from rso_shared.kit.calendar import BusinessCalendar


def calendar_of(calendar: Calendar) -> BusinessCalendar:
    return BusinessCalendar(
        time_zone=calendar.time_zone,
        opens=calendar.opens_hour,
        closes=calendar.closes_hour,
        holidays=frozenset(),
        closures=frozenset(calendar.closures),
    )
