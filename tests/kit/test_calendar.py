"""Business time: examples a person can check by hand, and properties over zones, holidays and clock changes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rso_shared.kit.calendar import BusinessCalendar

NEW_YORK = ZoneInfo("America/New_York")
CALENDAR = BusinessCalendar(
    "America/New_York", holidays=frozenset({date(2026, 11, 26)}), closures=frozenset({date(2026, 11, 27)})
)


def local(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=NEW_YORK)


def test_a_day_is_not_24_business_hours():
    monday = local(2026, 11, 16, 9)
    assert CALENDAR.add_business_days(monday, 1) == local(2026, 11, 17, 9)
    assert CALENDAR.add_business_hours(monday, 24) == local(2026, 11, 18, 13)


def test_weekends_holidays_and_closures_are_skipped():
    assert CALENDAR.add_business_days(local(2026, 11, 20, 17), 1) == local(2026, 11, 23, 17)
    assert CALENDAR.add_business_days(local(2026, 11, 25, 10), 1) == local(2026, 11, 30, 10)


@pytest.mark.parametrize(
    ("start", "due"),
    [
        (local(2026, 11, 16, 6), local(2026, 11, 17, 8)),  # before opening: from the opening of that day
        (local(2026, 11, 16, 18), local(2026, 11, 18, 8)),  # at closing: from the next opening
        (local(2026, 11, 21, 12), local(2026, 11, 24, 8)),  # on a Saturday: from Monday's opening
    ],
)
def test_a_start_outside_opening_hours_counts_from_the_next_opening(start, due):
    assert CALENDAR.add_business_days(start, 1) == due


def test_open_is_half_open():
    assert CALENDAR.is_open(local(2026, 11, 16, 8))
    assert CALENDAR.is_open(local(2026, 11, 16, 17, 59))
    assert not CALENDAR.is_open(local(2026, 11, 16, 18))
    assert not CALENDAR.is_open(local(2026, 11, 16, 7, 59))
    assert not CALENDAR.is_open(local(2026, 11, 26, 12))


def test_the_local_hour_stays_when_the_clocks_change():
    before = local(2026, 10, 30, 9)  # Friday; summer time ends on Sunday, 1 November
    after = CALENDAR.add_business_days(before, 1)
    assert after == local(2026, 11, 2, 9)
    assert after - before.astimezone(UTC) == timedelta(days=3, hours=1)


def test_a_clock_change_inside_opening_hours_is_counted_as_it_was_lived():
    cairo = BusinessCalendar("Africa/Cairo", opens=0, closes=24)  # summer time begins on a Friday at midnight
    friday, monday = (datetime(2026, 4, day, 12, tzinfo=ZoneInfo("Africa/Cairo")) for day in (24, 27))
    thursday = datetime(2026, 4, 23, 12, tzinfo=ZoneInfo("Africa/Cairo"))
    assert cairo.business_time_between(thursday, friday) == timedelta(hours=23)
    assert cairo.business_time_between(friday, monday) == timedelta(hours=24)


def test_hours_that_end_at_closing_end_that_day():
    assert CALENDAR.add_business_hours(local(2026, 11, 16, 8), 10) == local(2026, 11, 16, 18)


def test_nothing_added_moves_only_to_the_next_opening():
    saturday = local(2026, 11, 21, 12)
    assert CALENDAR.add_business_days(saturday, 0) == CALENDAR.add_business_hours(saturday, 0) == local(2026, 11, 23, 8)


def test_between_is_negative_backwards():
    early, late = local(2026, 11, 16, 9), local(2026, 11, 16, 12)
    assert CALENDAR.business_time_between(late, early) == timedelta(hours=-3)


@pytest.mark.parametrize("hours", [(18, 8), (8, 8), (-1, 5), (8, 25)])
def test_hours_that_are_no_day_are_refused(hours):
    with pytest.raises(ValueError, match="opens before it closes"):
        BusinessCalendar("UTC", *hours)


def test_an_unknown_zone_a_naive_instant_and_a_negative_amount_are_refused():
    with pytest.raises(KeyError, match="Nowhere"):
        BusinessCalendar("Nowhere/Land")
    with pytest.raises(ValueError, match="time zone"):
        CALENDAR.is_open(datetime(2026, 11, 16, 9))  # noqa: DTZ001 - that it is naive is the point
    with pytest.raises(ValueError, match="added"):
        CALENDAR.add_business_days(local(2026, 11, 16, 9), -1)


ZONES = [
    "America/New_York",
    "America/Los_Angeles",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "Europe/Berlin",
    "Africa/Cairo",
    "UTC",
]
DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive


@st.composite
def calendars(draw):
    opens = draw(st.integers(0, 22))
    closes = draw(st.integers(opens + 1, 24))
    return BusinessCalendar(
        draw(st.sampled_from(ZONES)),
        opens,
        closes,
        draw(st.frozensets(DAYS, max_size=20)),
        draw(st.frozensets(DAYS, max_size=5)),
    )


@given(calendars(), INSTANTS, st.integers(0, 300))
def test_hours_added_are_hours_between(calendar, start, hours):
    end = calendar.add_business_hours(start, hours)
    assert calendar.business_time_between(start, end) == timedelta(hours=hours)
    assert end >= start


@given(calendars(), INSTANTS, st.integers(0, 40), st.integers(0, 40))
def test_days_add_up_and_end_on_business_days(calendar, start, first, second):
    there = calendar.add_business_days(start, first)
    local_day = there.astimezone(ZoneInfo(calendar.time_zone)).date()
    assert calendar.is_business_day(local_day)
    assert calendar.add_business_days(start, first + second) >= there
    if first:
        assert there > start


@given(calendars(), INSTANTS, st.integers(1, 30))
def test_between_a_start_and_its_due_day_lie_that_many_business_days(calendar, start, days):
    zone = ZoneInfo(calendar.time_zone)
    begin = calendar.next_open(start).astimezone(zone).date()
    end = calendar.add_business_days(start, days).astimezone(zone).date()
    between = [begin + timedelta(days=n) for n in range(1, (end - begin).days + 1)]
    assert sum(calendar.is_business_day(day) for day in between) == days


@given(calendars(), INSTANTS, INSTANTS, INSTANTS)
def test_business_time_is_additive_and_never_more_than_time(calendar, first, second, third):
    a, b, c = sorted((first, second, third))
    assert calendar.business_time_between(a, b) + calendar.business_time_between(
        b, c
    ) == calendar.business_time_between(a, c)
    assert timedelta() <= calendar.business_time_between(a, c) <= c - a


@given(calendars(), INSTANTS)
def test_the_next_opening_is_open(calendar, instant):
    opening = calendar.next_open(instant)
    assert calendar.is_open(opening)
    assert calendar.business_time_between(instant, opening) == timedelta()
