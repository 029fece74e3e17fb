"""Which crash point which role can come to, and how often each was hit. Armed for tests: `rso cluster up --points 3`."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from rso_cluster.topology import WITH_NOTICES, Role
from rso_shared.kit import crash
from rso_shared.kit.names import (
    BILLING,
    COORDINATOR,
    INTAKE,
    MATCHING,
    OPINIONS,
    RECORDS,
    SERVICES,
    SUBSCRIPTIONS,
    ServiceName,
)

REBUILD = "rebuild"
"""No process of the table: `python -m rso_<service> rebuild`, run by a person."""
BRIDGE, ERASING = "bridge", "erasing"
LOOPS: Mapping[str, tuple[str, ...]] = {Role.CONSUMER: (BRIDGE, ERASING)}
"""Of a role, which of its loops count for themselves: three ends of the consumer say nothing about the bridge beside it."""
APPENDS = ("after-append-before-commit", "after-commit-before-wake")
SENDS, TAKES, ACTS = "after-ack-before-mark", "after-batch-before-offset", "after-effect-before-completion"
UPLOADS, SWAPS = "mid-chunk", "mid-swap"

OF_ROLE: Mapping[str, Mapping[ServiceName, tuple[str, ...]]] = {
    Role.API: {
        INTAKE: APPENDS,
        RECORDS: (*APPENDS, UPLOADS),
        MATCHING: APPENDS,
        OPINIONS: (*APPENDS, UPLOADS),
        BILLING: APPENDS,
        SUBSCRIPTIONS: APPENDS,
    },
    Role.RELAY: dict.fromkeys(SERVICES, (SENDS,)),
    Role.CONSUMER: {
        **dict.fromkeys(SERVICES, (TAKES, *APPENDS)),
        **dict.fromkeys(WITH_NOTICES, (TAKES, *APPENDS, ACTS)),
    },
    BRIDGE: {COORDINATOR: (TAKES,)},
    ERASING: dict.fromkeys(SERVICES, (ACTS,)),
    Role.WORKER: {COORDINATOR: (*APPENDS, ACTS)},
    Role.DELIVERY: {SUBSCRIPTIONS: (*APPENDS, ACTS)},
    REBUILD: dict.fromkeys(SERVICES, (SWAPS,)),
}
"""Every consumer appends where its service answers an erasure, so every relay has something to send; the delivery appends where it
pauses an endpoint. The apis of coordinator and operations append nothing at all."""


def reachable(service: ServiceName, role: str) -> tuple[str, ...]:
    return OF_ROLE.get(role, {}).get(service, ())


def pairs() -> Iterator[tuple[str, str]]:
    """(role, point) as the count file has them: `intake.api`, `after-append-before-commit`."""
    for role, services in OF_ROLE.items():
        for service, points in services.items():
            yield from ((f"{service.short}.{role}", point) for point in points)


def settings(service: ServiceName, role: str, wish: str, file: Path) -> dict[str, str]:
    """`wish`: COUNT[/EVERY] of every point that the role and its loops can come to; settings of one process."""
    reached = dict.fromkeys(point for each in (role, *LOOPS.get(role, ())) for point in reachable(service, each))
    mine = ",".join(f"{point}:{wish}" for point in reached)
    return {"crash_points": mine, "crash_points_allowed": "true", "crash_file": str(file)} if mine else {}


def armed(file: Path) -> list[tuple[str, str]]:
    """What the processes of a cluster were armed with; nothing where the file is not."""
    return [(role, point) for role, point in json.loads(file.read_text())] if file.exists() else []


def write_armed(file: Path) -> None:
    file.write_text(json.dumps([(role, point) for role, point in pairs() if not role.endswith(f".{REBUILD}")]) + "\n")


def report(wanted: list[tuple[str, str]], file: Path) -> dict[str, dict[str, int]]:
    """Role -> point -> how often it was hit, with a zero for each that never was."""
    hit, found = crash.counts(file), dict[str, dict[str, int]]()
    for role, point in sorted({*wanted, *hit}):
        found.setdefault(role, {})[point] = hit[role, point]
    return found
