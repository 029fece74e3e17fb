"""Runs a unit of work again, as a whole, when somebody else was faster: a version conflict, a unique row, a deadlock.

On PostgreSQL the transaction is lost by then, so nothing is caught inside of it. What comes again has the ids and times that it
came with the first time, so it decides the same or is absorbed.
"""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import IntegrityError

from rso_shared.kit.errors import ConcurrencyConflict, Contended
from rso_shared.kit.failures import UNIQUE

R = TypeVar("R")

TRIES = 8
FIRST_PAUSE = 0.005
FASTER = (Contended, IntegrityError, *UNIQUE)


def again(work: Callable[[str | None], R]) -> R:
    """Raises what the last try raised. `work` is given the stream on which it lost, for `Database.write`: whoever lost waits
    for a turn there, so that many writers on one stream come to an end one after the other. What has no stream only pauses.
    """
    turn: str | None = None
    for number in range(TRIES - 1):
        try:
            return work(turn)
        except FASTER as clash:
            turn = clash.stream if isinstance(clash, ConcurrencyConflict) else turn
            time.sleep(random.uniform(0, FIRST_PAUSE * 2**number))  # noqa: S311 - nothing secret
    return work(turn)
