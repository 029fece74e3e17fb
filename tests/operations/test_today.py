"""Today: every number on it is a count of the board, and a case stands in each list that it belongs to."""

from datetime import timedelta

import pytest

from operations.cases import submitted
from rso_operations import today, view_today
from rso_operations.app import SPEC
from rso_operations.freshness import Freshness
from rso_operations.reporting import quantile
from rso_shared.contracts.base import FactModel
from rso_shared.contracts.coordinator import EscalationRaised, PromiseChanged, StageEntered, WaitingChanged, WaitingOn
from rso_shared.contracts.intake import CaseHeld, CaseResumed, OwnerAssigned
from rso_shared.contracts.vocabulary import HoldReason, Stage
from support.harness import START, Harness

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FRESH = Freshness(START)


@pytest.fixture
def operations(tmp_path):
    harness = Harness(SPEC, tmp_path)
    yield harness
    harness.close()


def opened(operations, case_id, *facts: FactModel, stage=Stage.COMPILING_RECORDS):
    operations.receive(submitted(case_id), StageEntered(case_id=case_id, stage=stage, entered_at=START), *facts)


def waiting(case_id, due):
    one = WaitingOn(party="facility", what="records", since=START, due=due, how_to_act="/v1/x")
    return WaitingChanged(case_id=case_id, waiting_on=(one,))


def seen(operations, now=START + 2 * DAY):
    with operations.service.db.read() as tx:
        return today.today(tx, now)


def ids(few):
    assert few.count == len(few.rows)
    return {row.case_id for row in few.rows}


def test_a_case_is_late_by_what_it_waits_for_or_by_its_promise(operations):
    opened(operations, "due", waiting("due", START + DAY))
    opened(operations, "promised", PromiseChanged(case_id="promised", promised_by=START + DAY))
    opened(operations, "soon", waiting("soon", START + 2 * DAY + HOUR))
    opened(operations, "later", waiting("later", START + 9 * DAY))
    found = seen(operations)
    assert ids(found.overdue) == {"due", "promised"}
    assert ids(found.due_soon) == {"soon"}


def test_after_the_delivery_nothing_is_late(operations):
    late = PromiseChanged(case_id="done", promised_by=START - HOUR)
    opened(operations, "done", late, stage=Stage.DELIVERED)
    assert seen(operations).overdue.count == 0


def test_holds_count_until_the_last_reason_is_gone(operations):
    held = [CaseHeld(case_id="h", reason=reason) for reason in (HoldReason.FURTHER_TESTING, HoldReason.PAYMENT)]
    opened(operations, "h", *held)
    assert seen(operations).held.rows[0].held == ("further_testing", "payment")
    operations.receive(CaseResumed(case_id="h", reason=HoldReason.PAYMENT))
    assert ids(seen(operations).held) == {"h"}
    operations.receive(CaseResumed(case_id="h", reason=HoldReason.FURTHER_TESTING))
    assert seen(operations).held.count == 0


def test_a_queue_is_nobody_and_a_person_is_somebody(operations):
    opened(operations, "c")
    assert ids(seen(operations).unclaimed) == {"c"}
    operations.receive(OwnerAssigned(case_id="c", owner="nurse-1"))
    assert seen(operations).unclaimed.count == 0


def test_an_escalation_ends_with_its_stage(operations):
    opened(operations, "e", EscalationRaised(case_id="e", reason="records/supervisor", to="operations"))
    assert ids(seen(operations).escalated) == {"e"}
    operations.receive(StageEntered(case_id="e", stage=Stage.SUMMARIZING, entered_at=START + HOUR))
    assert seen(operations).escalated.count == 0


def test_turnaround_against_the_promise(operations):
    for number in range(10):
        case_id, at = f"d{number}", START + (number + 1) * HOUR
        promised = PromiseChanged(case_id=case_id, promised_by=START + 8 * HOUR)
        operations.receive(
            submitted(case_id), promised, StageEntered(case_id=case_id, stage=Stage.DELIVERED, entered_at=at)
        )
    found = seen(operations).turnaround
    assert (found.deliveries, found.p50, found.p90, found.on_time) == (10, 5 * HOUR, 9 * HOUR, 0.8)
    assert seen(operations, START + 60 * DAY).turnaround.deliveries == 0


def test_days_count_what_arrived_and_what_left(operations):
    opened(operations, "a")
    opened(operations, "b", stage=Stage.DELIVERED)
    days = {day.day: (day.arrived, day.delivered) for day in seen(operations).days}
    assert len(days) == today.DAYS
    assert days[f"{START:%Y-%m-%d}"] == (2, 1)
    assert sum(arrived for arrived, _ in days.values()) == 2


def test_a_list_says_how_many_it_does_not_show(operations):
    for number in range(today.SHOWN + 3):
        opened(operations, f"c{number:02}", waiting(f"c{number:02}", START + HOUR))
    found = seen(operations)
    assert (found.overdue.count, len(found.overdue.rows)) == (today.SHOWN + 3, today.SHOWN)
    assert "and 3 more" in view_today.page(found, START + DAY, FRESH)


def test_an_empty_day_says_so_in_words(operations):
    page = view_today.page(seen(operations), START, FRESH)
    for words in (
        "0 under way, 0 overdue",
        "Nothing is late.",
        "Every case has a person who owns it.",
        "no promise yet",
    ):
        assert words in page


@pytest.mark.parametrize(("share", "hours"), [(0.5, 2), (0.9, 4), (0.01, 1), (1.0, 4)])
def test_quantiles_are_values_that_occurred(share, hours):
    assert quantile([hour * HOUR for hour in (1, 2, 3, 4)], share) == hours * HOUR
    assert quantile([], share) is None
