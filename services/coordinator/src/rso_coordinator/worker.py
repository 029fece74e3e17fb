"""The Temporal side of the process: a connection that is waited for, and the worker that runs cases."""

import asyncio
import logging
from datetime import timedelta
from functools import cache
from importlib.metadata import version

import httpx
from temporalio.client import Client
from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from rso_coordinator import tracing
from rso_coordinator.activities import CaseActivities
from rso_coordinator.bridge import TASK_QUEUE
from rso_coordinator.codec import converter
from rso_coordinator.workflows.case import CaseWorkflow
from rso_shared.kit.errors import Transient
from rso_shared.kit.service import Loop, Service

LOOP = "temporal"
LOOK_SECONDS = 5
LOCAL_ACTIVITY_SLOTS = 12
"""Fewer than AnyIO's threads: a process that calls itself must leave room for people's requests."""
WORKFLOW_SLOTS = 16
"""Little more than those of activities: a task that waits for its activities' turn holds a lease of ten seconds, and is begun anew, by
whoever, when that is over. What waits, waits at the server.
"""
CACHED_CASES = 100
"""Runs that are kept in memory between two of their tasks, at a tenth of a mebibyte each in the beginning. A case sleeps for days: one that
was put away is told its history again when a fact wakes it, some 70 ms of processor for a whole case.
"""
BUILD = f"rso-coordinator-{version('rso-coordinator')}"
"""Without one the SDK makes it from the source of every module that is loaded, half a second of each start."""
GRACE = timedelta(seconds=10)
"""What activities in hand may still take when the worker is told to end; one that is cut off is done again elsewhere."""


@cache
def _runtime() -> Runtime:
    """The SDK's core would write free text to the console. Through our loggers it says that it spoke, and how loudly."""
    forwarding = LogForwardingConfig(logger=logging.getLogger("temporal"))
    spoken = TelemetryFilter(core_level="WARN", other_level="ERROR")
    return Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(filter=spoken, forwarding=forwarding)))


class Temporal:
    """The one client of the process. Commands are accepted while it is not there yet; the bridge waits."""

    def __init__(self, address: str, namespace: str, master: bytes) -> None:
        self._address, self._namespace, self._master = address, namespace, master
        self._client: Client | None = None

    def client(self) -> Client:
        if self._client is None:
            raise Transient("temporal")
        return self._client

    async def connect(self) -> Client:
        pause = 0.1
        while self._client is None:
            try:
                self._client = await Client.connect(
                    self._address, namespace=self._namespace, data_converter=converter(self._master),
                    interceptors=tracing.of_client(), runtime=_runtime(),
                )  # fmt: skip
            except (RPCError, RuntimeError, OSError):
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
        return self._client


def build_worker(client: Client, service: Service, http: httpx.AsyncClient) -> Worker:
    activities = CaseActivities(service, http)
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[CaseWorkflow],
        activities=[activities.command, activities.read, activities.snapshot, activities.say, activities.fire],
        workflow_runner=UnsandboxedWorkflowRunner(),  # ADR 0011: the sandbox is a matter of the tests
        interceptors=[tracing.AboutCase()],
        build_id=BUILD,
        max_cached_workflows=CACHED_CASES,
        max_concurrent_workflow_tasks=WORKFLOW_SLOTS,
        max_concurrent_local_activities=LOCAL_ACTIVITY_SLOTS,
        max_concurrent_activities=LOCAL_ACTIVITY_SLOTS,
        graceful_shutdown_timeout=GRACE,
    )


def worker_of(temporal: Temporal, service: Service, http: httpx.AsyncClient) -> Loop:
    """From here on the service is not ready, until the worker is at work."""
    service.health.trouble(LOOP, "connecting")
    return lambda: run_worker(temporal, service, http)


async def run_worker(temporal: Temporal, service: Service, http: httpx.AsyncClient) -> None:
    """Until cancelled; what is in hand is finished first."""
    client = await temporal.connect()
    async with build_worker(client, service, http):
        while True:
            await _look(client, service)
            await asyncio.sleep(LOOK_SECONDS)


def keeper_of(temporal: Temporal, service: Service) -> Loop:
    """Connects, and goes on looking: for a process in which nothing else waits for the connection. Its silence is a problem."""

    async def keep() -> None:
        client = await temporal.connect()
        while True:
            await _look(client, service)
            await asyncio.sleep(LOOK_SECONDS)

    service.health.trouble(LOOP, "connecting")
    return keep


async def _look(client: Client, service: Service) -> None:
    """The worker waits for a server that is away without a word; readiness has to ask."""
    try:
        await client.service_client.check_health(timeout=timedelta(seconds=LOOK_SECONDS))
    except RPCError as away:
        service.health.trouble(LOOP, away.status.name)
    else:
        service.health.beat(LOOP)
