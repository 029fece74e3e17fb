"""The killer's plan is the seed's alone, and spares no role."""

from dataclasses import dataclass
from itertools import islice
from typing import cast

from rso_cluster.chaos_target import Target
from rso_cluster.killer import AVERAGE_SECONDS, Killer, strikes

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
