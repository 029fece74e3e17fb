"""The line of one endpoint, in memory: what is ready, what is under way, and up to where everything is settled. No I/O.

Events of one lane (a case) go one after the other; lanes go beside each other. Whatever fails goes to the queue with all that
follows in its lane, so that the rest of the line does not wait for it.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from rso_subscriptions.delivery.sending import Outcome
from rso_subscriptions.domain import schedule
from rso_subscriptions.domain.filters import Filter

AT_ONCE = 8
WINDOW = 100
"""Events that are read ahead."""


@dataclass(frozen=True, slots=True)
class Aimed:
    """The endpoint as it is sent to. `secrets` as (text, until), the newest first, for ever if there is no `until`."""

    endpoint_id: str
    organisation_id: str
    version: int
    url: str
    filter: Filter
    rate: int
    secrets: tuple[tuple[str, datetime | None], ...]

    def signing(self, now: datetime) -> list[str]:
        return [secret for secret, until in self.secrets if until is None or now < until]


@dataclass(frozen=True, slots=True)
class Item:
    """One event on its way. `queued`: it comes from the queue, and the cursor knows nothing of it."""

    event_id: str
    sequence: int
    lane: str
    type: str
    payload: str
    queued: bool
    attempts: int = 0
    strikes: int = 0
    level: str | None = None
    sponsor_id: str | None = None
    program_id: str | None = None
    occurred_at: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an item. `outcome` None: it stands behind another one of its lane; `withheld` says why it is not sent."""

    item: Item
    at: datetime
    outcome: Outcome | None = None
    withheld: str | None = None
    again_at: datetime | None = None
    """Of a failure: None means that it is given up."""
    strikes: int = 0


Judge = Callable[[Aimed, Item], str | None]
"""Why an event is withheld from an endpoint at this moment, None if it is not, UNKNOWN while that cannot be said."""
UNKNOWN = "unknown"


@dataclass(slots=True)
class Line:
    aimed: Aimed
    generation: int
    read_to: int
    """The last sequence of the feed that was taken in."""
    failures: int = 0
    failing_since: datetime | None = None
    rest_until: datetime | None = None
    gone: bool = False
    back: bool = False
    """It was away and has just taken something: what waits for it need not wait longer."""
    closing: bool = False
    """Nothing more is begun; when nothing is under way any more, it goes."""
    ready: deque[Item] = field(default_factory=deque)
    flying: dict[str, Item] = field(default_factory=dict)
    behind: set[str] = field(default_factory=set)
    recent: set[str] = field(default_factory=set)
    """Lanes that fell behind since the results were last taken away to be written."""
    unsettled: set[int] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    """Ids of queued items that are here, or whose result is not written yet."""
    results: list[Result] = field(default_factory=list)
    tokens: float = 1.0
    refilled: float = 0.0
    short: bool = False
    """The last thing that kept an event here was the rate."""

    @property
    def cursor(self) -> int:
        return min(self.unsettled) - 1 if self.unsettled else self.read_to

    @property
    def wants_more(self) -> bool:
        return not self.closing and len(self.ready) + len(self.unsettled) < WINDOW

    def take_in(self, items: Iterable[Item], lanes: Iterable[str], read_to: int) -> None:
        """`lanes` have something in the queue, as the database says."""
        self.behind = set(lanes) | self.recent
        self.read_to = max(self.read_to, read_to)
        for item in items:
            if not item.queued:
                self.unsettled.add(item.sequence)
            elif item.event_id in self.known:
                continue
            else:
                self.known.add(item.event_id)
            self.ready.append(item)

    def following(self, now: datetime, monotonic: float, judge: Judge, *, crowded: bool = False) -> Item | None:
        """What may be sent at this moment; it counts as under way then. What is withheld is settled without a word.

        `crowded`: so much is under way to others that one delivery at a time is enough.
        """
        self.short = False
        if self.closing or (self.rest_until is not None and now < self.rest_until):
            return None
        number = 0
        while number < len(self.ready):
            item = self.ready[number]
            why = None if item.lane in self.flying else judge(self.aimed, item)
            if item.lane in self.flying or why == UNKNOWN:
                number += 1
                continue
            behind = not item.queued and item.lane in self.behind
            if (
                why is None
                and not behind
                and (len(self.flying) >= self._at_once(crowded=crowded) or not self._has_token(monotonic))
            ):
                return None
            del self.ready[number]
            if why is None and not behind:
                self.flying[item.lane] = item
                self.tokens -= 1
                return item
            if why is None:
                self.recent.add(item.lane)
            self._settle(Result(item, now, withheld=why))
        return None

    def _at_once(self, *, crowded: bool) -> int:
        """An endpoint that is away is asked by one delivery at a time."""
        return 1 if crowded or self.failures >= schedule.SILENT_AFTER else AT_ONCE

    def token_in(self) -> float | None:
        """Seconds until the next one may be sent, where it is the rate that holds it; None: something else."""
        return (1 - self.tokens) / self.aimed.rate if self.short else None

    def _has_token(self, monotonic: float) -> bool:
        """A bucket of a tenth of a second's worth."""
        full = max(1.0, self.aimed.rate / 10)
        self.tokens = min(full, self.tokens + (monotonic - self.refilled) * self.aimed.rate)
        self.refilled, self.short = monotonic, self.tokens < 1
        return not self.short

    def returned(self, item: Item) -> None:
        """It was held back at the last moment: the first of its lane again, to be judged anew."""
        self.flying.pop(item.lane, None)
        self.ready.appendleft(item)

    def landed(self, item: Item, outcome: Outcome, now: datetime, chance: float) -> None:
        self.flying.pop(item.lane, None)
        if outcome.delivered:
            self.back = self.back or self.failures >= schedule.SILENT_AFTER
            self.failures, self.failing_since, self.rest_until = 0, None, None
            self._settle(Result(item, now, outcome))
            return
        self.failures += 1
        self.failing_since = self.failing_since or now
        self.gone = self.gone or outcome.code == "gone"
        self.rest_until = schedule.rest_until(self.failures, now, chance, outcome.asked)
        strikes, again = self._again(item, now, chance)
        if again is not None:
            self.behind.add(item.lane)
            self.recent.add(item.lane)
        self._settle(Result(item, now, outcome, again_at=again, strikes=strikes))

    def _again(self, item: Item, now: datetime, chance: float) -> tuple[int, datetime | None]:
        """While the endpoint takes nothing at all, no event is at fault: it is tried in the endpoint's own rhythm."""
        if self.failures >= schedule.SILENT_AFTER:
            return item.strikes, self.rest_until
        return item.strikes + 1, schedule.next_attempt(item.strikes + 1, now, chance)

    def must_pause(self, now: datetime) -> str | None:
        """The reason, if it is time."""
        if self.gone:
            return "gone"
        failing = self.failing_since is not None and schedule.must_pause(self.failures, self.failing_since, now)
        return "failing" if failing else None

    def _settle(self, result: Result) -> None:
        self.unsettled.discard(result.item.sequence if not result.item.queued else 0)
        self.results.append(result)

    def taken_away(self) -> list[Result]:
        """The results, to be written now."""
        made, self.results, self.recent = self.results, [], set()
        return made

    def written(self, results: Iterable[Result]) -> None:
        for result in results:
            self.known.discard(result.item.event_id)
