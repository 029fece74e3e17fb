"""The killer's plan is the seed's alone, and spares no role."""

from itertools import islice

from rso_cluster.killer import AVERAGE_SECONDS, strikes

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
