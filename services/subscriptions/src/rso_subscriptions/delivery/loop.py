"""The delivery loop: one line per endpoint, so that nobody waits for anybody else; the database is asked for all of them at once."""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from sqlalchemy.exc import DBAPIError

from rso_shared.kit import crash
from rso_shared.kit.clock import iso
from rso_shared.kit.draining import whole
from rso_shared.kit.errors import Contended, Transient
from rso_shared.kit.leadership import Leadership
from rso_shared.kit.relay import Wakeup
from rso_shared.kit.service import Loop, Service, expected
from rso_subscriptions import counts
from rso_subscriptions.delivery import guard, reading, sending, writing
from rso_subscriptions.delivery.clients import Clients
from rso_subscriptions.delivery.line import UNKNOWN, Aimed, Item, Line
from rso_subscriptions.feed import Sight
from rso_subscriptions.public.events import Level

LOOP = "delivery"
POLL_SECONDS = 0.5
BUSY_SECONDS = 0.02
"""Between two looks at the database while deliveries land: their results are written together."""
CROWD = 64
"""Deliveries under way from which on an endpoint gets one at a time: more connections would cost more than they carry."""
KEEPING_SECONDS = 60.0


class Delivery:
    """Of several processes one delivers. `chance` gives numbers from 0 to 1 for the jitter."""

    def __init__(
        self, service: Service, *, resolve: guard.Resolve = guard.look_up, chance: Callable[[], float] = random.random,
        seconds: float = sending.SECONDS,
    ) -> None:  # fmt: skip
        self._service, self._chance, self._seconds = service, chance, seconds
        self._clients = Clients(guard.guard_of(service.settings), resolve)
        self._wake = Wakeup(service.db.signals.subscribe)
        self._leadership = Leadership(service.db, LOOP)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="delivery")
        self._lines: dict[str, Line] = {}
        self._seen = reading.Seen()
        self._unwritten: list[tuple[Line, writing.Batch]] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._held: set[str] = set()
        """Endpoints whose rate holds something back: a timer is set."""
        self._keep_at = 0.0

    async def run(self) -> None:
        """Endless. What is under way when it is told to end is finished, and its results are written."""
        self._wake.bind()
        try:
            await self._deliver_for_ever()
        finally:
            await self._end()

    async def _deliver_for_ever(self) -> None:
        while True:
            try:
                await whole(self.turn())
                self._service.health.beat(LOOP)
            except (Transient, DBAPIError, Contended) as away:
                self._service.health.trouble(LOOP, type(away).__name__)
            self._pump()
            await self._clients.tidy()
            await asyncio.sleep(BUSY_SECONDS)
            await self._wake.wait(0 if any(line.results for line in self._lines.values()) else POLL_SECONDS)

    async def _end(self) -> None:
        for line in self._lines.values():
            line.closing = True
        if self._sending:
            await asyncio.wait(self._sending, timeout=self._seconds)
        try:
            await self.turn()
        except (Transient, DBAPIError, Contended):
            self._service.health.trouble(LOOP, "not written")
        finally:
            self._leadership.release()
            await self._clients.aclose()
            self._executor.shutdown(wait=False)

    async def turn(self) -> None:
        """Writes what landed, reads what there is, begins what may begin."""
        now = self._service.clock.now()
        for line in self._lines.values():
            if line.results or line.back:
                self._unwritten.append((line, _batch(line, line.must_pause(now))))
                line.closing = line.closing or self._unwritten[-1][1].pause is not None
                line.back = False
        ask = partial(self._ask, self._here(), self._sponsors())
        plan = await asyncio.get_running_loop().run_in_executor(self._executor, ask)
        if plan is None:
            self._unwritten = []
            self._lines = {}
            return
        for line, batch in self._unwritten:
            line.written(batch.results)
        self._unwritten = []
        self._take_in(plan)
        self._pump()

    def _here(self) -> dict[str, reading.Here]:
        return {
            id_: reading.Here(
                line.aimed.version, line.generation, line.read_to, line.wants_more, behind=bool(line.behind)
            )
            for id_, line in self._lines.items()
        }

    def _sponsors(self) -> set[str]:
        """Of what is ready to be sent."""
        ready = (item for line in self._lines.values() for item in line.ready)
        return {item.sponsor_id for item in ready if item.level == Level.STAGE and item.sponsor_id is not None}

    def _ask(self, here: Mapping[str, reading.Here], sponsors: set[str]) -> reading.Plan | None:
        """In the loop's own thread. None where another process delivers: it begins where the last result was written."""
        if not self._leadership.held():
            return None
        writing.write(self._service, [batch for _, batch in self._unwritten])
        if time.monotonic() >= self._keep_at:
            counts.tell_and_forget(self._service)
            self._keep_at = time.monotonic() + KEEPING_SECONDS
        return reading.read(self._service, here, sponsors)

    def _take_in(self, plan: reading.Plan) -> None:
        """Who is given up here was read from where its last line stood, with nothing of what that had ahead: it is read anew at the
        next turn.
        """
        self._seen = plan.seen
        given_up = self._given_up(plan)
        for id_, opened in plan.endpoints.items():
            line = self._lines.get(id_) or (None if id_ in given_up else self._begun(opened))
            if line is None or line.closing:
                continue
            self._lines[id_] = line
            line.aimed = opened.aimed or line.aimed
            line.take_in(opened.items, line.behind if opened.lanes is None else opened.lanes, opened.read_to)

    def _given_up(self, plan: reading.Plan) -> set[str]:
        """Lines that were closing and have nothing under way any more."""
        for id_, line in self._lines.items():
            opened = plan.endpoints.get(id_)
            line.closing = line.closing or opened is None or opened.position.generation != line.generation
        ended = {id_ for id_, line in self._lines.items() if line.closing and not line.flying and not line.results}
        for id_ in ended:
            del self._lines[id_]
        return ended

    def _begun(self, opened: reading.Open) -> Line:
        assert opened.aimed is not None  # noqa: S101 - nobody here knew a version of it
        at, instant = opened.position, reading.instant
        return Line(
            opened.aimed, at.generation, at.cursor, at.failures, instant(at.failing_since), instant(at.rest_until),
            refilled=time.monotonic(),
        )  # fmt: skip

    def _pump(self) -> None:
        for line in self._lines.values():
            self._begin(line)

    def _begin(self, line: Line) -> None:
        """All that may be sent now; what the rate holds back is begun as soon as it may be."""
        now, judge = self._service.clock.now(), partial(self._judge, iso(self._service.clock.now()))
        while item := line.following(now, time.monotonic(), judge, crowded=len(self._sending) >= CROWD):
            task = asyncio.get_running_loop().create_task(self._send(line, item))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        held = line.token_in()
        if held is not None and line.aimed.endpoint_id not in self._held:
            self._held.add(line.aimed.endpoint_id)
            asyncio.get_running_loop().call_later(held, self._released, line)

    def _released(self, line: Line) -> None:
        self._held.discard(line.aimed.endpoint_id)
        self._begin(line)

    def _judge(self, now: str, aimed: Aimed, item: Item) -> str | None:
        """By grants as they were a second ago at most. A test event is for its endpoint alone, whatever its filter says."""
        if not item.sequence:
            return None
        if item.sponsor_id is not None and not self._seen.fresh():
            return UNKNOWN
        try:
            seen = Sight(
                aimed.organisation_id,
                now,
                self._seen.grants.get(aimed.organisation_id, {}),
                self._seen.small.__getitem__,
            )
            return seen.withheld(item, aimed.filter)
        except KeyError:
            return UNKNOWN

    async def _send(self, line: Line, item: Item) -> None:
        aimed, now = line.aimed, self._service.clock.now()
        try:
            outcome = await sending.send(
                self._clients.of(aimed.endpoint_id), aimed.url, aimed.signing(now), item.event_id, item.payload,
                may=lambda: self._judge(iso(self._service.clock.now()), aimed, item) is None, seconds=self._seconds,
            )  # fmt: skip
        except sending.HeldBackError:
            line.returned(item)
        else:
            crash.point("after-effect-before-completion")
            line.landed(item, outcome, self._service.clock.now(), self._chance())
        self._begin(line)
        self._wake()


def _batch(line: Line, pause: str | None) -> writing.Batch:
    return writing.Batch(
        endpoint_id=line.aimed.endpoint_id, generation=line.generation, cursor=line.cursor, failures=line.failures,
        failing_since=line.failing_since, rest_until=line.rest_until, results=line.taken_away(), back=line.back, pause=pause,
    )  # fmt: skip


def add_to(service: Service) -> None:
    """Joins the service's own loops, where everything runs in one process."""
    service.loops |= loops(service)


def loops(service: Service) -> dict[str, Loop]:
    return {LOOP: expected(service.health, LOOP, Delivery(service).run)}
