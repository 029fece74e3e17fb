"""How each process of the cluster is started on this machine: program, settings, log, port."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from rso_cluster import engine_room, points
from rso_cluster.children import Launch
from rso_cluster.environment import Place, inherited, variables
from rso_cluster.folder import Folder
from rso_cluster.haproxy import AWAY, INTERNAL_ROUTES, PUBLIC_ROUTES, UNKNOWN, Address, Files, Ingress, configuration
from rso_cluster.haproxy_install import checked, find_haproxy
from rso_cluster.nursery import Nursery
from rso_cluster.plan import Instance
from rso_cluster.ports import LOOPBACK
from rso_cluster.topology import Process, Role
from rso_engines.status import Status
from rso_onebox.loading import FOLDER as DEFAULTS
from rso_shared.kit.names import SERVICES, SUBSCRIPTIONS

FRONT, INGRESS = "front", "ingress"
INGRESS_GRACE_SECONDS = 25.0
FRONT_GRACE_SECONDS = 5.0
Say = Callable[[str], None]


def place(folder: Folder, status: Status, *, public: int, internal: int) -> Place:
    data = folder.data
    return Place(
        databases=engine_room.databases(status),
        kafka=str(status.kafka),
        temporal=str(status.temporal),
        master_key=data.master_key(),
        issuer_public_key=data.issuer().public_pem().decode(),
        service_token_key=data.issuer_pem().decode(),
        public_url=os.environ.get("RSO_PUBLIC_URL", f"http://{LOOPBACK}:{public}"),
        internal_url=f"http://{LOOPBACK}:{internal}",
        blobs={service.short: folder.blobs(service.short).resolve() for service in SERVICES},
        ledger=data.ledger.resolve(),
        mail=data.mail,
        defaults=DEFAULTS,
        webhook_networks=os.environ.get(f"{SUBSCRIPTIONS.settings_prefix}WEBHOOK_NETWORKS", ""),
    )


def python(process: Process) -> tuple[str, ...]:
    """The table says `python`; here it is the one that runs us."""
    return (sys.executable, *process.command[1:])


def replica(folder: Folder, at: Place, instance: Instance, wish: str = "") -> Launch:
    """`wish`: how often it ends itself at each of its crash points; never outside of tests."""
    process = instance.process
    armed = points.settings(process.service, process.role, wish, folder.crashes) if wish else {}
    return Launch(
        name=instance.name,
        argv=python(process),
        environ={**inherited(os.environ), **variables(at, process, instance.port, instance.name, armed)},
        log=folder.log(instance.name),
        grace_seconds=process.grace_seconds,
        port=instance.port,
        service=process.service.short,
        role=str(process.role),
    )


def nursery(folder: Folder) -> Nursery:
    with folder.log("nursery").open("ab") as log:
        return Nursery(log)


def front(folder: Folder, port: int) -> Launch:
    argv = (sys.executable, "-m", "rso_cluster.front", str(folder.root), str(port))
    return Launch(FRONT, argv, inherited(os.environ), folder.log(FRONT), FRONT_GRACE_SECONDS, port, role=FRONT)


def ingress(folder: Folder, everyone: list[Instance], ports: dict[str, int], public: int, say: Say) -> Launch:
    """Writes the configuration, has HAProxy look at it, and says how to run it. Raises DataDirError when it does not please."""
    program, made = find_haproxy(say), _written(folder, everyone, ports, public)
    checked(program, made)
    argv = (program, "-db", "-f", str(made))
    return Launch(
        INGRESS, argv, inherited(os.environ), folder.log(INGRESS), INGRESS_GRACE_SECONDS, public, role=INGRESS
    )


def _written(folder: Folder, everyone: list[Instance], ports: dict[str, int], public: int) -> Path:
    at = folder.ingress
    files = Files(at / PUBLIC_ROUTES, at / INTERNAL_ROUTES, at / "away.http", at / "unknown.http")
    files.away.write_bytes(AWAY.encode())
    files.unknown.write_bytes(UNKNOWN.encode())
    apis = {
        service.short: [
            Address(one.name, one.port)
            for one in everyone
            if one.process.service is service and one.process.role is Role.API
        ]
        for service in SERVICES
    }
    made = at / "haproxy.cfg"
    made.write_text(configuration(Ingress(public, ports["internal"], Address(FRONT, ports[FRONT]), apis), files))
    return made
