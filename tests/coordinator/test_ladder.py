"""Ladders at both ends: the instant before a rung nothing is due, at its instant it is."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rso_coordinator.domain import ladder
from rso_coordinator.domain.ladder import OpenRequest, Rung, next_rung

AT = datetime(2026, 3, 2, 15, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
RECORDS = {"follow_up": 7 * DAY, "escalate": 14 * DAY, "call": 21 * DAY, "decide": 30 * DAY}


def test_reminders_and_expiry():
    rungs = ladder.reminders(AT, [2 * DAY, 5 * DAY, 10 * DAY, 20 * DAY], 30 * DAY)
    assert [(r.rung, (r.due - AT).days, r.effect) for r in rungs] == [
        ("reminder_1", 2, "remind"), ("reminder_2", 5, "remind"), ("reminder_3", 10, "remind"),
        ("reminder_4", 20, "remind"), ("expiry", 30, "expire"),
    ]  # fmt: skip


def test_review_counts_heads_up_from_acceptance_and_overdue_from_the_due_instant():
    rungs = ladder.review(AT, AT + 48 * HOUR, [50, 75], [0 * HOUR, 12 * HOUR, 24 * HOUR])
    assert [(r.rung, (r.due - AT) / HOUR, r.effect) for r in rungs] == [
        ("heads_up_50", 24, "heads_up"), ("heads_up_75", 36, "heads_up"), ("overdue_1", 48, "overdue_notice"),
        ("overdue_2", 60, "overdue_supervisor"), ("overdue_3", 72, "overdue_backup"),
    ]  # fmt: skip


def test_further_overdue_steps_offer_further_backups():
    rungs = ladder.review(AT, AT + HOUR, [], [HOUR * n for n in range(5)])
    assert [r.effect for r in rungs][2:] == ["overdue_backup"] * 3


def test_records_has_three_steps_per_request_and_one_decision():
    rungs = ladder.records(AT, [OpenRequest("a", AT), OpenRequest("b", AT + DAY)], **RECORDS)
    assert len(rungs) == 7
    assert next_rung(rungs, []) == Rung("a_follow_up", AT + 7 * DAY, "follow_up_request", "a")
    assert max(rungs, key=lambda r: r.due) == Rung("decide", AT + 30 * DAY, "escalate_records")


def test_a_request_that_is_sent_again_has_steps_of_its_own():
    first, second = (ladder.records(AT, [OpenRequest("a", AT, attempt)], **RECORDS) for attempt in (1, 2))
    assert [rung.rung for rung in first[1:]] == ["a_follow_up", "a_escalate", "a_call"]
    assert [rung.rung for rung in second[1:]] == ["a_2_follow_up", "a_2_escalate", "a_2_call"]
    assert {rung.target for rung in second[1:]} == {"a"}


def test_a_broken_promise_is_one_escalation():
    assert ladder.overdue_once(AT, "finance") == [Rung("overdue", AT, "escalate", "finance")]


def test_the_next_rung_is_the_earliest_that_has_not_fired_by_name_on_a_tie():
    rungs = [Rung("b", AT, "x"), Rung("a", AT, "x"), Rung("c", AT - HOUR, "x")]
    assert [getattr(next_rung(rungs, fired), "rung", None) for fired in ([], ["c"], ["c", "a"], ["a", "b", "c"])] == [
        "c", "a", "b", None,
    ]  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 5)), max_size=8, unique_by=lambda pair: pair[0]))
def test_whatever_the_requests_each_rung_comes_once_and_in_the_order_of_time(requests):
    rungs = ladder.records(AT, [OpenRequest(str(day), AT + day * DAY) for day, _ in requests], **RECORDS)
    assert len({rung.rung for rung in rungs}) == len(rungs)
    fired: list[str] = []
    dues = []
    while (rung := next_rung(rungs, fired)) is not None:
        fired.append(rung.rung)
        dues.append(rung.due)
    assert dues == sorted(dues)
    assert len(fired) == len(rungs)
