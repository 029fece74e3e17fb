"""One service as processes of its own: api | relay | consumer | migrate | rebuild. Settings come from the environment."""

import argparse
import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anyio import to_thread
from fastapi import FastAPI

from rso_shared.kit import brokers, crash, erasing, gauges, logs, migrate, serving, telemetry
from rso_shared.kit.clock import WallClock
from rso_shared.kit.service import Loop, Service, build, expected, rebuild_all
from rso_shared.kit.settings import ServiceSettings, TelemetrySettings, refuse_strangers
from rso_shared.kit.spec import ServiceSpec
from rso_shared.kit.web.app import create_app

ROLES: Mapping[str, tuple[str, ...]] = {
    "api": (),
    "relay": ("relay",),
    "consumer": ("consumer", "mail", "housekeeping", "erasing"),
}
"""The service's loops that each role runs. An api runs none: what it commits is found by the relay."""
Loops = Mapping[str, Loop]


WITH_PERSONS = ("api", "consumer")
"""They open what is sealed. First they erase again whom a restored backup may have brought back."""


@dataclass(frozen=True, slots=True)
class Additions:
    """What one service adds to the roles that every service has."""

    loops: Mapping[str, Callable[[Service], Loops]] = field(default_factory=dict)
    """Per role, beside the kit's; a role that the kit does not know is the service's own (the coordinator's worker)."""
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Consumer groups beside the service's own, and their topics: their lag is watched too."""
    rebuild: Callable[[Service], Mapping[str, int]] = lambda _service: {}
    """Read models that are made of kept facts: rebuilt after those that are made of the service's own streams; rows by name."""
    face: Callable[[FastAPI, Service], Loops] | None = None
    """Puts something on top of the api's app before it is served; returns what runs beside it."""


NOTHING = Additions()


def main(spec: ServiceSpec, versions: Path, argv: Sequence[str], more: Additions = NOTHING) -> int:
    """Returns the exit code. SIGTERM and SIGINT end it in order: what is in hand is finished, nothing more is taken."""
    running = tuple(dict.fromkeys((*ROLES, *more.loops)))
    parser = argparse.ArgumentParser(
        prog=spec.name.package, description=f"The {spec.name.short} service, one process per role."
    )
    parser.add_argument("role", choices=(*running, "migrate", "rebuild"), help="what this process does")
    role = parser.parse_args(argv).role
    logs.configure()
    refuse_strangers()
    flush = telemetry.configure(spec.name.package, TelemetrySettings())
    settings = _settings(spec)
    crash.arm(settings, f"{spec.name.short}.{role}")
    service = build(spec, settings, broker=brokers.connect(settings), clock=WallClock())
    try:
        if role == "migrate":
            print("migrated" if _migrate(service, versions) else "nothing to migrate")  # noqa: T201 - its answer
        elif role == "rebuild":
            for name, streams in rebuild_all(service).items():
                print(f"{name}: {streams} streams")  # noqa: T201 - its answer
            for name, rows in more.rebuild(service).items():
                print(f"{name}: {rows} rows")  # noqa: T201 - its answer
        else:
            _stay(service, role, more)
    finally:
        service.close()
        service.broker.close()
        flush()
    return 0


def _settings(spec: ServiceSpec) -> ServiceSettings:
    return ServiceSettings(_env_prefix=spec.name.settings_prefix, _secrets_dir=os.environ.get("RSO_SECRETS_DIR"))


def prepare(spec: ServiceSpec, versions: Path) -> bool:
    """What the role `migrate` does, for a process that does it for several services. True if anything had to be done."""
    settings = _settings(spec)
    service = build(spec, settings, broker=brokers.connect(settings), clock=WallClock())
    try:
        return _migrate(service, versions)
    finally:
        service.close()
        service.broker.close()


def _migrate(service: Service, versions: Path) -> bool:
    """Schema, keys, access log, topics: everything that no other role ever makes. True if a schema was not up to date."""
    done = [migrate.migrate(service.db, versions), service.keys.prepare(), service.access_log.prepare()]
    asyncio.run(service.broker.prepare())
    return any(done)


def _stay(service: Service, role: str, more: Additions) -> None:
    """Runs a role until it is told to end."""
    if role in WITH_PERSONS:
        erasing.before_serving(service.eraser)
    loops: dict[str, Loop] = {name: service.loops[name] for name in ROLES.get(role, ()) if name in service.loops}
    loops |= more.loops[role](service) if role in more.loops else {}
    if role == "consumer":
        groups = {service.name: service.topics(), **more.groups}
        loops[gauges.LOOP] = expected(service.health, gauges.LOOP, gauges.of(service, groups).run)
    app = None
    if role == "api":
        app = create_app(service)
        loops |= more.face(app, service) if more.face is not None else {}
    listener = serving.listener(service, app, sends=role == "relay")
    factory = listener.config.get_loop_factory() if listener is not None else None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_run(listener, loops, service.settings.database_pool))


async def _run(listener: serving.Listener | None, loops: Loops, threads: int) -> None:
    """Until SIGTERM or SIGINT; whatever ends by itself ended by a bug, and takes the process with it."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    to_thread.current_default_thread_limiter().total_tokens = threads
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    tasks: list[asyncio.Task[Any]] = [loop.create_task(run(), name=name) for name, run in loops.items()]
    waiting: asyncio.Task[Any] = loop.create_task(told.wait())
    serving_: list[asyncio.Task[Any]] = [loop.create_task(listener.serve())] if listener is not None else []
    ended, _ = await asyncio.wait({waiting, *tasks, *serving_}, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    if listener is not None:
        listener.should_exit = True
    await asyncio.gather(*tasks, *serving_, return_exceptions=True)
    for task in ended:
        task.result()
    if not told.is_set():
        raise RuntimeError("a loop ended by itself")
