"""Who is too small to hear of single cases: whatever such an event said, everybody at the firm would know of whom."""

from datetime import timedelta

FEWEST_LIVES = 50
FEWEST_CASES = 11
WINDOW = timedelta(days=365)
HIDDEN = "<11"


def too_small(covered_lives: int | None, cases_in_window: int) -> bool:
    """Unknown is small."""
    return covered_lives is None or covered_lives < FEWEST_LIVES or cases_in_window < FEWEST_CASES


def cell(number: int) -> int | str:
    """Nothing and many are told; 1 to 10 are not (CMS cell size rule)."""
    return HIDDEN if 0 < number < FEWEST_CASES else number
