"""Reports count what had been recorded by the instant they are as of, and a rebuild counts the same."""

import itertools
from datetime import timedelta

import pytest
from kit.rooms import BACKENDS

from operations.stored import kept_in
from operations.told import DAY, HOUR, entered, life, opened, say, signed
from rso_operations import happenings, models, view_reports
from rso_operations.markup import text
from rso_operations.reporting import Asked
from rso_operations.reports import EVERY, REPORTS, WHOLE
from rso_shared.contracts.billing import ChargeCaptured, ChargeVoided, RefundIssued
from rso_shared.contracts.intake import CaseClosed, CaseDeclined
from rso_shared.contracts.vocabulary import CloseReason, DeclineReason, Effect, Stage
from rso_shared.kit import facts
from support.harness import START

TODAY = START.date()
WEEK = Asked(TODAY, TODAY + timedelta(days=7), TODAY + timedelta(days=9))


@pytest.fixture(params=BACKENDS)
def operations(request, tmp_path):
    with kept_in(request.param, tmp_path) as harness:
        yield harness


def counted(operations, name, asked=WEEK):
    with operations.service.db.read() as tx:
        return list(REPORTS[name][1](tx, asked))


def everything(operations, asked=WEEK):
    return {name: counted(operations, name, asked) for name in REPORTS}


def several(operations):
    told = [line for number in range(10) for line in life(f"c{number}", hours=number + 2)]
    say(operations, *sorted(told, key=lambda line: line[0]))


def test_turnaround_by_program_and_stage_against_the_promise(operations):
    several(operations)
    rows = {row[:2]: row[2:] for row in counted(operations, "turnaround")}
    assert rows["direct", WHOLE] == rows[EVERY, WHOLE] == (10, 6 * 3600, 10 * 3600, 10, 0.3)
    assert rows["direct", "screening"] == (10, 3600, 3600, 0, None)
    assert rows["direct", "delivered"] == (10, 86400, 86400, 0, None)
    assert list(rows)[:4] == [(EVERY, WHOLE), (EVERY, "screening"), (EVERY, "in_review"), (EVERY, "delivered")]


def test_a_program_alone(operations):
    say(operations, *life("a", hours=2), *life("b", hours=3, program="other", at=START + 3 * DAY))
    one = Asked(WEEK.first, WEEK.last, WEEK.as_of, "other")
    assert {row[0] for row in counted(operations, "turnaround", one)} == {"other"}
    assert [row[0] for row in counted(operations, "endings", one)] == ["other"]


def test_what_was_recorded_later_is_not_known_yet(operations):
    """The period is the same; only what is known of it grows."""
    several(operations)
    late = signed("c0", Effect.CLARIFIED, Effect.CHANGED, START + 3 * HOUR, version=2)
    say(operations, (START + 5 * DAY, late))
    before = Asked(WEEK.first, WEEK.last, TODAY + timedelta(days=4))
    assert counted(operations, "outcomes", before)[0] == ("direct", "diagnosis", 10, 0, 0, 0, 10)
    assert counted(operations, "outcomes")[0] == ("direct", "diagnosis", 9, 1, 0, 0, 10)


def test_an_instant_in_the_past_shows_what_was_counted_then(operations):
    """Facts go on coming; a report as of a day that is over does not move."""
    told = sorted(
        (line for number in range(4) for line in life(f"c{number}", hours=20 * number + 2)), key=lambda line: line[0]
    )
    then = {}
    for day in range(6):
        say(operations, *(line for line in told if line[0].date() == TODAY + timedelta(days=day)))
        asked = Asked(TODAY, TODAY + timedelta(days=7), TODAY + timedelta(days=day))
        then[day] = (asked, everything(operations, asked))
    assert len({str(found) for _, found in then.values()}) > 2
    for asked, found in then.values():
        assert everything(operations, asked) == found


def test_endings_count_once_and_say_why(operations):
    declined = CaseDeclined(case_id="d", reason=DeclineReason.HOME_CATCHMENT, alternative="")
    say(
        operations, (START, opened("d")), (START, declined),
        (START + HOUR, CaseClosed(case_id="d", close_reason=CloseReason.DECLINED, closed_at=START + HOUR)),
        *life("c", hours=2),
    )  # fmt: skip
    assert counted(operations, "endings") == [
        ("direct", "closed", "completed", 1), ("direct", "declined", "home_catchment", 1),
    ]  # fmt: skip


def test_money_due_given_back_and_owed_to_specialists(operations):
    several(operations)
    back = RefundIssued(case_id="c1", charge_id="charge c1", amount_minor=95_000, currency="USD")
    never_due = RefundIssued(case_id="z", charge_id="deposit", amount_minor=5, currency="USD")
    say(
        operations,
        (START + DAY, back),
        (START + DAY, never_due),
        (START + DAY, ChargeVoided(case_id="c2", charge_id="charge c2")),
    )
    assert counted(operations, "revenue") == [("", "direct", "USD", 10, 950_000, -190_000, 760_000)]
    assert counted(operations, "honoraria") == [("direct", "USD", 10, 500_000, 10, 500_000)]


def test_revenue_by_sponsor_and_currency(operations):
    say(operations, *life("a", hours=2, sponsor="acme"), *life("b", hours=2, sponsor="apex", at=START + 2 * DAY))
    other = ChargeCaptured(case_id="b", charge_id="more", amount_minor=700, currency="EUR")
    say(operations, (START + 3 * DAY, other))
    assert [row[:4] for row in counted(operations, "revenue")] == [
        ("acme", "direct", "USD", 1), ("apex", "direct", "EUR", 1), ("apex", "direct", "USD", 1),
    ]  # fmt: skip


def test_amounts_are_shown_in_their_currency():
    report, _ = REPORTS["revenue"]
    assert report.shown(("", "direct", "JPY", 1, 950, -50, 900))[4:] == ["950 JPY", "-50 JPY", "900 JPY"]
    assert report.shown(("acme", "direct", "USD", 1, 95_000, 0, 95_000))[4:] == ["950.00 USD", "0.00 USD", "950.00 USD"]


def test_a_second_delivery_is_not_counted(operations):
    say(operations, *life("a", hours=2)[:6], (START + 9 * HOUR, entered("a", Stage.IN_REVIEW, START + 9 * HOUR)))
    say(operations, (START + 12 * HOUR, entered("a", Stage.DELIVERED, START + 12 * HOUR)))
    rows = {row[:2]: row[2:] for row in counted(operations, "turnaround")}
    assert rows["direct", WHOLE][:2] == (1, 2 * 3600)
    assert rows["direct", "in_review"][:3] == (2, 3600, 3 * 3600)


@pytest.mark.parametrize(
    "producers", list(itertools.permutations(["billing", "coordinator", "intake", "opinions"]))[::6]
)
def test_a_rebuild_counts_the_same(operations, producers):
    """From the kept facts alone, in the order in which they came, whatever that was between services."""
    told = [line for number in range(6) for line in life(f"c{number}", hours=number + 2, sponsor="acme")]
    say(operations, *sorted(told, key=lambda line: (producers.index(line[1].producer()), line[0])))
    before = everything(operations)
    with operations.service.db.write() as tx:
        rebuilt = models.rebuild(tx)
    assert rebuilt["board"] == 6
    assert everything(operations) == before


@pytest.mark.parametrize("size", [1, 7, 22, 1000])
def test_facts_are_read_in_pieces_of_any_size_each_once_and_in_order(operations, size):
    say(operations, *life("a", hours=2), *life("b", hours=3))
    with operations.service.db.read() as tx:
        found = [(fact.key, type(fact.data)) for fact in facts.in_order(tx, *happenings.SHOWN, size=size)]
    told = [(fact.key(), type(fact)) for _, fact in (*life("a", hours=2), *life("b", hours=3))]
    assert found == told


def test_services_may_overtake_one_another(operations):
    """A service's own facts come in order; those of another may come before or after them."""
    told = [line for number in range(3) for line in life(f"c{number}", hours=number + 2)]
    say(operations, *sorted(told, key=lambda line: (line[1].producer(), line[0])))
    straight = {row[:2]: row[2:] for row in counted(operations, "turnaround")}
    assert straight["direct", WHOLE] == (3, 3 * 3600, 4 * 3600, 3, 1.0)


def test_every_report_says_what_it_counts_and_escapes_what_it_shows(operations):
    say(operations, *life("a", hours=2, program="<script>", sponsor="<b>"))
    for name, (report, _) in REPORTS.items():
        page = view_reports.report(report, counted(operations, name), WEEK.address())
        assert text(report.definition) in page
        assert f"/operations/reports/{name}.csv?from=2026-03-02&amp;to=" in page
        assert "<script>" not in page
        assert "<caption" in page
        assert "scope='row'" in page
        empty = view_reports.report(report, [], WEEK.address())
        assert "Nothing of this kind in the period." in empty
