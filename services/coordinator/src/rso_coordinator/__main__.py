"""api | relay | consumer | migrate | rebuild | worker"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
from fastapi import FastAPI

from rso_coordinator.app import SPEC
from rso_coordinator.bridge import NAME, TOPICS, Bridge
from rso_coordinator.worker import LOOP, Temporal, keeper_of, worker_of
from rso_shared.kit.process import Additions, main
from rso_shared.kit.service import Loop, Service, expected

HTTP_SECONDS = 10.0


def temporal(service: Service) -> Temporal:
    settings = service.settings
    return Temporal(settings.temporal_address, settings.temporal_namespace, settings.master())


def worker(service: Service) -> Mapping[str, Loop]:
    server, http = temporal(service), httpx.AsyncClient(timeout=HTTP_SECONDS)
    return {LOOP: worker_of(server, service, http)}


def bridge(service: Service) -> Mapping[str, Loop]:
    """Beside the consumer: facts wake cases."""
    server = temporal(service)
    made = Bridge(service, httpx.AsyncClient(timeout=HTTP_SECONDS), server.client)
    return {NAME: expected(service.health, NAME, made.run), LOOP: keeper_of(server, service)}


def face(app: FastAPI, service: Service) -> Mapping[str, Loop]:
    """The api shows a case's workflow; it answers everything else while the server is away."""
    app.state.temporal = server = temporal(service)
    return {LOOP: keeper_of(server, service)}


ADDITIONS = Additions(loops={"worker": worker, "consumer": bridge}, groups={NAME: TOPICS}, face=face)

if __name__ == "__main__":
    code = 1
    try:
        code = main(SPEC, Path(__file__).parent / "migrations" / "versions", sys.argv[1:], ADDITIONS)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 2
    except BaseException:  # noqa: BLE001 - the traceback is printed and the exit code says so
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # a process that used temporalio may abort in a normal interpreter exit
