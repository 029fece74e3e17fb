"""Plays N cases, C at a time, each from its first to its last step, and says how it goes."""

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from rso_cluster.load_cases import made_case
from rso_cluster.load_client import GaveUpError, LoadCast, Tally
from rso_cluster.load_story import LoadStory, StuckError
from rso_onebox import default_tables, loading
from rso_onebox.bundle_condition import GroupOf
from rso_onebox.client import ApiError
from rso_shared.kit.auth import Issuer

PROGRESS_SECONDS = 5.0
Say = Callable[[str], None]


@dataclass(slots=True)
class Driven:
    """`finished` has the ids of the cases that were played to the end, `failed` why others were not."""

    finished: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    took: float = 0.0

    @property
    def ended(self) -> int:
        return len(self.finished) + len(self.failed)


@dataclass(slots=True)
class Drive:
    address: str
    issuer: Issuer
    cases: int
    concurrency: int
    first: int
    """Number of the first made-up patient: another in each run, so that a second run brings new people."""
    say: Say
    driven: Driven = field(default_factory=Driven)
    story: type[LoadStory] = LoadStory
    _numbers: "itertools.count[int]" = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> Driven:
        codes = default_tables.load_conditions(loading.FOLDER)
        self._numbers = itertools.count()
        started = time.monotonic()
        players = [
            threading.Thread(target=self._player, args=(codes.group_of,), daemon=True) for _ in range(self.concurrency)
        ]
        for player in players:
            player.start()
        said = started
        while any(player.is_alive() for player in players):
            time.sleep(0.05)
            if time.monotonic() - said >= PROGRESS_SECONDS:
                said = time.monotonic()
                self.say(self.progress(said - started))
        self.driven.took = time.monotonic() - started
        self.say(self.progress(self.driven.took))
        return self.driven

    def progress(self, seconds: float) -> str:
        done = self.driven
        rate = len(done.finished) / seconds if seconds else 0.0
        text = f"{seconds:6.0f} s  {len(done.finished)} of {self.cases} cases delivered, {rate:.2f}/s"
        again = f", {done.tally.again} of {done.tally.requests} requests sent again" if done.tally.again else ""
        return text + again + (f", {len(done.failed)} failed" if done.failed else "")

    def _player(self, group_of: GroupOf) -> None:
        while True:
            with self._lock:
                number = next(self._numbers)
            if number >= self.cases:
                return
            self._play(self.first + number, group_of)

    def _play(self, number: int, group_of: GroupOf) -> None:
        """Whatever goes wrong is told as this case's failure: a thread that only ends would take its other cases with it."""
        try:
            self._to_the_end(number, group_of)
        except Exception as problem:  # noqa: BLE001 - what nobody foresaw is a failure like any other
            said = f"case {number}: {_told(problem)}"
            self.driven.failed.append(said)
            self.say(said)

    def _to_the_end(self, number: int, group_of: GroupOf) -> None:
        cast = LoadCast(self.address, self.issuer, tally=self.driven.tally)
        story = self.story(cast, made_case(number, group_of), {}, lambda _who, _what: None)
        started = time.monotonic()
        try:
            story.play()
        finally:
            if story.case_id:
                self.driven.opened.append(story.case_id)
            cast.close()
        self.driven.finished.append(story.case_id)
        self.driven.seconds.append(time.monotonic() - started)


def _told(problem: Exception) -> str:
    """The foreseen ones say which case and what; of others the kind is half of what there is to know."""
    foreseen = isinstance(problem, ApiError | GaveUpError | StuckError)
    return str(problem) if foreseen else f"{type(problem).__name__}: {problem}"
