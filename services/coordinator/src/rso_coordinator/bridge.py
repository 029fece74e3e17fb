"""The bridge: facts become signals. Its own consumer group and no inbox: a crash signals again, and the workflow is set-like."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import httpx
from sqlalchemy.exc import DBAPIError
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from rso_coordinator.payloads import CaseStart, FactSeen
from rso_coordinator.wakes import STARTS, WAKES, seen
from rso_coordinator.workflows.case import CaseWorkflow
from rso_shared.contracts.base import FactModel
from rso_shared.contracts.registry import FACTS
from rso_shared.kit import crash, envelope, facts, logs, parking, telemetry
from rso_shared.kit.broker import Batch, Record
from rso_shared.kit.clock import parse_iso
from rso_shared.kit.consumer import FIRST_PAUSE, LONGEST_PAUSE, PATIENCE, RETRY_SECONDS, listen
from rso_shared.kit.draining import whole
from rso_shared.kit.errors import NotYet, Transient
from rso_shared.kit.facts import Fact
from rso_shared.kit.names import topic_of
from rso_shared.kit.neighbours import address
from rso_shared.kit.service import Service

R = TypeVar("R")
LOOP = "bridge"
NAME = f"coordinator.{LOOP}"
TOPICS = tuple(sorted({topic_of(type_.partition(".")[0]) for type_ in WAKES}))
TASK_QUEUE = "cases"
UNKNOWN = 404
BROKEN = (ValueError, KeyError, envelope.UnidentifiedError)
"""What reading a record raises that is no fact: a header is missing, the value is no JSON or not of its type."""


def workflow_id(case_id: str) -> str:
    return f"case/{case_id}"


class Bridge:
    """`client` gives the connected Temporal client, or raises Transient while the server is away."""

    def __init__(self, service: Service, http: httpx.AsyncClient, client: Callable[[], Client]) -> None:
        self._service, self._http, self._client = service, http, client
        self._retry_at = 0.0
        self.late = 0
        """Facts about cases that were closed already: counted and done."""

    async def run(self) -> None:
        await listen(self._service.broker, NAME, TOPICS, self._service.health, self._until_done)

    async def _until_done(self, batch: Batch) -> None:
        pause, records = FIRST_PAUSE, [envelope.named(record) for record in batch.records]
        while True:
            try:
                await whole(self._handled(batch, records))
            except (DBAPIError, Transient, RPCError, httpx.HTTPError) as away:
                self._service.health.trouble(NAME, type(away).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                self._service.health.beat(NAME)
                return

    async def _handled(self, batch: Batch, records: list[Record]) -> None:
        """The database is asked once per batch which keys are set aside, and not at all for a batch that wakes nobody."""
        waking, due = [record for record in records if _may_wake(record)], time.monotonic() >= self._retry_at
        if waking or due:
            parked = set(await self._in_thread(self._held))
            for record in waking:
                await self._take(record, parked)
            await self._retry(parked if due else parked & {record.key for record in waking})
        if due:
            self._retry_at = time.monotonic() + RETRY_SECONDS
        if records:
            crash.point("after-batch-before-offset", LOOP)
        await batch.commit()

    async def _take(self, record: Record, parked: set[str]) -> None:
        """What it sets aside is added to `parked`, behind which later records of the key queue."""
        try:
            waking = _waking(record)
        except BROKEN as broken:
            await self._set_aside(record, parking.POISON, type(broken).__name__, parked)
            return
        if waking is None:
            return
        fact, signal = waking
        if record.key in parked:
            await self._set_aside(record, parking.BEHIND, "behind", parked)
            return
        try:
            await self.forward(fact.data, signal, fact.traceparent)
        except NotYet as outcome:
            await self._set_aside(record, parking.NOT_YET, outcome.missing, parked)

    async def _set_aside(self, record: Record, state: str, reason: str, parked: set[str]) -> None:
        await self._in_thread(lambda: self._park(record, state, reason))
        parked.add(record.key)

    async def forward(self, fact: FactModel, signal: FactSeen, traceparent: str | None = None) -> None:
        """Raises NotYet for a case that intake does not know; anything else that fails leaves the position where it is."""
        told = {"rso.service": NAME, "rso.case_id": fact.key()}
        with logs.about(fact.key()), telemetry.consumer_span(f"wake {signal.type}", traceparent, told):
            await self._wake(fact.key(), signal)

    async def _wake(self, case_id: str, signal: FactSeen) -> None:
        if signal.type in STARTS:
            await self._start(case_id, signal)
            return
        try:
            await self._client().get_workflow_handle(workflow_id(case_id)).signal(CaseWorkflow.fact_seen, signal)
        except RPCError as failure:
            if failure.status is not RPCStatusCode.NOT_FOUND:
                raise
            await self._without_workflow(case_id, signal)

    async def _start(self, case_id: str, signal: FactSeen) -> None:
        """Starting a case that already ran to its end is harmless: a run of a closed case returns at once."""
        await self._client().start_workflow(
            CaseWorkflow.run, CaseStart(case_id), id=workflow_id(case_id), task_queue=TASK_QUEUE,
            start_signal="fact_seen", start_signal_args=[signal],
        )  # fmt: skip

    async def _without_workflow(self, case_id: str, signal: FactSeen) -> None:
        headers = {"authorization": f"Bearer {self._service.service_token()}"}
        path = f"/internal/v1/intake/cases/{case_id}/snapshot"
        with telemetry.client_span("GET", path, headers):
            answer = await self._http.get(address(self._service.settings.internal_url, path), headers=headers)
        if answer.status_code == UNKNOWN:
            raise NotYet(f"case {case_id}")
        answer.raise_for_status()
        if answer.json()["lifecycle"] != "open":
            self.late += 1
            return
        await self._start(case_id, signal)

    async def _retry(self, keys: set[str]) -> None:
        for key in sorted(keys):
            while await self._drain_one(key):
                pass

    async def _drain_one(self, key: str) -> bool:
        """The oldest of a key, unless an operator has to say so first; False when there is nothing more to do now."""
        parked = await self._in_thread(lambda: self._first(key))
        if parked is None or parked.state == parking.POISON:
            return False
        outcome = await self._delivered(parked)
        if outcome is None:
            await self._in_thread(lambda: self._release(parked.id))
            return True
        await self._in_thread(lambda: self._mark(parked.id, *outcome))
        return False

    async def _delivered(self, parked: parking.Parked) -> tuple[str, str] | None:
        """None when it was, or when it wakes nobody any more; else the state to leave it in, and why."""
        try:
            waking = _waking(parked.record)
        except BROKEN as broken:
            return parking.POISON, type(broken).__name__
        try:
            if waking is not None:
                fact, signal = waking
                await self.forward(fact.data, signal, fact.traceparent)
        except NotYet as missing:
            behind = parked.state == parking.BEHIND  # tried for the first time: nobody has lost patience with it yet
            late = not behind and datetime.now(UTC) - parse_iso(parked.parked_at) > PATIENCE
            return (parking.POISON if late else parking.NOT_YET), missing.missing
        return None

    def _held(self) -> list[str]:
        with self._service.db.read() as tx:
            return parking.held(tx, NAME)

    def _first(self, key: str) -> parking.Parked | None:
        with self._service.db.read() as tx:
            return parking.first(tx, NAME, key)

    def _park(self, record: Record, state: str, reason: str) -> None:
        with self._service.db.write() as tx:
            parking.park(tx, NAME, record, state, reason, datetime.now(UTC))

    def _mark(self, id_: int, state: str, reason: str) -> None:
        with self._service.db.write() as tx:
            parking.mark(tx, id_, state, reason)

    def _release(self, id_: int) -> None:
        with self._service.db.write() as tx:
            parking.release(tx, id_)

    async def _in_thread(self, work: Callable[[], R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._service.executor, work)


def _may_wake(record: Record) -> bool:
    """By its type alone. What is no fact is looked at, to be set aside."""
    type_ = record.headers.get("ce_type", "")
    return type_ not in FACTS or FACTS[type_].TYPE in WAKES


def _waking(record: Record) -> tuple[Fact, FactSeen] | None:
    """The fact and its signal, or None if it wakes nobody. Raises one of BROKEN."""
    envelope.check(record)
    fact = facts.parse(record)
    signal = seen(fact.event_id, fact.data) if fact is not None else None
    return None if fact is None or signal is None else (fact, signal)
