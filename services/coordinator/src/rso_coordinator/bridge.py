"""The bridge: facts become signals. Its own consumer group and no inbox: a crash signals again, and the workflow is set-like."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import httpx
from sqlalchemy.exc import OperationalError
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from rso_coordinator.payloads import CaseStart, FactSeen
from rso_coordinator.wakes import STARTS, seen
from rso_coordinator.workflows.case import CaseWorkflow
from rso_shared.contracts.base import FactModel
from rso_shared.kit import facts, parking, telemetry
from rso_shared.kit.broker import Batch, Record
from rso_shared.kit.clock import parse_iso
from rso_shared.kit.consumer import PATIENCE, RETRY_SECONDS
from rso_shared.kit.errors import NotYet, Transient
from rso_shared.kit.names import HEADS_TOPIC, SERVICES
from rso_shared.kit.service import Service

R = TypeVar("R")
NAME = "coordinator.bridge"
TASK_QUEUE = "cases"
UNKNOWN = 404


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
        topics = [s.topic for s in SERVICES if s.topic != HEADS_TOPIC]
        async for batch in self._service.broker.subscribe(NAME, topics):
            await self._until_done(batch)

    async def _until_done(self, batch: Batch) -> None:
        pause = 0.1
        while True:
            try:
                for record in batch.records:
                    await self._take(record)
                await self._retry({record.key for record in batch.records})
                await batch.commit()
            except (OperationalError, Transient, RPCError, httpx.HTTPError) as away:
                self._service.health.trouble(NAME, type(away).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 10.0)
            else:
                self._service.health.beat(NAME)
                return

    async def _take(self, record: Record) -> None:
        try:
            fact = facts.parse(record)
        except ValueError as broken:
            reason = type(broken).__name__
            await self._in_thread(lambda: self._park(record, parking.POISON, reason))
            return
        signal = seen(fact.event_id, fact.data) if fact is not None else None
        if fact is None or signal is None:
            return
        if await self._in_thread(lambda: self._is_parked(record.key)):
            await self._in_thread(lambda: self._park(record, parking.BEHIND, "behind"))
            return
        try:
            await self.forward(fact.data, signal, fact.traceparent)
        except NotYet as outcome:
            reason = outcome.missing
            await self._in_thread(lambda: self._park(record, parking.NOT_YET, reason))

    async def forward(self, fact: FactModel, signal: FactSeen, traceparent: str | None = None) -> None:
        """Raises NotYet for a case that intake does not know; anything else that fails leaves the position where it is."""
        with telemetry.consumer_span(f"wake {signal.type}", traceparent, {"rso.service": NAME}):
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
        answer = await self._http.get(f"/internal/v1/intake/cases/{case_id}/snapshot", headers=headers)
        if answer.status_code == UNKNOWN:
            raise NotYet(f"case {case_id}")
        answer.raise_for_status()
        if answer.json()["lifecycle"] != "open":
            self.late += 1
            return
        await self._start(case_id, signal)

    async def _retry(self, handled: set[str]) -> None:
        due = time.monotonic() >= self._retry_at
        for key in await self._in_thread(self._waiting):
            if due or key in handled:
                while await self._drain_one(key):
                    pass
        if due:
            self._retry_at = time.monotonic() + RETRY_SECONDS

    async def _drain_one(self, key: str) -> bool:
        parked = await self._in_thread(lambda: self._first(key))
        fact = facts.parse(parked.record) if parked is not None else None
        signal = seen(fact.event_id, fact.data) if fact is not None else None
        if parked is None or fact is None or signal is None or parked.state == parking.POISON:
            return False
        try:
            await self.forward(fact.data, signal, fact.traceparent)
        except NotYet as missing:
            late = datetime.now(UTC) - parse_iso(parked.parked_at) > PATIENCE
            state, reason = (parking.POISON if late else parking.NOT_YET), missing.missing
            await self._in_thread(lambda: self._mark(parked.id, state, reason))
            return False
        await self._in_thread(lambda: self._release(parked.id))
        return True

    def _waiting(self) -> list[str]:
        with self._service.db.read() as tx:
            return parking.keys(tx, NAME)

    def _is_parked(self, key: str) -> bool:
        with self._service.db.read() as tx:
            return parking.is_parked(tx, NAME, key)

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
