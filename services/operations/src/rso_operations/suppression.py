"""Small cells: numbers of people from 1 to 10 are not told, nor what they could be worked out from.

The rule of the US Medicare agency's cell size policy, with complementary suppression. What is told is meant to stand against a reader
who knows the total, the rule and this program: every hidden cell could still be at least two different numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

SMALLEST_TOLD = 11
SMALL = (1, SMALLEST_TOLD - 1)
HIDDEN = "<11"
WITHHELD = "withheld"
"""Not small itself, but a small one would follow from it; or nothing of the line can be told."""

Cell = int | str


@dataclass(frozen=True, slots=True)
class Line:
    """Cells that add up to the total, as they may be told."""

    cells: tuple[Cell, ...]
    total: Cell


def small(number: int) -> bool:
    return 0 < number < SMALLEST_TOLD


def told(number: int) -> Cell:
    return HIDDEN if small(number) else number


def line(numbers: Sequence[int]) -> Line:
    """`numbers` are counts of people, none of them negative."""
    total = sum(numbers)
    if small(total):
        several = sum(1 for number in numbers if number) < SMALLEST_TOLD - 1
        return Line(tuple(told(number) if several else WITHHELD for number in numbers), HIDDEN)
    hidden = _hidden(numbers)
    if hidden is None:
        return Line((WITHHELD,) * len(numbers), total)
    return Line(tuple(_cell(number, at in hidden) for at, number in enumerate(numbers)), total)


def _cell(number: int, hidden: bool) -> Cell:  # noqa: FBT001 - one word about one number
    return told(number) if small(number) or not hidden else WITHHELD


def _hidden(numbers: Sequence[int]) -> frozenset[int] | None:
    """The places of the small ones and, the smallest first, of as many others as it takes. None: it would take all.

    At least one other, always: that none was needed would tell something too. So would which one of several equal ones was taken.
    """
    hidden = frozenset(at for at, number in enumerate(numbers) if small(number))
    if not hidden:
        return hidden
    for least_told in sorted({number for number in numbers if number >= SMALLEST_TOLD}):
        withheld = [at for at, number in enumerate(numbers) if SMALLEST_TOLD <= number < least_told]
        total = sum(numbers[at] for at in (*hidden, *withheld))
        if withheld and _open(total, [SMALL] * len(hidden) + [(SMALLEST_TOLD, least_told - 1)] * len(withheld)):
            return hidden | frozenset(withheld)
    return None


def _open(total: int, ranges: Sequence[tuple[int, int]]) -> bool:
    """Whether each of the hidden cells, of which total and ranges are known, may be two numbers."""
    least, most = (sum(bounds) for bounds in zip(*ranges, strict=True))
    return all(max(low, total - (most - high)) < min(high, total - (least - low)) for low, high in ranges)
