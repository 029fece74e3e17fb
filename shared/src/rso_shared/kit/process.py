"""One service as processes of its own: api | relay | consumer | migrate | rebuild. Settings come from the environment."""

import argparse
import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy.engine import make_url

from rso_shared.kit import logs, migrate, telemetry
from rso_shared.kit.broker import Broker
from rso_shared.kit.clock import WallClock
from rso_shared.kit.local_broker import LocalBroker
from rso_shared.kit.service import Loop, Service, build, rebuild_all
from rso_shared.kit.settings import ServiceSettings, refuse_strangers
from rso_shared.kit.spec import ServiceSpec
from rso_shared.kit.web.app import create_app

ROLES: Mapping[str, tuple[str, ...]] = {"relay": ("relay",), "consumer": ("consumer", "mail", "housekeeping")}
"""The loops that each role runs. `api` runs none: what it commits is found by the relay's poll."""


def main(
    spec: ServiceSpec,
    versions: Path,
    argv: Sequence[str],
    more: Mapping[str, Callable[[Service], Mapping[str, Loop]]] | None = None,
) -> int:
    """`more` are roles of this service alone, each giving its loops (the coordinator's worker). Returns the exit code."""
    extra = more or {}
    roles = ("api", *ROLES, "migrate", "rebuild", *extra)
    parser = argparse.ArgumentParser(
        prog=spec.name.package, description=f"The {spec.name.short} service, one process per role."
    )
    parser.add_argument("role", choices=roles, help="what this process does")
    role = parser.parse_args(argv).role
    logs.configure()
    telemetry.configure(spec.name.package)
    refuse_strangers()
    settings = ServiceSettings(_env_prefix=spec.name.settings_prefix)
    service = build(spec, settings, broker=_broker(settings), clock=WallClock())
    try:
        if role == "migrate":
            print("migrated" if migrate.migrate(service.db, versions) else "nothing to migrate")  # noqa: T201 - its answer
        elif role == "rebuild":
            for name, streams in rebuild_all(service).items():
                print(f"{name}: {streams} streams")  # noqa: T201 - its answer
        elif role == "api":
            uvicorn.run(create_app(service), host=settings.host, port=settings.port, log_config=None, access_log=False)
        else:
            loops = (
                extra[role](service)
                if role in extra
                else {name: service.loops[name] for name in ROLES[role] if name in service.loops}
            )
            asyncio.run(_run(loops))
    finally:
        service.close()
    return 0


def _broker(settings: ServiceSettings) -> Broker:
    url = make_url(settings.broker_url or "none://")
    if url.drivername != "sqlite" or not url.database:
        raise ValueError("BROKER_URL: sqlite:///path names the log of one machine; other logs are not built in yet")
    return LocalBroker(url.database)


async def _run(loops: Mapping[str, Loop]) -> None:
    """Until SIGTERM or SIGINT; a loop that ends by itself ended by a bug, and takes the process with it."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    tasks: list[asyncio.Task[Any]] = [asyncio.create_task(run(), name=name) for name, run in loops.items()]
    waiting: asyncio.Task[Any] = asyncio.create_task(told.wait())
    ended, _ = await asyncio.wait({waiting, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in ended:
        task.result()
