"""`rso up`: the Temporal child, every loop, two listeners (public, and loopback for service to service), and an orderly end."""

import asyncio
import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, suppress
from typing import Any

import uvicorn
import uvloop
from starlette.types import ASGIApp

from rso_coordinator.bridge import NAME as BRIDGE
from rso_coordinator.worker import LOOP as WORKER
from rso_coordinator.worker import Temporal
from rso_onebox import box as onebox
from rso_onebox.datadir import DataDir, DataDirError, Lock
from rso_onebox.dispatch import Dispatcher
from rso_onebox.outside import Outside
from rso_onebox.temporal_child import TemporalChild
from rso_onebox.temporal_cli import find_temporal_cli
from rso_operations import pages
from rso_shared.kit import logs, metrics, telemetry
from rso_shared.kit.settings import TelemetrySettings, refuse_strangers

LOOPBACK = "127.0.0.1"
CHILD_SECONDS = 0.5
AT_WORK_SECONDS = 10.0
Say = Callable[[str], None]


class Listener(uvicorn.Server):
    """Signals belong to the process, not to one of its listeners."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(port: int) -> socket.socket:
    # The protocol is named, or asyncio does not switch Nagle's delay off for accepted connections: 40 ms per request.
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((LOOPBACK, port))
    except OSError as taken:
        made.close()
        raise DataDirError(
            f"Port {port} is taken; choose another with --port, or --port 0 for any free one."
        ) from taken
    return made


def address(made: socket.socket) -> str:
    return f"http://{LOOPBACK}:{made.getsockname()[1]}"


def up(data: DataDir, *, port: int, sandbox: bool, say: Say) -> int:
    """Runs until told to stop. Returns the exit code; the caller ends the process with `os._exit` (temporalio may abort a normal end)."""
    refuse_strangers()
    started = time.monotonic()
    lock = Lock(data)
    data.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock.acquire()
    try:
        sandbox = data.prepare(sandbox=sandbox)
        public, internal = bind(port), bind(0)
        logs.configure(stream=data.log.open("a", buffering=1))
        flush = telemetry.configure("rso", TelemetrySettings())
        child = TemporalChild.start(find_temporal_cli(say=say), data.temporal, say=say)
        try:
            base = os.environ.get("RSO_PUBLIC_URL", address(public))
            box = onebox.build(
                data, sandbox=sandbox, internal_url=address(internal), public_url=base,
                temporal=lambda master: Temporal(child.address, onebox.NAMESPACE, master),
            )  # fmt: skip

            def ready() -> None:
                lock.say(address(public), address(internal))
                say(
                    f"ready in {time.monotonic() - started:.1f} s at {address(public)}{' (sandbox)' if sandbox else ''}"
                )
                say(
                    f"  pages {address(public)}/operations/   API {address(public)}/docs   data {data.root}   Ctrl-C stops"
                )

            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_serve(box, child, public, internal, ready))
            box.close()
            flush()
        finally:
            child.stop()
    finally:
        lock.release()
    return 0


async def _serve(
    box: onebox.Box, child: TemporalChild, public: socket.socket, internal: socket.socket, ready: Callable[[], None]
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    pages.mount(box.apps["operations"], box.services["operations"])
    outside = Outside(box.apps, box.services.values(), Dispatcher(box.apps, box.apps["operations"], internal=False))
    inside = metrics.beside(Dispatcher(box.apps, box.apps["operations"], internal=True))
    async with AsyncExitStack() as stack:
        for app in box.apps.values():
            await stack.enter_async_context(app.router.lifespan_context(app))
        listeners = [Listener(_config(app)) for app in (outside, inside)]
        serving = [asyncio.create_task(one.serve([at])) for one, at in zip(listeners, (public, internal), strict=True)]
        while not all(one.started for one in listeners):  # noqa: ASYNC110 - uvicorn has a flag, not an event
            await asyncio.sleep(0.01)
        loops = _loops(box)
        loops["temporal"] = asyncio.create_task(_keep_alive(child), name="temporal")
        await _at_work(box)
        ready()
        told: asyncio.Task[Any] = asyncio.create_task(stop.wait())
        ended, _ = await asyncio.wait({told, *loops.values()}, return_when=asyncio.FIRST_COMPLETED)
        await _stop(loops)
        for one in listeners:
            one.should_exit = True
        await asyncio.gather(*serving)
        for task in ended:
            task.result()


async def _at_work(box: onebox.Box) -> None:
    """Until no loop is connecting any more. What is missing for longer is for /readyz to say, and no reason to stay silent."""
    with suppress(TimeoutError):
        async with asyncio.timeout(AT_WORK_SECONDS):
            while any(service.health.problems() for service in box.services.values()):  # noqa: ASYNC110 - health has no event
                await asyncio.sleep(0.02)


async def _keep_alive(child: TemporalChild) -> None:
    """A dev server that died comes back on the same file and address; cases wait meanwhile, as they do while it is away."""
    while True:
        await asyncio.sleep(CHILD_SECONDS)
        child.revive()


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=5)


def _loops(box: onebox.Box) -> dict[str, asyncio.Task[None]]:
    return {
        f"{service.name}.{name}": asyncio.create_task(run(), name=f"{service.name}.{name}")
        for service in box.services.values()
        for name, run in service.loops.items()
    }


async def _stop(loops: dict[str, asyncio.Task[None]]) -> None:
    """The worker first, so that no activity starts anew; then the bridge; then everything else."""
    for names in ([f"coordinator.{WORKER}"], [f"coordinator.{BRIDGE}"], list(loops)):
        tasks = [loops[name] for name in names]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
