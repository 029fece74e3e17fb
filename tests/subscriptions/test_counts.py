"""The month's numbers: told once, small ones hidden, and no number that follows from two others."""

import json
from datetime import UTC, datetime, timedelta

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
    assert numbers(subs, PLATFORM) == numbers(subs, SPONSOR)
    assert told(subs, PLATFORM)[0]["sponsor"]["external_id"] == f"ext-{SPONSOR}"


def test_nobody_hears_the_numbers_after_a_grant_has_ended(subs):
    grant(subs, until=START + timedelta(days=20))
    subs.clock.set(START + timedelta(days=40))
    counts.tell_and_forget(subs.service)
    assert len(told(subs, SPONSOR)) == 1
    assert told(subs, PLATFORM) == []


def test_two_sponsors_that_differ_by_a_member_tell_the_same(subs):
    """Differencing: whoever holds the feeds of both learns of no cell of one to ten, be it by subtraction."""
    subs.receive(*(opened(number, SPONSOR, partner=None) for number in range(3)))
    subs.receive(*(opened(number, OTHER, partner=None) for number in range(4)))
    grant(subs)
    grant(subs, OTHER)
    subs.clock.set(START + timedelta(days=40))
    counts.tell_and_forget(subs.service)
    heard = told(subs, PLATFORM)
    assert heard[0]["data"] == heard[1]["data"]
    assert set(heard[0]["data"]) == {"month", "cases_opened", "opinions_delivered", "cases_ended"}, (
        "no sum over sponsors"
    )
