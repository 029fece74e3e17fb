"""The month's numbers: told once, small ones hidden, and no number that follows from two others."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from rso_shared.contracts.intake import CoveredLivesStated
from rso_shared.contracts.vocabulary import Stage
from rso_subscriptions import counts
from subscriptions.scene import OTHER, PLATFORM, SPONSOR, entered, grant, opened, rows
from support.harness import START


def told(subs, organisation):
    return [json.loads(row.payload) for row in rows(subs, organisation) if row.type == "counts.monthly"]


def numbers(subs, organisation):
    return [tuple(each["data"].values()) for each in told(subs, organisation)]


def test_a_month_is_told_once_a_day_after_it_is_over(subs):
    subs.receive(*(opened(number, partner=None) for number in range(12)))
    subs.receive(*(entered(number, Stage.DELIVERED) for number in range(3)))
    counts.tell_and_forget(subs.service)
    subs.clock.set(datetime(2026, 4, 1, 12, tzinfo=UTC))
    counts.tell_and_forget(subs.service)
    assert told(subs, SPONSOR) == []
    subs.clock.set(datetime(2026, 4, 2, tzinfo=UTC))
    for _ in range(2):
        counts.tell_and_forget(subs.service)
    assert numbers(subs, SPONSOR) == [("2026-03", 12, "<11", 0)]
    assert numbers(subs, OTHER) == [("2026-03", 0, 0, 0)]


def test_a_small_sponsor_gets_its_numbers_and_so_does_its_platform(subs):
    subs.receive(CoveredLivesStated(organisation_id=SPONSOR, covered_lives=9))
    grant(subs, level="counts")
    subs.receive(opened(1), entered(1, Stage.DECLINED))
    subs.clock.set(START + timedelta(days=95))
    counts.tell_and_forget(subs.service)
    assert numbers(subs, SPONSOR) == [("2026-03", "<11", 0, "<11"), ("2026-04", 0, 0, 0), ("2026-05", 0, 0, 0)]
    assert numbers(subs, PLATFORM) == numbers(subs, SPONSOR)[1:], "of March it was not granted the whole"
    assert told(subs, PLATFORM)[0]["sponsor"]["external_id"] == f"ext-{SPONSOR}"


def test_nobody_hears_the_numbers_after_a_grant_has_ended(subs):
    grant(subs, until=START + timedelta(days=20))
    subs.clock.set(START + timedelta(days=40))
    counts.tell_and_forget(subs.service)
    assert len(told(subs, SPONSOR)) == 1
    assert told(subs, PLATFORM) == []


APRIL, MAY = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def months_heard(subs, grants):
    """Of which months the platform has heard the numbers in June, under grants of these instants."""
    for begins, ends in grants:
        grant(subs, level="counts", effective_from=begins, until=ends)
        subs.clock.set(subs.clock.now() + SECOND)
    subs.clock.set(MAY + 32 * DAY)
    counts.tell_and_forget(subs.service)
    return [each["data"]["month"] for each in told(subs, PLATFORM)]


@pytest.mark.parametrize(
    ("grants", "months"),
    [
        ([(APRIL, None)], ["2026-04", "2026-05"]),
        ([(APRIL + SECOND, None)], ["2026-05"]),
        ([(APRIL, APRIL + 9 * DAY), (APRIL + 9 * DAY, None)], ["2026-04", "2026-05"]),
        ([(APRIL, APRIL + 9 * DAY), (APRIL + 9 * DAY + SECOND, None)], ["2026-05"]),
        ([(APRIL, MAY + 31 * DAY)], []),
    ],
)
def test_a_platform_hears_the_numbers_of_months_that_its_grant_covers_whole(subs, grants, months):
    assert months_heard(subs, grants) == months


def test_two_sponsors_that_differ_by_a_member_tell_the_same(subs):
    """Differencing: whoever holds the feeds of both learns of no cell of one to ten, be it by subtraction."""
    subs.receive(*(opened(number, SPONSOR, partner=None, at=APRIL) for number in range(3)))
    subs.receive(*(opened(number, OTHER, partner=None, at=APRIL) for number in range(4)))
    grant(subs)
    grant(subs, OTHER)
    subs.clock.set(MAY + DAY)
    counts.tell_and_forget(subs.service)
    heard = told(subs, PLATFORM)
    assert heard[0]["data"]["cases_opened"] == "<11"
    assert heard[0]["data"] == heard[1]["data"]
    assert set(heard[0]["data"]) == {"month", "cases_opened", "opinions_delivered", "cases_ended"}, (
        "no sum over sponsors"
    )
