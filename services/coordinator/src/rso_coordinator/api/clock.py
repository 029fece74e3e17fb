"""The deployment's clock. In a sandbox it may be moved forward, from due instant to due instant, until all is quiet."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from rso_coordinator import projections
from rso_coordinator.activities import offset_of
from rso_coordinator.bridge import workflow_id
from rso_coordinator.worker import Temporal
from rso_coordinator.workflows.case import CaseWorkflow
from rso_shared.kit.clock import SandboxClock, parse_iso
from rso_shared.kit.errors import DomainError, Transient
from rso_shared.kit.idempotency import checked_key
from rso_shared.kit.service import Service
from rso_shared.kit.web.call import PUBLIC, Call, permitted

R = TypeVar("R")
router = APIRouter(tags=["clock"])
QUIET_CHECKS = 3
CHECK_SECONDS = 0.05
PATIENCE_SECONDS = 60.0
TOGETHER = timedelta(minutes=1)
AT_A_TIME = 16


class ClockState(BaseModel):
    """`now` is the deployment's time; in a sandbox it may be ahead of wall time."""

    now: datetime
    livemode: bool
    offset_seconds: float


class Advance(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"to": "2026-03-16T09:00:00Z"}]})

    to: AwareDatetime


@router.get("/v1/clock", summary="The deployment's time", **PUBLIC)
def read_clock(call: Annotated[Call, Depends(permitted("clock.read"))]) -> ClockState:
    return _state(call.service)


@router.post("/v1/clock/advance", summary="Move a sandbox's clock forward; answers when all is quiet", **PUBLIC)
async def advance(
    body: Advance, request: Request, call: Annotated[Call, Depends(permitted("clock.advance"))]
) -> ClockState:
    clock = call.service.clock
    if not isinstance(clock, SandboxClock):
        raise DomainError("clock_is_live", "This deployment runs on wall time; only a sandbox's clock can be moved.")
    checked_key(request.headers.get("idempotency-key"))
    if body.to > clock.now():  # an instant that is reached already is a repeat, and changes nothing
        await Mover(call.service, clock, request.app.state.temporal, request.app.state.quiet).advance(body.to)
    return _state(call.service)


def _state(service: Service) -> ClockState:
    return ClockState(
        now=service.clock.now(), livemode=not service.settings.sandbox, offset_seconds=offset_of(service.clock)
    )


@contextmanager
def _unless_gone() -> Iterator[None]:
    """A case may end between the listing and the call."""
    try:
        yield
    except RPCError as failure:
        if failure.status is not RPCStatusCode.NOT_FOUND:
            raise Transient("temporal") from failure


class Mover:
    """Steps from due instant to due instant: settle, move, tell the cases that are due, settle. At the end every case is told.

    Cases that are due within a minute of each other are due together: one that slept for days is a minute late at most.
    """

    def __init__(self, service: Service, clock: SandboxClock, temporal: Temporal, quiet: Callable[[], bool]) -> None:
        self._service, self._clock, self._temporal, self._quiet = service, clock, temporal, quiet
        self._few = asyncio.Semaphore(AT_A_TIME)

    async def advance(self, target: datetime) -> None:
        await self._settle()
        dues = await self._dues(await self._in_thread(self._open))
        while ahead := {case_id: due for case_id, due in dues.items() if self._clock.now() < due <= target}:
            together = min(ahead.values()) + TOGETHER
            chosen = {case_id: due for case_id, due in ahead.items() if due <= together}
            await self._move(max(chosen.values()), list(chosen))
            dues = {case_id: due for case_id, due in dues.items() if case_id not in chosen} | await self._dues(chosen)
        await self._move(target, await self._in_thread(self._open))

    async def _dues(self, cases: Iterable[str]) -> dict[str, datetime]:
        """The instant that each open case sleeps until: the workflows know, whatever ladder it stands on."""
        asked = list(cases)
        found = await asyncio.gather(*(self._ask(case_id) for case_id in asked))
        return {case_id: due for case_id, due in zip(asked, found, strict=True) if due is not None}

    async def _ask(self, case_id: str) -> datetime | None:
        due = None
        async with self._few:
            with _unless_gone():
                due = await self._handle(case_id).query(CaseWorkflow.next_due)
        return parse_iso(due) if due else None

    async def _move(self, instant: datetime, cases: Iterable[str]) -> None:
        self._clock.advance_to(instant)
        await asyncio.gather(*(self._tell(case_id) for case_id in cases))
        await self._settle()

    async def _tell(self, case_id: str) -> None:
        async with self._few:
            with _unless_gone():
                await self._handle(case_id).signal(CaseWorkflow.clock_moved, offset_of(self._clock))

    def _handle(self, case_id: str) -> WorkflowHandle[Any, Any]:
        return self._temporal.client().get_workflow_handle(workflow_id(case_id))

    def _open(self) -> list[str]:
        with self._service.db.read() as tx:
            return projections.open_cases(tx)

    async def _settle(self) -> None:
        """Quiet several times in a row: every outbox empty, every group at the end of the log, no activity under way."""
        calm, loop = 0, asyncio.get_running_loop()
        until = loop.time() + PATIENCE_SECONDS
        while calm < QUIET_CHECKS and loop.time() < until:
            await asyncio.sleep(CHECK_SECONDS)
            calm = calm + 1 if await self._in_thread(self._quiet) else 0

    async def _in_thread(self, work: Callable[[], R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._service.executor, work)
