"""One drawing for all who look at the same thing; nobody sees another one's view, or one that is old."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from rso_operations.drawn import MOST, SECONDS, Drawn


def test_within_half_a_second_it_is_drawn_once_and_then_anew():
    now, made = [0.0], iter("abc")
    drawn = Drawn(lambda: now[0])
    assert [drawn.of("today", lambda: next(made)) for _ in range(3)] == ["a"] * 3
    now[0] += SECONDS - 0.01
    assert drawn.of("today", lambda: next(made)) == "a"
    now[0] += 0.01
    assert drawn.of("today", lambda: next(made)) == "b"
    assert drawn.of("cases", lambda: next(made)) == "c"


def test_who_comes_while_it_is_drawn_waits_for_it_and_others_do_not():
    drawn, goes_on, times = Drawn(), Event(), []

    def slow() -> str:
        times.append(1)
        assert goes_on.wait(30)
        return "slow"

    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(drawn.of, "slow", slow) for _ in range(3)]
        assert drawn.of("other", lambda: "other") == "other"
        goes_on.set()
        assert [each.result(30) for each in waiting] == ["slow"] * 3
    assert len(times) == 1


def test_a_drawing_that_fails_is_nobody_elses():
    drawn = Drawn()
    with pytest.raises(ZeroDivisionError):
        drawn.of("today", lambda: str(1 // 0))
    assert drawn.of("today", lambda: "well") == "well"


def test_it_does_not_grow_with_what_people_search_for():
    drawn = Drawn()
    for number in range(MOST + 50):
        drawn.of(number, lambda number=number: str(number))
    assert len(drawn._views) == MOST
    assert drawn.of(MOST + 49, lambda: "new") == str(MOST + 49)
