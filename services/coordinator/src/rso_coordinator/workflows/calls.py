"""What a run says and does outside of itself: `act` calls a service, `read` asks one, `say` and `fire` record in the coordinator's own
stream. And what it knows: the facts, the frozen policy, and what one run hands to the next.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from rso_coordinator.domain.ladder import Rung
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
ERASED, DIRECTORY = "erased", "/internal/v1/matching/"
TOLERANT = frozenset({"expiry", "lapse", "backup", "reminder", "follow_up", "notice", "closing", "completion"})
"""A refusal is their normal answer when something happened first: the steps of timers, and the end of an assignment."""
_SUPERVISORS = {
    "escalate_request": "care_coordinator",
    "call_request": "records_specialist",
    "escalate_records": "records_specialist",
    "overdue_supervisor": "medical_director",
}
"""Whom a rung calls in. An effect that is not here concerns only those who are waited for."""

Effect = Callable[[Rung], Awaitable[None]]


class CaseOverError(Exception):
    """The life of the case ended by itself: withdrawn, declined, expired, closed by hand, or its person was erased."""


class RefusedError(Exception):
    """A service refused a step: what the workflow believes is behind what is so. Read the facts again, then go on from there."""


class CaseCalls:
    """The state of one run. Signal handlers only note; the main line acts."""

    def __init__(self, start: CaseStart) -> None:
        self.case_id = start.case_id
        self.carried: Carried = start.carried
        self.milestones = Milestones()
        self.offset = timedelta()
        self.policy: Policy | None = None
        self.erased = False
        self.ending = False
        """The case is being wound up or closed: nothing that was erased meanwhile may hold that up."""
        self._facts = self._facts_read = 0
        self._heard = list(start.carried.heard)

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

    def hear(self, fact: FactSeen) -> None:
        self._heard.append(fact)
        self.note(fact)

    async def load(self) -> bool:
        """Reads the frozen policy and the facts so far; False if the case is closed."""
        snapshot: Snapshot = await self._local("snapshot", self.case_id, Snapshot)
        self.policy = snapshot.policy
        self.offset = timedelta(seconds=snapshot.offset)
        for fact in snapshot.facts:
            self.note(fact)
        self._facts_read = self._facts
        self._catch_up({fact.event_id for fact in snapshot.facts})
        return not snapshot.closed

    def _catch_up(self, known: set[str]) -> None:
        """What the run before had heard and the snapshot does not tell yet."""
        for fact in self.carried.heard:
            if fact.event_id not in known:
                self.note(fact)
        self.carried.heard = []
        self._heard = [fact for fact in self._heard if fact.event_id not in known]

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
        """A deadline that was said before stays, however often its step is taken up again."""
        name, known = saying.deadline or "", self.carried.dues.get(saying.deadline or "")
        if known is not None and known != saying.due_at and workflow.patched("deadlines-stay"):
            saying = replace(saying, due_at=known, due_days=None)
        said: Said = await self._local("say", saying, Said)
        if said.due_at is not None:
            self.carried.dues[name] = said.due_at
        return said

    async def write_to(self, role: str, template: str) -> None:
        """One mail per role and template for the whole life of the case, however often this is reached."""
        await self.act("mail", INTAKE + "/notices", role=role, template=template, key=template)

    async def nothing(self, _rung: Rung) -> None:
        """The rung and its escalation are recorded; there is nothing else to do."""

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
