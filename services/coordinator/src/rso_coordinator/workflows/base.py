"""What every step of a case is made of: `act` calls a service, `say` records in the coordinator's own stream, `wait` waits.

One Temporal timer at a time, for the earliest next rung. A wait never hangs on a signal alone: before a rung acts, the service
it calls refuses what is no longer due.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from rso_coordinator.domain.ladder import Rung, next_rung
    from rso_coordinator.domain.milestones import Milestones
    from rso_coordinator.payloads import (
        Answer,
        Carried,
        CaseStart,
        Command,
        FactSeen,
        Firing,
        Policy,
        Said,
        Saying,
        Snapshot,
        Waiting,
    )
    from rso_coordinator.workflows.command_key import command_key

INTAKE = "/internal/v1/intake/cases/{case}"
RECORDS = "/internal/v1/records/cases/{case}"
MATCHING = "/internal/v1/matching/cases/{case}"
OPINIONS = "/internal/v1/opinions/cases/{case}"
BILLING = "/internal/v1/billing/cases/{case}"

LOCAL = {
    "start_to_close_timeout": timedelta(seconds=3),
    "schedule_to_close_timeout": timedelta(seconds=6),
    "retry_policy": RetryPolicy(maximum_attempts=2, initial_interval=timedelta(milliseconds=100)),
}
ORDINARY = {
    "start_to_close_timeout": timedelta(seconds=15),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
}
PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
ERASED, DIRECTORY = "erased", "/internal/v1/matching/"
TOLERANT = frozenset({"expiry", "lapse", "backup", "reminder", "follow_up", "notice", "closing", "completion"})
"""A refusal is their normal answer when something happened first: the steps of timers, and the end of an assignment."""

Effect = Callable[[Rung], Awaitable[None]]


class CaseOverError(Exception):
    """The life of the case ended by itself: withdrawn, declined, expired, closed by hand, or its person was erased."""


class RefusedError(Exception):
    """A service refused a step: what the workflow believes is behind what is so. Read the facts again, then go on from there."""


class CaseSteps:
    """The state of one run and the three helpers. Signal handlers only note; the main line acts."""

    def __init__(self, start: CaseStart) -> None:
        self.case_id = start.case_id
        self.carried: Carried = start.carried
        self.milestones = Milestones()
        self.offset = timedelta()
        self.policy: Policy | None = None
        self.due: datetime | None = None
        self.erased = False
        self.ending = False
        """The case is being wound up or closed: nothing that was erased meanwhile may hold that up."""
        self._pause = PAUSE
        self._clock_moves = 0
        self._facts = self._facts_read = 0

    @property
    def rules(self) -> Policy:
        if self.policy is None:
            raise ApplicationError("the snapshot was not loaded", non_retryable=True)
        return self.policy

    def now(self) -> datetime:
        """Deployment time: wall time, plus the offset of a sandbox."""
        return workflow.now() + self.offset

    def note(self, fact: FactSeen) -> None:
        self.milestones.apply(fact.type, fact.data)
        self._facts += 1

    def move_clock(self, offset: float) -> None:
        self.offset = timedelta(seconds=offset)
        self._clock_moves += 1

    async def load(self) -> bool:
        """Reads the frozen policy and the facts so far; False if the case is closed."""
        snapshot: Snapshot = await self._local("snapshot", self.case_id, Snapshot)
        self.policy = snapshot.policy
        self.offset = timedelta(seconds=snapshot.offset)
        for fact in snapshot.facts:
            self.note(fact)
        self._facts_read = self._facts
        return not snapshot.closed

    async def act(self, step: str, path: str, **body: Any) -> Answer:
        """One command of a service: a short local activity, then an ordinary one without attempt limit. Same key both times."""
        number = self.carried.counts[step] = self.carried.counts.get(step, 0) + 1
        where = path.format(case=self.case_id)
        command = Command(where, body, command_key(self.case_id, step, number, where, body), self.case_id)
        answer: Answer = await self._local("command", command, Answer)
        if answer.wrong:
            await self._tell(step, answer)
        if answer.refused == ERASED and not path.startswith(DIRECTORY):  # there it may be the specialist who was erased
            self.erased = True
            if not self.ending:
                raise CaseOverError
            return answer
        if answer.refused and step not in TOLERANT:
            raise RefusedError(answer.refused)
        return answer

    async def read(self, path: str) -> dict[str, Any]:
        answer: Answer = await self._local(
            "read", Command(path.format(case=self.case_id), {}, "", self.case_id), Answer
        )
        if answer.refused:
            await self._tell("read", answer)
            raise RefusedError(answer.refused)
        return answer.body

    async def _tell(self, step: str, answer: Answer) -> None:
        """A person has to mend this before it can succeed: said once per step and code, however often it is tried."""
        rung = Rung(f"{step}_{answer.refused}", self.now(), "escalate", "operations")
        if rung.rung not in self.carried.fired.get("refused", []):
            await self.fire("refused", rung, self.nothing)

    async def say(self, saying: Saying) -> Said:
        said: Said = await self._local("say", saying, Said)
        return said

    async def wait(
        self,
        done: Callable[[], bool],
        *,
        deadline: str = "",
        ladder: Sequence[Rung] | Callable[[], Sequence[Rung]] = (),
        effect: Effect | None = None,
    ) -> None:
        """Until `done`, firing each rung of the ladder at its instant, once. Raises CaseOverError when the case ended meanwhile.

        A ladder that depends on facts is a function: it is asked again whenever a fact comes.
        """

        def upcoming() -> Rung | None:
            rungs = ladder() if callable(ladder) else ladder
            return next_rung(rungs, self.carried.fired.get(deadline, []))

        while not self._settled(done):
            rung = upcoming()
            changed = partial(self._differs, rung, upcoming, done)
            if rung is None or effect is None:
                await workflow.wait_condition(changed)
            elif await self.until(rung.due, changed):
                await self.fire(deadline, rung, effect)
        self.check_over()

    def _differs(self, rung: Rung | None, upcoming: Callable[[], Rung | None], done: Callable[[], bool]) -> bool:
        return self._settled(done) or upcoming() != rung

    async def write_to(self, role: str, template: str) -> None:
        """One mail per role and template for the whole life of the case, however often this is reached."""
        await self.act("mail", INTAKE + "/notices", role=role, template=template, key=template)

    async def nothing(self, _rung: Rung) -> None:
        """The rung and its escalation are recorded; there is nothing else to do."""

    async def pause(self) -> None:
        """After a refusal: until a fact comes that the last reading did not have, or for a minute; then all is read anew.

        Each minute in vain is followed by twice as long a one, up to an hour: a history has room for so many events only.
        """
        try:
            await workflow.wait_condition(lambda: self._facts != self._facts_read, timeout=self._pause)
        except TimeoutError:
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
        else:
            self._pause = PAUSE

    async def heard(self, done: Callable[[], bool]) -> None:
        """Until the fact of one's own command comes back, a minute at most."""
        with suppress(TimeoutError):
            await workflow.wait_condition(done, timeout=PAUSE)

    def check_over(self) -> None:
        m = self.milestones
        if m.withdrawn or m.declined or m.expired or m.closed or self.erased:
            raise CaseOverError

    def _settled(self, done: Callable[[], bool]) -> bool:
        m = self.milestones
        return done() or m.withdrawn or m.declined or m.expired or m.closed

    async def until(self, due: datetime, done: Callable[[], bool]) -> bool:
        """True if the instant came first; False if `done`, if the case ended, or to re-derive the timer of a moved clock."""
        moves, delay = self._clock_moves, due - self.now()
        if delay <= timedelta():
            return True
        self.due = due
        try:
            await workflow.wait_condition(lambda: self._settled(done) or self._clock_moves != moves, timeout=delay)
        except TimeoutError:
            return True
        finally:
            self.due = None
        return False

    async def fire(self, deadline: str, rung: Rung, effect: Effect) -> None:
        self.carried.fired.setdefault(deadline, []).append(rung.rung)
        escalate_to = rung.target if rung.effect == "escalate" else _SUPERVISORS.get(rung.effect)
        firing = Firing(self.case_id, deadline, rung.rung, rung.due.isoformat(), escalate_to)
        await self._local("fire", firing, Said)
        await effect(rung)

    async def _local(self, name: str, argument: Any, answer: type[Any]) -> Any:
        """Short and cheap first; what is away for longer is waited for by an ordinary activity, which costs history once."""
        try:
            return await workflow.execute_local_activity(name, argument, result_type=answer, **LOCAL)  # type: ignore[call-overload]
        except (
            FailureError
        ) as failure:  # a failed local activity comes as the bare ApplicationError, a timed-out one as ActivityError
            if is_cancelled_exception(failure):
                raise
            return await workflow.execute_activity(name, argument, result_type=answer, **ORDINARY)  # type: ignore[call-overload]


_SUPERVISORS = {"escalate_records": "records_specialist", "overdue_supervisor": "medical_director"}


def waiting(party: str, what: str, act: str) -> Waiting:
    return Waiting(party, what, act)


def instant(text: str | None) -> datetime:
    if text is None:
        raise workflow.NondeterminismError("an instant is missing")
    return datetime.fromisoformat(text)
