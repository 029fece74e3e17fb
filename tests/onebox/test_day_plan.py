"""The plan of a busy day: the same seed the same day, every way of a case in it, and nobody brought backwards."""

from collections import Counter

import pytest

from rso_onebox import day_plan, loading
from rso_onebox.datadir import DataDirError
from rso_onebox.day import checked, made_case
from rso_onebox.day_plan import ENDED, EVENING, WAVES, WAYS, Plan, plan
from rso_onebox.default_tables import load_conditions
from rso_onebox.defaults import load_programs
from rso_shared.contracts.vocabulary import Stage

CONDITIONS = day_plan.conditions(loading.FOLDER)


@pytest.fixture(scope="module")
def day() -> list[Plan]:
    return plan(7, 300, CONDITIONS)


def test_the_same_seed_and_number_are_the_same_day_and_others_are_not(day):
    assert plan(7, 300, CONDITIONS) == day
    assert plan(8, 300, CONDITIONS) != day
    assert plan(7, 299, CONDITIONS) != day[:299]


def test_every_way_gets_its_share(day):
    found, whole = Counter(one.way for one in day), sum(way.weight for way in WAYS)
    assert set(found) == set(WAYS)
    assert all(abs(found[way] - 300 * way.weight / whole) < 2 for way in WAYS)


def test_a_small_day_has_most_stages_too():
    last = {one.way.goals[-1][1] for one in plan(7, 20, CONDITIONS)}
    assert len(last) >= 9


def test_goals_go_forward_in_stage_and_time():
    order = list(Stage)
    for way in WAYS:
        waves, stages = zip(*way.goals, strict=True)
        assert list(waves) == sorted(set(waves))
        assert max(waves) < len(WAVES)
        assert [order.index(stage) for stage in stages] == sorted(order.index(stage) for stage in stages)
        assert not set(stages[:-1]) & set(ENDED)


def test_the_day_ends_before_a_follow_up_window_does():
    owners = {name: name for name in ("operator", "partner", "sponsor")}
    windows = [program.follow_up.window for program in load_programs(loading.FOLDER, owners)]
    assert min(windows) > EVENING


def test_each_plan_makes_a_case_of_its_own_person(day):
    groups = load_conditions(loading.FOLDER).group_of
    made = [made_case(one, "2026-03-01T00:00:00Z", groups) for one in day[:60]]
    assert len({case.patient.name.family for case in made}) == 60
    assert len({case.condition.group for case in made}) > 8
    assert all(len(case.facilities) == 1 for case in made)


@pytest.mark.parametrize("cases", [0, -1, 5001])
def test_a_number_that_makes_no_day(cases):
    with pytest.raises(DataDirError, match="--cases is from 1 to 5,000"):
        checked(cases)
