"""Who hears what: sponsors that are not too small, platforms while they are granted it, the partner that sent the case."""

import json
from datetime import timedelta

from rso_shared.contracts.billing import ChargeCaptured
from rso_shared.contracts.coordinator import PromiseChanged, WaitingChanged
from rso_shared.contracts.intake import CaseHeld, CoveredLivesStated
from rso_shared.contracts.vocabulary import CoverageRoute, HoldReason, Stage
from rso_subscriptions.domain.filters import Filter
from rso_subscriptions.domain.grant import End
from subscriptions.scene import (
    OTHER,
    PARTNER,
    PLATFORM,
    SPONSOR,
    entered,
    execute,
    grant,
    large,
    opened,
    read,
    rows,
    types,
)
from support.harness import START, Harness

DAY = timedelta(days=1)
MOVES = (Stage.SUBMITTED, Stage.SCREENING, Stage.DELIVERED, Stage.CLOSED)


def a_whole_case(subs: Harness, number: int = 1, sponsor: str = SPONSOR) -> None:
    subs.receive(opened(number, sponsor), *(entered(number, stage, sponsor) for stage in MOVES))


def test_a_sponsor_hears_of_a_case_from_its_opening_to_its_end(subs):
    large(subs)
    a_whole_case(subs)
    assert types(subs, SPONSOR) == ["case.opened", "case.stage_changed", "case.delivered", "case.ended"]
    payloads = [json.loads(row.payload) for row in rows(subs, SPONSOR)]
    assert [each["sequence"] for each in payloads] == [1, 2, 3, 4]
    assert len({each["data"]["case"] for each in payloads}) == 1
    said = json.dumps(payloads)
    assert not any(word in said for word in ("person-1", "case-employer-a-1", "order-1", "second-look", "heart"))


def test_the_partner_hears_more_and_under_its_own_reference(subs):
    case = opened(1)
    subs.receive(
        case,
        WaitingChanged(case_id=case.case_id, waiting_on=()),
        PromiseChanged(case_id=case.case_id, promised_by=START),
        CaseHeld(case_id=case.case_id, reason=HoldReason.LEGAL_REVIEW),
        entered(1, Stage.DECLINED),
    )
    heard = [json.loads(row.payload) for row in rows(subs, PARTNER)]
    assert [each["type"] for each in heard] == [
        "case.opened", "case.waiting_changed", "case.promise_changed", "case.on_hold", "case.ended",
    ]  # fmt: skip
    assert {each["data"]["client_reference"] for each in heard} == {"order-1"}
    assert heard[-1]["data"]["outcome"] == "declined"
    assert "legal_review" not in json.dumps(heard)


def test_nothing_is_told_before_the_case_itself_is_known(subs):
    """Facts of two services come in any order; what came too early is told after what it depends on."""
    subs.receive(entered(1, Stage.SCREENING))
    assert rows(subs, PARTNER) == []
    subs.receive(opened(1))
    assert types(subs, PARTNER) == ["case.opened", "case.stage_changed"]


def test_an_end_is_told_once(subs):
    large(subs)
    subs.receive(opened(1), entered(1, Stage.WITHDRAWN), entered(1, Stage.CLOSED))
    assert types(subs, SPONSOR) == ["case.opened", "case.ended"]


def test_whoever_pays_hears_that_it_is_billable(subs):
    large(subs)
    subs.receive(opened(1), opened(2, route=CoverageRoute.PARTNER_INVOICE), opened(3, route=CoverageRoute.SELF_PAY))
    for number in (1, 2, 3):
        case_id = opened(number).case_id
        subs.receive(ChargeCaptured(case_id=case_id, charge_id="c", amount_minor=5, currency="USD"))
    assert types(subs, SPONSOR).count("case.billable") == 1
    assert types(subs, PARTNER).count("case.billable") == 1


def test_a_small_sponsor_hears_of_no_single_case_and_its_numbers_do_not_move(subs):
    large(subs, cases=10)
    a_whole_case(subs)
    assert types(subs, SPONSOR) == []
    subs.receive(CoveredLivesStated(organisation_id=SPONSOR, covered_lives=49))
    large(subs, cases=30)
    a_whole_case(subs, 2)
    assert rows(subs, SPONSOR) == []
    assert types(subs, PARTNER).count("case.ended") == 2, "the partner's own cases are its own"


def test_cases_older_than_the_window_do_not_make_a_sponsor_large(subs):
    large(subs)
    subs.clock.set(START + timedelta(days=400))
    subs.receive(opened(1, at=subs.clock.now()))
    assert rows(subs, SPONSOR) == []


def test_a_sponsor_that_became_small_is_shown_nothing_of_before(subs):
    large(subs)
    a_whole_case(subs)
    subs.receive(CoveredLivesStated(organisation_id=SPONSOR, covered_lives=20))
    assert {item.withheld for item in read(subs, SPONSOR)} == {"small"}
    assert [item.sequence for item in read(subs, SPONSOR)] == [1, 2, 3, 4]


def test_a_platform_hears_what_happens_while_it_is_granted(subs):
    large(subs)
    subs.receive(opened(1))
    subs.clock.set(START + DAY)
    grant(subs, until=START + 3 * DAY)
    subs.receive(entered(1, Stage.SCREENING))
    subs.clock.set(START + 3 * DAY)
    subs.receive(entered(1, Stage.MATCHING))
    assert types(subs, PLATFORM) == ["case.stage_changed"], "before it began and from its end on there is nothing"
    assert json.loads(rows(subs, PLATFORM)[0].payload)["sponsor"] == {
        "sponsor_id": SPONSOR,
        "external_id": f"ext-{SPONSOR}",
    }
    assert [item.withheld for item in read(subs, PLATFORM)] == ["grant"], "ended: nothing is shown any more"
    grant(subs, until=None, level="stage")
    assert [item.withheld for item in read(subs, PLATFORM)] == [None], (
        "granted again: what happened under the first one"
    )


def test_a_grant_that_is_taken_back_ends_two_seconds_later(subs):
    large(subs)
    id_ = grant(subs)
    a_whole_case(subs)
    assert [item.withheld for item in read(subs, PLATFORM)] == [None] * 4
    execute(subs, SPONSOR, End(id_, None, subs.clock.now()))
    subs.clock.set(START + timedelta(seconds=1))
    assert [item.withheld for item in read(subs, PLATFORM)] == [None] * 4
    subs.clock.set(START + timedelta(seconds=2))
    assert [item.withheld for item in read(subs, PLATFORM)] == ["grant"] * 4
    assert [item.withheld for item in read(subs, SPONSOR)] == [None] * 4


def test_a_grant_of_counts_tells_of_no_single_case(subs):
    large(subs)
    grant(subs, level="counts")
    a_whole_case(subs)
    assert rows(subs, PLATFORM) == []


def test_a_filter_leaves_a_mark_for_each_number(subs):
    large(subs)
    a_whole_case(subs)
    found = read(subs, SPONSOR, wanted=Filter(types=("case.delivered",)))
    assert [(item.sequence, item.withheld) for item in found] == [
        (1, "filter"),
        (2, "filter"),
        (3, None),
        (4, "filter"),
    ]
    assert [item.withheld for item in read(subs, SPONSOR, after=2, wanted=Filter(types=("case.*",)))] == [None, None]


def test_two_sponsors_side_by_side_tell_nothing_about_each_other(subs):
    """One platform, a large and a small sponsor, the same person at both: neither numbers, keys nor ids join them."""
    large(subs)
    large(subs, OTHER)
    subs.receive(CoveredLivesStated(organisation_id=OTHER, covered_lives=30))
    grant(subs)
    grant(subs, OTHER)
    subs.receive(opened(1), opened(1, OTHER), entered(1, Stage.SCREENING), entered(1, Stage.SCREENING, OTHER))
    heard = [json.loads(row.payload) for row in rows(subs, PLATFORM)]
    assert [each["sponsor"]["sponsor_id"] for each in heard] == [SPONSOR, SPONSOR]
    assert [each["sequence"] for each in heard] == [1, 2], "the small one's events take no number here"
    subs.receive(CoveredLivesStated(organisation_id=OTHER, covered_lives=500), entered(1, Stage.MATCHING, OTHER))
    keys = {json.loads(row.payload)["data"]["member"] for row in (*rows(subs, SPONSOR), *rows(subs, OTHER))}
    assert len(keys) == 2, "the same person has another key at each sponsor"
    ids = [row.event_id for name in (SPONSOR, OTHER, PLATFORM, PARTNER) for row in rows(subs, name)]
    assert len(set(ids)) == len(ids)


def test_the_same_fact_again_takes_no_number(subs):
    large(subs)
    records = [subs.record(opened(1))]
    from rso_shared.kit import service

    for _ in range(3):
        service.consumer(subs.service).process(records)
    assert [row.sequence for row in rows(subs, PARTNER)] == [1]
