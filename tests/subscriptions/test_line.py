"""The line of one endpoint, whatever its receiver answers and in whatever order: order per case, nothing lost, nothing twice."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from rso_subscriptions.delivery.line import UNKNOWN, Aimed, Item, Line
from rso_subscriptions.delivery.sending import Outcome
from rso_subscriptions.domain.filters import Filter
from support.harness import START

AIMED = Aimed("e", "health", 1, "https://x", Filter(), 10_000, ())
OK, BAD = Outcome("delivered", 1, 204), Outcome("refused", 1, 500)


def seen(_aimed, _item):
    return None


def items(lanes, first=1):
    return [Item(f"e{n}", n, lane, "case.opened", "{}", queued=False) for n, lane in enumerate(lanes, first)]


def line(lanes):
    made = Line(AIMED, 0, 0, tokens=1000.0)
    made.take_in(items(lanes), (), len(lanes))
    return made


def begun(made, clock, judge=seen):
    found = []
    while item := made.following(START, clock, judge):
        found.append(item)
    return found


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=30), st.data())
def test_whatever_happens_each_case_goes_in_order_and_every_event_is_settled_once(lanes, data):
    made, order, clock, flying, results = line(lanes), [], 0.0, [], []
    while True:
        clock += 1.0
        new = begun(made, clock)
        assert len({item.lane for item in [*flying, *new]}) == len(flying) + len(new)
        flying += new
        order += new
        cursor = made.cursor
        if not flying:
            break
        item = flying.pop(data.draw(st.integers(0, len(flying) - 1)))
        outcome = data.draw(st.sampled_from([OK, OK, BAD]))
        made.landed(item, outcome, START, 0.5)
        made.rest_until = None
        assert made.cursor >= cursor
        if data.draw(st.booleans()):
            results += made.taken_away()
    results += made.taken_away()
    for lane in set(lanes):
        numbers = [item.sequence for item in order if item.lane == lane]
        assert numbers == sorted(numbers)
        settled = [each for each in results if each.item.lane == lane]
        failed = next((each.item.sequence for each in settled if each.outcome == BAD), 10**9)
        assert all(each.outcome is None for each in settled if each.item.sequence > failed), "what follows waits behind"
    assert sorted(each.item.sequence for each in results) == list(range(1, len(lanes) + 1))
    assert made.cursor == len(lanes)


def test_in_a_crowd_an_endpoint_gets_one_at_a_time_and_never_none():
    made = line("abc")
    (first,) = iter(lambda: made.following(START, 1.0, seen, crowded=True), None)
    assert first.sequence == 1
    made.landed(first, OK, START, 0.5)
    assert [item.sequence for item in iter(lambda: made.following(START, 2.0, seen, crowded=True), None)] == [2]
    assert [item.sequence for item in begun(made, 3.0)] == [3]


def test_in_between_two_turns_nothing_overtakes_what_waits_to_be_queued(monkeypatch):
    monkeypatch.setattr("rso_subscriptions.delivery.line.AT_ONCE", 1)
    made, stored = line(""), Item("e1", 1, "a", "case.opened", "{}", queued=True)
    made.take_in([stored, *items("bca", 2)], {"a"}, 4)
    for lane, sent in (("a", "b"), ("b", "c")):
        begun(made, 1.0)
        made.landed(made.flying[lane], OK, START, 0.5)
        assert [item.lane for item in begun(made, 1.0)] == [sent]
        if lane == "a":
            made.taken_away()
    assert [(each.item.sequence, each.outcome) for each in made.results] == [(2, OK), (4, None)]
    made.take_in(items("a", 5), (), 5)
    made.landed(made.flying["c"], OK, START, 0.5)
    assert begun(made, 1.0) == [], "the fourth is on its way into the queue"


def test_what_is_withheld_takes_no_turn_and_what_is_unknown_waits():
    made = line("abc")
    assert begun(made, 1.0, lambda _aimed, item: UNKNOWN if item.lane == "b" else "filter") == []
    assert [(each.item.sequence, each.withheld) for each in made.results] == [(1, "filter"), (3, "filter")]
    assert made.cursor == 1
    assert [item.lane for item in begun(made, 2.0)] == ["b"]


def test_an_endpoint_that_is_away_is_asked_by_one_at_a_time_and_not_before_its_rest_is_over():
    made = line("abcdef")
    first = begun(made, 1.0)
    for item in first:
        made.landed(item, BAD, START, 0.5)
    assert made.failures == 6
    assert begun(made, 2.0) == []
    made.take_in([Item(f"e{n}", n, f"z{n}", "case.opened", "{}", queued=False) for n in (7, 8)], made.behind, 8)
    late = START + timedelta(days=1)
    assert made.following(late, 3.0, seen) is not None
    assert made.following(late, 3.0, seen) is None
    made.landed(next(iter(made.flying.values())), OK, late, 0.5)
    assert made.back
    assert made.failures == 0


def test_what_is_held_back_at_the_last_moment_is_the_first_of_its_case_again_and_no_failure():
    made = line("aab")
    first, other = begun(made, 1.0)
    made.returned(first)
    assert made.failures == made.cursor == 0
    assert [item.sequence for item in begun(made, 2.0)] == [1]
    made.returned(first)
    assert begun(made, 3.0, lambda _aimed, _item: "grant") == []
    made.landed(other, OK, START, 0.5)
    assert [(each.item.sequence, each.withheld) for each in made.results] == [(1, "grant"), (2, "grant"), (3, None)]
    assert made.cursor == 3
