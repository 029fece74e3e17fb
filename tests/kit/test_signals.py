"""How often other processes are told: at once while that is rare, and not more often than was settled when it is not."""

from rso_shared.kit.signals import BURST, Pace


def test_what_is_rare_never_waits() -> None:
    pace = Pace(0.005)
    assert [pace.pause(10 + number * 0.005) for number in range(100)] == [0.0] * 100


def test_after_a_quiet_time_some_go_at_once_and_then_one_every_period() -> None:
    pace, now, pauses = Pace(0.005), 10.0, list[float]()
    for _ in range(100):
        pauses.append(pace.pause(now))
        now += pauses[-1]
    assert [round(pause, 6) for pause in pauses] == [0.0] * (BURST + 1) + [0.005] * (99 - BURST)
