"""Everything a workflow does outside of itself: commands of services, reads, and its own stream. At-least-once; all absorb repeats."""

import asyncio
import contextvars
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any, TypeVar

import httpx
from temporalio import activity

from rso_coordinator import promises
from rso_coordinator.calendar import calendar_of
from rso_coordinator.domain.case_log import CASE_LOG, FireRung, Note
from rso_coordinator.payloads import Answer, Command, FactSeen, Firing, Policy, Said, Saying, Snapshot
from rso_coordinator.wakes import SNAPSHOT, seen
from rso_shared.contracts.coordinator import WaitingOn
from rso_shared.contracts.intake import CaseSnapshot, CaseSubmitted
from rso_shared.contracts.program import Program
from rso_shared.contracts.registry import FACTS
from rso_shared.contracts.vocabulary import Priority, Stage
from rso_shared.kit import crash, facts, metrics, telemetry
from rso_shared.kit.clock import Clock, SandboxClock, iso
from rso_shared.kit.database import Tx
from rso_shared.kit.events import Actor, Meta
from rso_shared.kit.ids import derived_id
from rso_shared.kit.neighbours import address
from rso_shared.kit.service import Service

R = TypeVar("R")
REFUSED, ERASED, UNAVAILABLE = 409, 410, 503
WRONG = frozenset({400, 403, 413, 415, 422})
"""The request is refused as it stands. 404 is not among them: a service may not have heard of the case yet."""
NOT_YET_TRIES = 40
NOT_YET_SECONDS = 0.05


def offset_of(clock: Clock) -> float:
    return clock.offset.total_seconds() if isinstance(clock, SandboxClock) else 0.0


class CaseActivities:
    """Registered with the worker. Database work runs on the coordinator's own thread, HTTP on the event loop."""

    def __init__(self, service: Service, http: httpx.AsyncClient) -> None:
        self._service, self._http = service, http

    @activity.defn(name="command")
    async def command(self, command: Command) -> Answer:
        """POSTs one command. A refusal is an answer; anything else that is not success is tried again."""
        headers = {"idempotency-key": command.key, "x-correlation-id": command.case_id}
        answer = await self._call("POST", command.path, headers, command.body)
        crash.point("after-effect-before-completion")
        return _answered(answer, {REFUSED, ERASED, *WRONG})

    @activity.defn(name="read")
    async def read(self, command: Command) -> Answer:
        answer = await self._call("GET", command.path, {"x-correlation-id": command.case_id})
        return _answered(answer, WRONG)

    @activity.defn(name="snapshot")
    async def snapshot(self, case_id: str) -> Snapshot:
        answer = await self._call("GET", f"/internal/v1/intake/cases/{case_id}/snapshot", {})
        answer.raise_for_status()
        case = CaseSnapshot.model_validate(answer.json())
        known = await self._in_thread(lambda: self._known(case_id))
        return Snapshot(case.lifecycle != "open", _policy(case), known, offset_of(self._service.clock))

    @activity.defn(name="say")
    async def say(self, saying: Saying) -> Said:
        return await self._in_thread(lambda: self._say(saying))

    @activity.defn(name="fire")
    async def fire(self, firing: Firing) -> Said:
        return await self._in_thread(lambda: self._fire(firing))

    async def _call(self, method: str, path: str, headers: dict[str, str], body: Any = None) -> httpx.Response:
        """A service that has not yet heard of the case says so (503 not_yet_known): a moment later it has."""
        headers = {**headers, "authorization": f"Bearer {self._service.service_token()}"}
        url = address(self._service.settings.internal_url, path)
        for _ in range(NOT_YET_TRIES):
            with telemetry.client_span(method, path, headers) as span:
                answer = await self._http.request(method, url, headers=headers, json=body)
                span.set_attribute("http.response.status_code", answer.status_code)
            if answer.status_code != UNAVAILABLE or answer.json().get("code") != "not_yet_known":
                break
            await asyncio.sleep(NOT_YET_SECONDS)
        return answer

    def _known(self, case_id: str) -> list[FactSeen]:
        models = [model for model in FACTS.values() if model.TYPE in SNAPSHOT]
        with self._service.db.read() as tx:
            kept = facts.all_of(tx, case_id, *models)
        return [found for fact in kept if (found := seen(fact.event_id, fact.data, SNAPSHOT)) is not None]

    def _say(self, saying: Saying) -> Said:
        now = self._service.clock.now()
        with self._service.db.write() as tx:
            case = facts.require(tx, CaseSubmitted, saying.case_id)
            note = _note(saying, promises.program_of(tx, case), promises.priority_of(tx, case), now)
            self._execute(tx, case, note)
        return Said(now.isoformat(), note.due_at.isoformat() if note.due_at else None)

    def _fire(self, firing: Firing) -> Said:
        now = self._service.clock.now()
        command = FireRung(
            firing.case_id, firing.deadline, firing.rung, datetime.fromisoformat(firing.due_at), now, firing.escalate_to
        )
        with self._service.db.write() as tx:
            fired = self._execute(tx, facts.require(tx, CaseSubmitted, firing.case_id), command)
        if fired:
            metrics.timer_fired(firing.deadline, firing.rung)
        return Said(now.isoformat(), firing.due_at)

    def _execute(self, tx: Tx, case: CaseSubmitted, command: Note | FireRung) -> bool:
        """False if the command was absorbed."""
        actor = Actor(type="service", id="coordinator", role="service", organisation_id="")
        correlation = derived_id(case.case_id, "coordination")
        meta = Meta(actor=actor, correlation_id=correlation, traceparent=telemetry.traceparent())
        return bool(self._service.store.execute(tx, CASE_LOG, promises.stream_of(case), command, meta).recorded)

    async def _in_thread(self, work: Callable[[], R]) -> R:
        """In the activity's own context: what it appends there belongs to its trace."""
        here = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._service.executor, here.run, work)


def _answered(answer: httpx.Response, refusals: Collection[int]) -> Answer:
    """Raises httpx.HTTPStatusError for what is neither success nor a refusal: it is tried again."""
    if answer.status_code in refusals:
        return Answer({}, answer.json()["code"], wrong=answer.status_code in WRONG)
    answer.raise_for_status()
    return Answer(answer.json())


def _note(saying: Saying, program: Program, priority: Priority, now: datetime) -> Note:
    calendar = calendar_of(program.calendar)
    waiting = None
    if saying.waiting is not None:
        waiting = tuple(WaitingOn(party=w.party, what=w.what, since=now, how_to_act=w.act) for w in saying.waiting)
    due = datetime.fromisoformat(saying.due_at) if saying.due_at else None
    if saying.due_days is not None:
        due = calendar.add_business_days(now, saying.due_days)
    promised = None
    if saying.promise_from is not None:
        promised = promises.promised_by(program, priority, datetime.fromisoformat(saying.promise_from))
    if waiting is not None and due is not None:
        waiting = tuple(item.model_copy(update={"due": due}) for item in waiting)
    stage = Stage(saying.stage) if saying.stage else None
    return Note(saying.case_id, now, stage, waiting, saying.deadline, due, promised)


def _policy(case: CaseSnapshot) -> Policy:
    p = case.program
    return Policy(
        submitted_at=iso(case.submitted_at),
        local_provider_expected=p.screening.local_provider_required,
        reminders=[_seconds(delay) for delay in p.reminders.after],
        expire_after=_seconds(p.reminders.expire_after),
        follow_up=_seconds(p.records.follow_up_after),
        escalate=_seconds(p.records.escalate_after),
        call=_seconds(p.records.call_after),
        decide=_seconds(p.records.decide_after),
        summary_days=p.summary_due_business_days,
        max_offers=p.matching.max_offers,
        review_due=_seconds(p.review.due_after),
        heads_up=list(p.review.heads_up_percent),
        overdue=[_seconds(delay) for delay in p.review.overdue_after],
        quality_days=p.quality.due_business_days,
        release_policy=p.release.policy.value,
        provider_first_days=p.release.provider_first_business_days,
        window=_seconds(p.follow_up.window),
        promise_days=p.promise_business_days,
        charge_point=p.price.charge_point.value,
        first_contact=_seconds(p.first_contact_within),
        default_owner=p.default_owner,
    )


def _seconds(delay: timedelta) -> int:
    return int(delay.total_seconds())
