"""Deciders and schedules: given, when, then."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from rso_shared.kit.sealed import Sealed
from rso_subscriptions.domain import schedule, small
from rso_subscriptions.domain.endpoint import (
    ENDPOINT,
    Aim,
    AskProbe,
    Change,
    Create,
    MoveCursor,
    Pause,
    Remove,
    Resume,
    Rotate,
)
from rso_subscriptions.domain.endpoint_events import EndpointPaused, EndpointResumed, Private, Secret
from rso_subscriptions.domain.filters import Filter
from rso_subscriptions.domain.grant import GRANTS, End, Give
from support.deciding import given
from support.harness import START

HOUR = timedelta(hours=1)
AIM = Aim(url="https://hooks.example.org/", filter=Filter(), rate=50)
CREATE = Create(
    endpoint_id="e", organisation_id="health", aim=AIM, after=3, private=Sealed("endpoint/e", Private("first", "a@b.c")),
    now=START,
)  # fmt: skip


def created():
    return ENDPOINT.decide(CREATE, None)


def rotated(secret, at, events):
    return [*events, *ENDPOINT.decide(Rotate(Sealed("endpoint/e", Secret(secret)), at), ENDPOINT.fold(events))]


def test_what_is_so_already_is_absorbed():
    given(ENDPOINT, *created()).when(CREATE).then()
    given(ENDPOINT, *created()).when(Change(AIM)).then()
    given(ENDPOINT, *created()).when(Resume(START)).then()
    paused = EndpointPaused(endpoint_id="e", reason="asked", paused_at=START)
    given(ENDPOINT, *created()).when(Pause("asked", START)).then(paused)
    given(ENDPOINT, *created(), paused).when(Pause("failing", START)).then()
    given(ENDPOINT, *created(), paused).when(Resume(START)).then(EndpointResumed(endpoint_id="e", resumed_at=START))
    given(ENDPOINT, *created(), paused).when(AskProbe("p", START)).refused("endpoint_paused")


def test_nothing_happens_to_what_is_not_there():
    for command in (Change(AIM), Pause("asked", START), MoveCursor(0), AskProbe("p", START), Remove(START)):
        given(ENDPOINT).when(command).refused("endpoint_unknown")
    gone = [*created(), *ENDPOINT.decide(Remove(START), ENDPOINT.fold(created()))]
    given(ENDPOINT, *gone).when(Resume(START)).refused("endpoint_unknown")


def test_old_secrets_sign_for_a_day_each():
    events = rotated("second", START, created())
    events = rotated("third", START + 6 * HOUR, events)
    state = ENDPOINT.fold(events)
    assert state.secrets(START + 7 * HOUR) == ["third", "second", "first"]
    assert state.secrets(START + 24 * HOUR) == ["third", "second"]
    assert state.secrets(START + 30 * HOUR) == ["third"]


def give(start, until=None, id_="g"):
    return Give(
        grant_id=id_, sponsor_id="s", platform_id="p", external_id="x", level="stage", effective_from=start, until=until,
        now=START,
    )  # fmt: skip


def test_grants_of_one_pair_never_overlap():
    first = GRANTS.decide(give(START + HOUR, START + 3 * HOUR), ())
    given(GRANTS, *first).when(give(START + 2 * HOUR, None, "h")).refused("grant_overlaps")
    given(GRANTS, *first).when(give(START, START + 2 * HOUR, "h")).refused("grant_overlaps")
    assert GRANTS.decide(give(START, START + HOUR, "h"), GRANTS.fold(first))
    assert GRANTS.decide(give(START + 3 * HOUR, None, "h"), GRANTS.fold(first))
    given(GRANTS).when(give(START - HOUR)).refused("grant_in_the_past")
    given(GRANTS).when(give(START + HOUR, START)).refused("grant_ends_first")


def test_a_grant_ends_earlier_and_never_later():
    (given_,) = GRANTS.decide(give(START, START + 2 * HOUR), ())
    given(GRANTS, given_).when(End("g", START + 3 * HOUR, START)).then()
    (ended,) = GRANTS.decide(End("g", None, START), GRANTS.fold([given_]))
    assert ended.until == START + timedelta(seconds=2)
    given(GRANTS, given_, ended).when(End("g", None, START + HOUR)).then()
    given(GRANTS, given_).when(End("h", None, START)).refused("grant_unknown")


@pytest.mark.parametrize(
    ("lives", "cases", "hidden"), [(None, 100, True), (49, 100, True), (50, 10, True), (50, 11, False), (5000, 0, True)]
)
def test_who_is_too_small(lives, cases, hidden):
    assert small.too_small(lives, cases) is hidden


def test_cells_of_one_to_ten_are_hidden_and_nothing_else():
    assert [small.cell(number) for number in (0, 1, 10, 11, 12)] == [0, "<11", "<11", 11, 12]


def test_one_delivery_is_tried_for_three_days():
    pauses = [schedule.next_attempt(attempts, START, 0.5) - START for attempts in range(1, schedule.MOST_ATTEMPTS)]
    assert all(one < two for one, two in pairwise(pauses))
    assert timedelta(days=3) < sum(pauses, timedelta()) < timedelta(days=4)
    assert schedule.next_attempt(schedule.MOST_ATTEMPTS, START, 0.5) is None


@drawn(st.integers(1, 9), st.floats(0, 1))
def test_jitter_stays_within_a_fifth(attempts, chance):
    pause = schedule.next_attempt(attempts, START, chance) - START
    plain = schedule.AGAIN[attempts - 1]
    assert plain * 0.79 < pause < plain * 1.21


def test_an_endpoint_that_takes_nothing_rests_and_is_paused_after_a_day():
    assert schedule.rest_until(2, START, 0.5) is None
    rests = [schedule.rest_until(failures, START, 0.5) - START for failures in range(3, 12)]
    assert max(rests) == HOUR
    assert schedule.rest_until(1, START, 0.5, timedelta(minutes=2)) == START + timedelta(minutes=2)
    assert schedule.rest_until(1, START, 0.5, timedelta(days=2)) == START + HOUR, "nobody is left alone for longer"
    assert not schedule.must_pause(50, START, START + 23 * HOUR)
    assert not schedule.must_pause(9, START, START + 48 * HOUR)
    assert schedule.must_pause(10, START, START + 24 * HOUR)


@pytest.mark.parametrize(
    ("wanted", "passes"),
    [
        (Filter(), True),
        (Filter(types=("*",)), True),
        (Filter(types=("case.*",)), True),
        (Filter(types=("counts.*", "case.opened")), True),
        (Filter(types=("counts.*",)), False),
        (Filter(programs=("p",), sponsors=("s",)), True),
        (Filter(programs=("q",)), False),
        (Filter(sponsors=("t",)), False),
    ],
)
def test_filters(wanted, passes):
    assert wanted.wants("case.opened", "p", "s") is passes
    assert Filter(programs=("q",)).wants("counts.monthly", None, "s"), "what has no program passes"
