"""compose.yaml: everything on one host, for trying the distributed form and for tests. Pure: the table in, a document out."""

from typing import Any

from rso_cluster import compose_engines as engines
from rso_cluster.containers import (
    BLOBS_FOLDER,
    COLLECTOR_PORT,
    KAFKA_PORT,
    LEDGER_FOLDER,
    MAIL_FOLDER,
    PER_SERVICE,
    TEMPORAL_PORT,
    blobs,
    dump,
    health_check,
    image,
    plain_values,
    secret_fields,
    secret_name,
)
from rso_cluster.front_config import FOLDER
from rso_cluster.topology import HTTP_PORT, MIGRATIONS, PROCESSES, WITH_NOTICES, Need, Process, Role
from rso_shared.kit.names import SERVICES, ServiceName

Table = dict[str, Any]
HEADING = "Engines, services, front and telemetry on one host. How to start it: docs/deploy.md."
LOCKED_DOWN: Table = {
    "read_only": True,
    "tmpfs": ["/tmp:size=64m,mode=1777"],  # noqa: S108 - inside the container, in memory
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
}
CHOSEN = {
    "public_url": "${RSO_PUBLIC_URL:-http://localhost:8000}",
    "broker_url": f"kafka://kafka:{KAFKA_PORT}",
    "blobs_url": f"file://{BLOBS_FOLDER}",
    "ledger_url": f"file://{LEDGER_FOLDER}",
    "temporal_address": f"temporal:{TEMPORAL_PORT}",
    "mail_from": "${RSO_MAIL_FROM:-no-reply@localhost}",
    "mail_folder": MAIL_FOLDER,
}
SHARED_SECRETS = {"issuer_public_key": "issuer_public_key", "service_token_key": "issuer_key"}
"""Files that every service reads the same."""


def compose() -> str:
    return dump([document()], HEADING)


def document() -> Table:
    made = [*MIGRATIONS, *PROCESSES]
    return {
        "name": "rso",
        "services": {
            **engines.services(LOCKED_DOWN),
            **{process.name: service(process) for process in made},
            "front": front(),
            **engines.telemetry(LOCKED_DOWN),
        },
        "networks": networks(),
        "volumes": {name: {} for name in volumes()},
        "secrets": {name: {"file": f"./secrets/{name}"} for name in secret_files()},
    }


def service(process: Process) -> Table:
    once = process.role is Role.MIGRATE
    return {
        "image": f"{image(process.service)}:${{RSO_VERSION:-latest}}",
        "build": build(process.service),
        "command": list(process.command),
        "init": True,
        **LOCKED_DOWN,
        "environment": environment(process),
        "secrets": [granted(process.service, field) for field in fields(process)],
        "networks": attached(process),
        **mounts(process),
        "depends_on": waits_for(process),
        "restart": "on-failure" if once else "unless-stopped",
        "stop_grace_period": f"{process.grace_seconds}s",
        "mem_limit": f"{process.resources.memory_limit}m",
        "deploy": {"replicas": process.replicas},
        "healthcheck": {"disable": True} if once else beating(process),
    }


def build(service: ServiceName) -> Table:
    return {"context": "..", "dockerfile": "deploy/Dockerfile", "args": {"SERVICE": service.folder}}


def environment(process: Process) -> Table:
    return {
        "RSO_SECRETS_DIR": "/run/secrets",
        "RSO_OTLP_ENDPOINT": f"http://collector:{COLLECTOR_PORT}",
        **plain_values(process, CHOSEN),
    }


def beating(process: Process) -> Table:
    return {"test": ["CMD", *health_check(process)], "interval": "10s", "timeout": "5s", "start_period": "20s"}


def fields(process: Process) -> list[str]:
    """Here mail goes into a folder, so no server's address is asked for."""
    return [field for field in secret_fields(process) if field != "smtp_url"]


def granted(service: ServiceName, field: str) -> Table:
    name = secret_name(service, field)
    return {"source": name if field in PER_SERVICE else SHARED_SECRETS[field], "target": name}


def secret_files() -> list[str]:
    own = [secret_name(service, field) for service in SERVICES for field in PER_SERVICE]
    return [*own, *SHARED_SECRETS.values(), *engines.SECRETS]


def mounts(process: Process) -> Table:
    """Who removes objects of the erased also reads and writes the ledger that all services share."""
    found = [f"{process.service.short}-blobs:{BLOBS_FOLDER}", f"ledger:{LEDGER_FOLDER}"] if blobs(process) else []
    found += [f"mail:{MAIL_FOLDER}"] if Need.MAIL in process.needs else []
    return {"volumes": found} if found else {}


def volumes() -> list[str]:
    own = [f"{service.short}-blobs" for service in SERVICES]
    return [*engines.VOLUMES, "ledger", *own, *(["mail"] if WITH_NOTICES else [])]


def networks() -> Table:
    """The inner ones have no way out; `outside` is where the published ports are, and webhooks go."""
    inner = ["engines", "services", "telemetry"]
    return {**{name: {"internal": True} for name in inner}, "outside": {}}


def attached(process: Process) -> list[str]:
    """Only who is asked or asks over HTTP stands in the network of the services."""
    talks = process.role is Role.API or Need.SERVICES in process.needs
    further = [*(["services"] if talks else []), *(["outside"] if Need.OUTSIDE in process.needs else [])]
    return ["engines", "telemetry", *further]


def waits_for(process: Process) -> Table:
    if process.role is Role.MIGRATE:
        return {"postgres": {"condition": "service_healthy"}, "kafka": {"condition": "service_healthy"}}
    waited: Table = {f"{process.service.short}-{Role.MIGRATE}": {"condition": "service_completed_successfully"}}
    if Need.TEMPORAL in process.needs:
        waited["temporal-namespace"] = {"condition": "service_completed_successfully"}
    return waited


def front() -> Table:
    return {
        "image": engines.FRONT_IMAGE,
        **LOCKED_DOWN,
        "ports": [f"${{RSO_BIND:-127.0.0.1}}:${{RSO_PORT:-8000}}:{HTTP_PORT}"],
        "volumes": [f"./compose/front:{FOLDER}:ro"],
        "networks": ["services", "telemetry", "outside"],
        "depends_on": {f"{s.short}-{Role.API}": {"condition": "service_healthy"} for s in SERVICES},
        "restart": "unless-stopped",
    }
