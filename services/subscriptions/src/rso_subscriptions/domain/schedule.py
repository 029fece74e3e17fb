"""When it is tried again, and when it is given up. Pure: `chance` is a random number from 0 to 1.

Two things are told apart. One delivery that fails while others succeed is tried again for three days and then a dead letter. An
endpoint that fails whatever it is sent rests as a whole: one delivery at a time asks whether it is back, and when nothing has
succeeded for a day it is paused.
"""

from datetime import datetime, timedelta

AGAIN = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400))
"""Pauses before the second, third, … attempt of one delivery: 75 hours in all."""
MOST_ATTEMPTS = len(AGAIN) + 1
RESTS = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 300, 900, 3600))
"""Pauses of an endpoint as a whole; the last one again and again."""
SILENT_AFTER = 3
"""So many failures with no success between them: the endpoint is away, and not a single delivery at fault."""
PAUSE_AFTER = timedelta(hours=24)
PAUSE_ATTEMPTS = 10
LONGEST_ASKED = timedelta(hours=1)
JITTER = 0.2


def _spread(pause: timedelta, chance: float) -> timedelta:
    return pause * (1 - JITTER + 2 * JITTER * chance)


def next_attempt(attempts: int, now: datetime, chance: float) -> datetime | None:
    """After so many failed attempts of one delivery, while others succeeded; None: it is a dead letter."""
    return None if attempts >= MOST_ATTEMPTS else now + _spread(AGAIN[attempts - 1], chance)


def rest_until(failures: int, now: datetime, chance: float, asked: timedelta | None = None) -> datetime | None:
    """After so many failures in a row; None: go on. `asked` is the endpoint's own wish (Retry-After), an hour at most."""
    wish = now + min(asked, LONGEST_ASKED) if asked is not None else None
    if failures < SILENT_AFTER:
        return wish
    own = now + _spread(RESTS[min(failures - SILENT_AFTER, len(RESTS) - 1)], chance)
    return own if wish is None else max(own, wish)


def must_pause(failures: int, failing_since: datetime, now: datetime) -> bool:
    return failures >= PAUSE_ATTEMPTS and now - failing_since >= PAUSE_AFTER
