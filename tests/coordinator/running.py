"""All services, the bridge and the worker on one event loop, against the time-skipping server. What stands in for outages is real:
a listener that is closed, a proxy that drops connections, a loop that is cancelled."""

import asyncio
import contextlib
import shutil
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import func, select
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from temporalio.api.enums.v1 import EventType
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from coordinator.wire import Wire
from rso_coordinator.bridge import NAME as BRIDGE
from rso_coordinator.bridge import TOPICS, Bridge, workflow_id
from rso_coordinator.worker import Temporal
from rso_coordinator.workflows.case import CaseWorkflow
from rso_onebox import box as onebox
from rso_onebox.datadir import DataDir
from rso_onebox.dispatch import Dispatcher
from rso_onebox.serve import Listener, address, bind
from rso_shared.kit import notices
from rso_shared.kit.clock import ManualClock
from rso_shared.kit.tables import OUTBOX

MASTER = "5c" * 32
"""Fixed, so that saved histories can be opened by every later run."""
SLACK = timedelta(seconds=5)
"""A timer is set when its workflow task completes, a moment after the instant it was reckoned from."""
PAUSE = 0.02
CALM = 2
PATIENCE = 120.0
SERVER_PATIENCE = timedelta(seconds=60)
"""For a Java process to come up beside whatever else the machine does."""
TASKS = {EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED: 1, EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED: 0}


@dataclass(frozen=True, slots=True)
class Folder(DataDir):
    """A data folder whose clock stands still until it is set, and whose key is always the same."""

    stands: ManualClock

    def clock(self) -> ManualClock:
        return self.stands

    def master_key(self) -> str:
        return MASTER


@dataclass(slots=True)
class Running:
    box: onebox.Box
    clock: ManualClock
    env: WorkflowEnvironment
    wire: Wire
    public: str
    internal: str
    unheard: str = ""
    """Calls of one service to another whose path ends so are done, but their answers are kept back."""
    watched: set[str] = field(default_factory=set)
    """Cases whose workflow tasks count for quiet: those of the test at hand."""
    _loops: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _inside: Any = None
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    @classmethod
    async def start(cls, folder: Path, server: Path) -> "Running":
        env = await WorkflowEnvironment.start_time_skipping(
            test_server_existing_path=str(_bound(server, folder)), test_server_startup_timeout=SERVER_PATIENCE
        )
        wire = Wire(env.client.service_client.config.target_host)
        temporal = await wire.join()
        clock = ManualClock(await env.get_current_time())
        data = Folder(folder, clock)
        data.prepare(sandbox=False)
        outside, inside = bind(0), bind(0)
        box = onebox.build(
            data, sandbox=True, internal_url=address(inside), public_url=address(outside),
            temporal=lambda master: Temporal(temporal, onebox.NAMESPACE, master),
        )  # fmt: skip
        made = cls(box, clock, env, wire, address(outside), address(inside))
        for app in box.apps.values():
            await made._stack.enter_async_context(app.router.lifespan_context(app))
        made._stack.enter_context(env.auto_time_skipping_disabled())
        await made._serve(outside, internal=False)
        made._inside = await made._serve(inside, internal=True)
        for name, service in box.services.items():
            for loop in service.loops:
                made.resume(f"{name}.{loop}")
        return made

    @property
    def bridge(self) -> Bridge:
        run: Any = self.box.services["coordinator"].loops[BRIDGE]
        made: Bridge = run.__self__
        return made

    async def _serve(self, at: Any, *, internal: bool) -> tuple[Listener, asyncio.Task[None]]:
        app = Dispatcher(self.box.apps, self.box.apps["operations"], internal=internal)
        config = uvicorn.Config(
            self._kept_back(app) if internal else app,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=2,
        )
        listener = Listener(config)
        task = asyncio.create_task(listener.serve([at]))
        while not listener.started:  # noqa: ASYNC110 - uvicorn has a flag, not an event
            await asyncio.sleep(0.01)
        if not internal:
            self._stack.push_async_callback(_shut, listener, task)
        return listener, task

    def _kept_back(self, app: ASGIApp) -> ASGIApp:
        async def run(scope: Scope, receive: Receive, send: Send) -> None:
            async def later(message: Message) -> None:
                while self.unheard and scope["path"].endswith(self.unheard):  # noqa: ASYNC110 - a test's hand lets go of it
                    await asyncio.sleep(PAUSE)
                await send(message)

            await app(scope, receive, later)

        return run

    def resume(self, name: str) -> None:
        service, _, loop = name.partition(".")
        self._loops[name] = asyncio.create_task(self.box.services[service].loops[loop](), name=name)

    async def pause(self, name: str) -> None:
        task = self._loops.pop(name)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def close_inside(self) -> None:
        """From now on every call of one service to another is refused."""
        await _shut(*self._inside)

    async def open_inside(self) -> None:
        self._inside = await self._serve(bind(int(self.internal.rpartition(":")[2])), internal=True)

    async def advance(self, to: datetime) -> None:
        """From due instant to due instant, as trap 12 asks: quiesce, move both clocks, quiesce. Nothing else here moves time."""
        await self.quiesce()
        while (due := await self._next_due()) is not None and due + SLACK < to:
            await self._move(due + SLACK)
        await self._move(to)

    async def _move(self, to: datetime) -> None:
        """The services first: what a timer causes happens at the new instant, not at the one before the jump."""
        ahead = to - await self.env.get_current_time()
        self.clock.set(max(to, self.clock.now()))
        if ahead > timedelta():
            await self.env.sleep(ahead)
        self.clock.set(max(to, await self.env.get_current_time()))
        await self.quiesce()

    async def _next_due(self) -> datetime | None:
        """The earliest instant that a case of this test sleeps until."""
        found = [await self._ask(case_id) for case_id in self.watched]
        now = await self.env.get_current_time()
        return min((due for due in found if due is not None and due + SLACK > now), default=None)

    async def _ask(self, case_id: str) -> datetime | None:
        handle = self.box.apps["coordinator"].state.temporal.client().get_workflow_handle(workflow_id(case_id))
        try:
            due = await handle.query(CaseWorkflow.next_due)
        except RPCError:
            return None
        return datetime.fromisoformat(due) if due else None

    async def quiesce(self) -> None:
        """Quiet twice in a row with nothing published in between: no mail unsent, no outbox full, no group behind, no task open."""
        calm, before, loop = 0, -1, asyncio.get_running_loop()
        end = loop.time() + PATIENCE
        while calm < CALM:
            published = await loop.run_in_executor(None, self._published)
            quiet = published == before and await self._quiet()
            calm, before = (calm + 1 if quiet else 0), published
            if loop.time() > end:
                raise TimeoutError(f"no quiet within {PATIENCE:.0f} s")
            await asyncio.sleep(PAUSE)

    async def _quiet(self) -> bool:
        if not await asyncio.get_running_loop().run_in_executor(None, self._at_rest):
            return False
        return not any([await self._task_open(case_id) for case_id in self.watched])

    def _at_rest(self) -> bool:
        for service in self.box.services.values():
            if service.mail is not None:
                with service.db.read() as tx:
                    if notices.pending(tx):
                        return False
            with service.db.read() as tx:
                if tx.conn.execute(select(func.count()).where(OUTBOX.c.published_at.is_(None))).scalar_one():
                    return False
        return not any(self.box.broker.behind(group, topics) for group, topics in self._listening())

    def _listening(self) -> list[tuple[str, list[str]]]:
        """Groups and their topics, of the loops that run: a paused one is behind on purpose."""
        services = self.box.services.values()
        groups = [(s.name, s.topics()) for s in services if f"{s.name}.consumer" in self._loops]
        bridge = [(BRIDGE, list(TOPICS))] if f"coordinator.{BRIDGE}" in self._loops else []
        return groups + bridge

    def _published(self) -> int:
        return self.box.broker.behind("nobody", [service.spec.name.topic for service in self.box.services.values()])

    async def _task_open(self, case_id: str) -> bool:
        try:
            history = await self.env.client.get_workflow_handle(workflow_id(case_id)).fetch_history()
        except RPCError:
            return False
        marks = [TASKS[event.event_type] for event in history.events if event.event_type in TASKS]
        return bool(marks and marks[-1])

    async def forget(self) -> None:
        """Ends what the last test left open, so that no timer of it fires in the next one."""
        for case_id in self.watched:
            with contextlib.suppress(RPCError):
                await self.env.client.get_workflow_handle(workflow_id(case_id)).terminate()
        self.watched.clear()

    async def stop(self) -> None:
        for name in sorted(self._loops, key=lambda name: name != "coordinator.temporal"):
            await self.pause(name)
        await self.bridge._http.aclose()
        await _shut(*self._inside)
        await self._stack.aclose()
        await self.wire.cut()
        await self.env.shutdown()
        self.box.close()


async def _shut(listener: Listener, task: asyncio.Task[None]) -> None:
    listener.should_exit = True
    await task


def _bound(server: Path, folder: Path) -> Path:
    """The same server, but gone when this process is killed, where the machine can say so (util-linux)."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return server
    wrapper = folder / "test-server"
    wrapper.write_text(f'#!/bin/sh\nexec {setpriv} --pdeathsig TERM "{server}" "$@"\n')
    wrapper.chmod(0o700)
    return wrapper
