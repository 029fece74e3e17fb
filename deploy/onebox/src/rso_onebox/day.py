"""`rso seed --cases N`: fills a running sandbox with the cases of a busy day, by the public API alone.

The cases of one wave are worked on together, stage by stage: each listing says who has come how far, and whoever can be acted for is.
Between two waves the sandbox clock moves, which makes deadlines lapse in earnest. That clock is also the memory of the day: a wave that
it has left behind, and whose cases are all there, is done.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from rso_onebox import day_plan, default_tables, loading
from rso_onebox.bundle import BundleCase, derive_case
from rso_onebox.bundle_condition import GroupOf
from rso_onebox.client import Api, ApiError
from rso_onebox.datadir import DataDirError
from rso_onebox.day_case import DayCase, Known, NotYetError
from rso_onebox.day_plan import EVENING, PROGRAMS, WAVES, Plan
from rso_onebox.demo_people import Cast, facility_body
from rso_onebox.made_cases import MadePerson, bundle
from rso_operations.words import counted, words
from rso_shared.contracts.vocabulary import Role, Stage
from rso_shared.kit.auth import Issuer
from rso_shared.kit.clock import iso, parse_iso
from rso_shared.kit.ids import derived_id

MOST, SEED = 5_000, 7
AT_A_TIME, PAGE = 8, 200
TOGETHER = 40
"""Cases that are worked on at once: fewer than a worker keeps in memory (100), or each of their steps would replay them from the start."""
CLOCK_SECONDS = 900.0
"""A clock that moves over days lets hundreds of deadlines lapse, and answers when all is quiet."""
PATIENCE_SECONDS, LOOK_SECONDS, SAY_SECONDS = 90.0, 0.25, 5.0
OVERLAP = timedelta(seconds=5)
Say = Callable[[str], None]


@dataclass(slots=True)
class Filled:
    """`added` were opened in this run; `behind` did not come to where the plan has them, and why."""

    cases: int
    added: int = 0
    behind: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    stages: Counter[Stage] = field(default_factory=Counter)

    def lines(self) -> list[str]:
        """How many cases stand where and how fast they came; then who was left behind."""
        where = ", ".join(f"{self.stages[stage]} {words(stage.value)}" for stage in Stage if self.stages[stage])
        how = f"all {counted(self.cases, 'case')} were there already"
        if self.added:
            how = f"{counted(self.added, 'case')} in {self.seconds:.0f} s, {self.added / self.seconds:.1f} a second"
        return [f"busy day: {how}: {where}", *(f"{case} stays behind: {why}" for case, why in self.behind.items())]


def checked(cases: int) -> int:
    if not 1 <= cases <= MOST:
        raise DataDirError(f"--cases is from 1 to {MOST:,}.")
    return cases


def fill(address: str, issuer: Issuer, cases: int, seed: int, say: Say) -> Filled:
    """The same seed and number again add nothing; another number is another day. Raises DataDirError for a live deployment."""
    checked(cases)
    with httpx.Client(base_url=address, timeout=CLOCK_SECONDS, limits=httpx.Limits(max_connections=AT_A_TIME)) as http:
        desk = Api(address, issuer, Role.OPERATIONS, "rso-seed", http=http)
        if desk.get("/v1/clock")["livemode"]:
            raise DataDirError("This deployment is live. A busy day is made up, and only a sandbox is filled with it.")
        if not loading.loaded(address, issuer):
            loading.init(address, issuer, say)
            loading.seed(address, issuer, say)
        return Day(address, issuer, http, desk, f"day-{seed}-{cases}", say).run(seed, cases)


@dataclass(slots=True)
class Day:
    address: str
    issuer: Issuer
    http: httpx.Client
    desk: Api
    name: str
    say: Say
    known: Known = field(default_factory=Known)
    cases: dict[str, DayCase] = field(default_factory=dict)
    """By client reference."""
    dressed: set[tuple[str, Stage]] = field(default_factory=set)
    _seen: datetime | None = None
    _moved: dict[str, float] = field(default_factory=dict)
    """When something was last done for a case in this wave, or it came to another stage."""
    _why: dict[str, str] = field(default_factory=dict)
    """What a service said no with, since then."""
    _acted: set[tuple[str, Stage | None]] = field(default_factory=set)
    _said: float = 0.0

    def run(self, seed: int, cases: int) -> Filled:
        filled, began = Filled(cases), time.monotonic()
        rows = {row["client_reference"]: row for row in self._rows()}
        mine = [parse_iso(row["submitted_at"]) for name, row in rows.items() if self._is_mine(name)]
        start = min(mine, default=self._now())
        self._prepare(seed, cases, start)
        self._note(rows.values())
        filled.added = sum(case.stage is None for case in self.cases.values())
        pool = ThreadPoolExecutor(AT_A_TIME, "day")
        try:
            for wave in range(len(WAVES)):
                self._wave(wave, start, pool, filled)
        finally:  # who interrupts this does not wait for calls that nobody answers any more
            pool.shutdown(wait=False, cancel_futures=True)
        self._move_clock(start + EVENING, "the evening")
        self._look()
        filled.stages = Counter(case.stage for case in self.cases.values() if case.stage)
        filled.seconds = time.monotonic() - began
        return filled

    def _is_mine(self, client_reference: str | None) -> bool:
        return bool(client_reference) and str(client_reference).startswith(f"{self.name}-")

    def _prepare(self, seed: int, cases: int, start: datetime) -> None:
        codes = default_tables.load_conditions(loading.FOLDER)
        partner = Cast(self.address, self.issuer, http=self.http).partner
        self.known.programs = {name: partner.get(f"/v1/programs/{name}") for name in PROGRAMS}
        seen_at = iso(start.replace(day=1, hour=0, minute=0, second=0, microsecond=0))
        for plan in day_plan.plan(seed, cases, day_plan.conditions(loading.FOLDER)):
            cast = Cast(self.address, self.issuer, derived_id(self.name, plan.number), http=self.http)
            case = DayCase(self.name, plan, made_case(plan, seen_at, codes.group_of), cast, self.known)
            self.cases[case.client_reference] = case
        self._register_hospitals()

    def _register_hospitals(self) -> None:
        admin = Api(self.address, self.issuer, Role.ORGANISATION_ADMIN, "rso-seed", http=self.http)
        places = {each.key: each for case in self.cases.values() for each in case.case.facilities}
        for key, place in places.items():
            admin.post("/v1/organisations", facility_body(place), key=derived_id("facility", key, place.name))

    def _wave(self, wave: int, start: datetime, pool: ThreadPoolExecutor, filled: Filled) -> None:
        mine = [case for case in self.cases.values() if case.plan.goal(wave) is not None]
        after = start + (WAVES[wave + 1] if wave + 1 < len(WAVES) else EVENING)
        if self._now() >= after and all(case.stage is not None for case in mine):
            return
        self._move_clock(start + WAVES[wave], f"day {WAVES[wave].days}")
        self._moved.clear()
        self._why.clear()
        self._acted.clear()
        while waiting := [case for case in mine if not self._done(case, wave) and self._hopes(case)]:
            began = time.monotonic()
            list(pool.map(lambda case: self._step(case, wave), waiting[:TOGETHER]))
            time.sleep(max(0.0, LOOK_SECONDS - (time.monotonic() - began)))
            self._look()
            self._progress(wave, len(mine), len(waiting))
        left = [case.client_reference for case in mine if not self._done(case, wave)]
        filled.behind |= {name: self._why.get(name, "what it waits for did not come") for name in left}

    def _done(self, case: DayCase, wave: int) -> bool:
        """It stands where it is to stand, and has there what belongs to it."""
        goal = case.plan.goal(wave)
        return goal is None or (case.reached(goal) and (case.client_reference, goal) in self.dressed)

    def _hopes(self, case: DayCase) -> bool:
        since = self._moved.get(case.client_reference)
        return since is None or time.monotonic() - since < PATIENCE_SECONDS

    def _step(self, case: DayCase, wave: int) -> None:
        """One act for each stage that it comes to; again only where it came too early."""
        goal, name, stage = case.plan.goal(wave), case.client_reference, case.stage
        self._moved.setdefault(name, time.monotonic())
        if goal is None or (name, stage) in self._acted:
            return
        try:
            if case.reached(goal):
                case.dress()
                self.dressed.add((name, goal))
                return
            case.act(goal)
        except NotYetError:
            return
        except ApiError as refusal:  # of a service that has not heard yet; if it stays, it is said at the end
            self._why[name] = str(refusal)
            return
        self._why.pop(name, None)
        self._acted.add((name, stage))
        self._moved[name] = time.monotonic()

    def _look(self) -> None:
        self._note(self._rows())

    def _rows(self) -> list[Any]:
        """Those that have changed since the last look."""
        asked: dict[str, Any] = {"updated_after": iso(self._seen - OVERLAP)} if self._seen else {}
        rows: list[Any] = []
        while True:
            page = self.desk.get("/v1/cases", limit=PAGE, **asked)
            rows += page["items"]
            if not page["next_cursor"]:
                break
            asked["cursor"] = page["next_cursor"]
        self._seen = max((parse_iso(row["updated_at"]) for row in rows), default=self._seen)
        return rows

    def _note(self, rows: Iterable[Any]) -> None:
        for row in rows:
            case = self.cases.get(row["client_reference"] or "")
            if case is not None and case.stage != row["stage"]:
                case.case_id, case.stage = row["case_id"], Stage(row["stage"])
                self._moved[case.client_reference] = time.monotonic()

    def _now(self) -> datetime:
        return parse_iso(self.desk.get("/v1/clock")["now"])

    def _move_clock(self, to: datetime, what: str) -> None:
        """An instant that is past changes nothing."""
        if self._now() < to:
            began = time.monotonic()
            self.desk.post("/v1/clock/advance", {"to": iso(to)}, key=derived_id(self.name, iso(to)))
            self.say(f"the sandbox clock is at {what}; what was due on the way took {time.monotonic() - began:.0f} s")

    def _progress(self, wave: int, cases: int, waiting: int) -> None:
        if time.monotonic() - self._said > SAY_SECONDS:
            self._said = time.monotonic()
            there = sum(case.stage is not None for case in self.cases.values())
            self.say(
                f"day {WAVES[wave].days}: {there} of {len(self.cases)} cases opened; "
                f"{cases - waiting} of today's {cases} are where they belong"
            )


def made_case(plan: Plan, seen_at: str, group_of: GroupOf) -> BundleCase:
    hospital = f"Example Hospital {plan.hospital + 1:02}"
    person = MadePerson(plan.number, "Example", plan.state, hospital, plan.condition, seen_at)
    return derive_case([bundle(person)], group_of)
