"""The coordinator as a service: its stream, its facts, its clock. The worker and the bridge are loops beside it."""

from collections.abc import Callable

import httpx
from fastapi import FastAPI

from rso_coordinator.api import clock, workflow
from rso_coordinator.bridge import NAME, Bridge
from rso_coordinator.projections import METADATA, PROJECTIONS
from rso_coordinator.publish import publish
from rso_coordinator.subscribe import SUBSCRIPTION
from rso_coordinator.worker import LOOP, Temporal, worker_of
from rso_shared.kit.names import COORDINATOR
from rso_shared.kit.service import Loop, Service
from rso_shared.kit.spec import ServiceSpec

SPEC = ServiceSpec(
    name=COORDINATOR,
    metadata=METADATA,
    routers=(clock.router, workflow.router),
    projections=PROJECTIONS,
    publish=publish,
    subscription=SUBSCRIPTION,
)


def temporal_loops(service: Service, temporal: Temporal) -> dict[str, Loop]:
    """The bridge and the worker. They share one client and one pool of connections to the services."""
    http = httpx.AsyncClient(timeout=10.0)
    bridge = Bridge(service, http, temporal.client)
    return {NAME: bridge.run, LOOP: worker_of(temporal, service, http)}


def add_temporal(service: Service, app: FastAPI, temporal: Temporal, quiet: Callable[[], bool]) -> None:
    """On one machine they join the service's own loops; `quiet` tells the sandbox's clock when nothing is under way."""
    service.loops |= temporal_loops(service, temporal)
    app.state.temporal = temporal
    app.state.quiet = quiet
