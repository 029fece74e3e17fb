"""The killer's plan is the seed's alone, and spares no role."""

from dataclasses import dataclass
from itertools import islice
from typing import cast

from rso_cluster.chaos_target import Target
from rso_cluster.killer import AVERAGE_SECONDS, TRIES, Killer, strikes

ROLES = ("intake.api", "intake.relay", "kafka", "postgres")


def test_the_same_seed_is_the_same_plan() -> None:
    assert list(islice(strikes(7, ROLES), 50)) == list(islice(strikes(7, ROLES), 50))
    assert list(islice(strikes(7, ROLES), 50)) != list(islice(strikes(8, ROLES), 50))


def test_every_role_is_struck_once_in_each_round() -> None:
    plan = list(islice(strikes(7, ROLES), 40))
    for first in range(0, 40, len(ROLES)):
        assert sorted(strike.role for strike in plan[first : first + len(ROLES)]) == sorted(ROLES)


def test_it_strikes_every_three_seconds_on_average() -> None:
    pauses = [strike.after for strike in islice(strikes(7, ROLES), 4000)]
    assert abs(sum(pauses) / len(pauses) - AVERAGE_SECONDS) < 0.15
    assert min(pauses) < 0.1
    assert max(pauses) > 3 * AVERAGE_SECONDS


@dataclass
class Row:
    """A target that is hit and stands up again at once, except for the first, which is not there."""

    roles: tuple[str, ...] = ("a", "b")
    asked: int = 0

    def kill(self, _role: str, _which: int) -> bool:
        self.asked += 1
        return self.asked > 1


def test_it_says_how_often_it_struck_as_a_matter_of_fact() -> None:
    killer = Killer(cast("Target", Row()), 7, lambda _text: None, at_least=4, average=0.02)
    assert killer.every() is None
    killer.start()
    kills = killer.finish()
    assert sum(kills.values()) == 4, "a strike that hit nobody was counted"
    every = killer.every()
    assert every is not None
    assert 0 < every < 1


@dataclass
class Frail:
    """Role `b` is not there for the first `away` times that it is struck at."""

    away: int
    roles: tuple[str, ...] = ("a", "b")

    def kill(self, role: str, _which: int) -> bool:
        self.away -= role == "b"
        return role == "a" or self.away < 0


def struck(target: Frail, at_least: int) -> tuple[dict[str, int], list[str]]:
    said: list[str] = []
    killer = Killer(cast("Target", target), 7, said.append, at_least=at_least, average=0.001)
    killer.start()
    return killer.finish(), said


def test_it_goes_on_until_every_role_was_hit() -> None:
    kills, said = struck(Frail(away=3), 2)
    assert (kills["b"], kills["a"] >= 3) == (1, True)
    assert not any("given up" in line for line in said)


def test_many_hits_of_one_role_do_not_stand_for_another() -> None:
    kills, _ = struck(Frail(away=0), 1)
    assert all(kills.values())


def test_a_role_that_is_never_there_is_given_up_and_named() -> None:
    kills, said = struck(Frail(away=10_000), 4)
    assert kills["b"] == 0
    assert 4 < kills["a"] <= TRIES * 4
    assert said[-1] == "too many strikes hit nobody; given up: never hit: b"


def test_kills_that_could_not_be_made_are_told() -> None:
    class Nobody(Frail):
        def kill(self, _role: str, _which: int) -> bool:
            return False

    kills, said = struck(Nobody(away=0), 4)
    assert kills == {"a": 0, "b": 0}
    assert said == ["too many strikes hit nobody; given up: 0 kills of 4; never hit: a, b"]
