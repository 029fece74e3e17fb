"""No small number is told, and none can be worked out: not from the total, nor by who knows how it is done."""

import itertools
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rso_operations.suppression import HIDDEN, WITHHELD, line, small

LINES = st.lists(st.integers(0, 9) | st.integers(0, 60), min_size=1, max_size=7)
RANGES = {HIDDEN: (1, 10), WITHHELD: (0, 10**6)}


@pytest.mark.parametrize(
    ("numbers", "cells", "total"),
    [
        ([0, 12, 40], (0, 12, 40), 52),
        ([3, 12, 40], (HIDDEN, WITHHELD, 40), 55),
        ([3, 4, 12, 40], (HIDDEN, HIDDEN, WITHHELD, 40), 59),
        ([0, 3, 12, 40], (0, HIDDEN, WITHHELD, 40), 55),
        ([3, 12, 12, 40], (HIDDEN, WITHHELD, WITHHELD, 40), 67),
        ([1, 11, 11, 40], (WITHHELD,) * 4, 63),
        ([1, 11, 12, 40, 50], (HIDDEN, WITHHELD, WITHHELD, 40, 50), 114),
        ([3, 40], (WITHHELD, WITHHELD), 43),
        ([2, 5], (HIDDEN, HIDDEN), HIDDEN),
        ([1] * 10, (WITHHELD,) * 10, HIDDEN),
        ([4], (HIDDEN,), HIDDEN),
        ([0, 0], (0, 0), 0),
        ([], (), 0),
    ],
)
def test_what_is_told(numbers, cells, total):
    found = line(numbers)
    assert (found.cells, found.total) == (cells, total)


@given(LINES)
def test_no_small_number_is_told_and_no_other_one_is_changed(numbers):
    found = line(numbers)
    for number, cell in zip([*numbers, sum(numbers)], [*found.cells, found.total], strict=True):
        assert cell in {number, HIDDEN, WITHHELD}
        assert not (small(number) and cell == number)
        assert cell != HIDDEN or small(number)


@given(LINES)
def test_no_cell_follows_from_the_total_and_the_other_cells(numbers):
    """As arithmetic alone could tell, for lines of any length."""
    found = line(numbers)
    if isinstance(found.total, str):
        return
    hidden = [RANGES[cell] for cell in found.cells if isinstance(cell, str)]
    rest = found.total - sum(cell for cell in found.cells if isinstance(cell, int))
    least, most = sum(low for low, _ in hidden), sum(high for _, high in hidden)
    for low, high in hidden:
        assert max(low, rest - (most - high)) < min(high, rest - (least - low))


@pytest.mark.parametrize(("cells", "below"), [(1, 60), (2, 60), (3, 27)])
def test_who_knows_the_program_and_tries_every_line_learns_no_cell(cells, below):
    """Every line of so many numbers below the bound, sorted by what is told of it: each hidden cell could be two numbers."""
    same = defaultdict(list)
    for numbers in itertools.product(range(below), repeat=cells):
        same[line(numbers)].append(numbers)
    for found, possible in same.items():
        for at, cell in enumerate(found.cells):
            if isinstance(cell, str):
                assert len({numbers[at] for numbers in possible}) > 1, (found, possible)


@settings(max_examples=200)
@given(LINES, st.randoms())
def test_the_order_of_the_cells_tells_nothing(numbers, random):
    places = list(range(len(numbers)))
    random.shuffle(places)
    told = line(numbers).cells
    assert line([numbers[at] for at in places]).cells == tuple(told[at] for at in places)
