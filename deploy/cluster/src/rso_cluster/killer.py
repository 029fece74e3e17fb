"""The killer: SIGKILL to random processes at random moments, both from one seed."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from rso_cluster.chaos_target import Target

AVERAGE_SECONDS = 3.0
KILLS = 30
TRIES = 10
"""Strikes for each that is wanted, after the cases are done: what does not stand up any more is not struck at for ever."""
FEWEST = 2
"""Kills that have a time between them."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Strike:
    """`after` seconds since the strike before, process number `which` of `role`."""

    after: float
    role: str
    which: int


def strikes(seed: int, roles: Sequence[str], average: float = AVERAGE_SECONDS) -> Iterator[Strike]:
    """Endless and the same for the same seed. Roles are dealt like cards: none is left out, none can be counted on."""
    chance = random.Random(seed)  # noqa: S311 - a plan to be repeated, not a secret
    while True:
        deck = list(roles)
        chance.shuffle(deck)
        for role in deck:
            yield Strike(chance.expovariate(1 / average), role, chance.randrange(1 << 16))


@dataclass(slots=True)
class Killer:
    """Strikes until it is told to stop, and then on until `at_least` kills are made and every role was hit: a load that ends early
    has to survive the rest too.
    """

    target: Target
    seed: int
    say: Say
    at_least: int = KILLS
    average: float = AVERAGE_SECONDS
    kills: Counter[str] = field(default_factory=Counter)
    _moments: list[float] = field(default_factory=list)
    _enough: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="killer", daemon=True)
        self._thread.start()

    def finish(self) -> dict[str, int]:
        """Returns the kills per role, with a zero for each role that was never hit."""
        self._enough.set()
        if self._thread is not None:
            self._thread.join()
        return {role: self.kills[role] for role in self.target.roles}

    def every(self) -> float | None:
        """Seconds from kill to kill as they came: longer than planned where a strike found nobody to hit."""
        if len(self._moments) < FEWEST:
            return None
        return round((self._moments[-1] - self._moments[0]) / (len(self._moments) - 1), 2)

    def _run(self) -> None:
        left = TRIES * max(self.at_least, len(self.target.roles))
        for strike in strikes(self.seed, self.target.roles, self.average):
            told = self._enough.is_set()
            missing = self._missing()
            if told and not missing:
                return
            if told and not left:
                self.say(f"too many strikes hit nobody; given up: {missing}")
                return
            time.sleep(strike.after)
            self._strike(strike)
            left -= told

    def _strike(self, strike: Strike) -> None:
        if self.target.kill(strike.role, strike.which):
            self.kills[strike.role] += 1
            self._moments.append(time.monotonic())
            self.say(f"killed {strike.role} ({self.kills.total()})")

    def _missing(self) -> str:
        """What is still to be done, in words; nothing when it is done."""
        never = [role for role in self.target.roles if not self.kills[role]]
        few = self.kills.total() < self.at_least
        return "; ".join([
            *([f"{self.kills.total()} kills of {self.at_least}"] if few else []),
            *([f"never hit: {', '.join(never)}"] if never else []),
        ])  # fmt: skip
