"""What each process is given: exactly the settings that the table of processes names for it, with the values of this machine. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rso_cluster.ports import LOOPBACK
from rso_cluster.topology import Process, Role
from rso_shared.kit.names import SUBSCRIPTIONS, ServiceName

INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV")
"""Nothing else of the caller's environment reaches a process; names of telemetry are added to it by `shared`."""
SHARED = ("RSO_OTLP_ENDPOINT", "RSO_TRACE_RATIO")
SHARED_PREFIX = "OTEL_"


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything is. `databases` maps a database's name to its url as SQLAlchemy takes it."""

    databases: Mapping[str, str]
    kafka: str
    temporal: str
    master_key: str
    issuer_public_key: str
    service_token_key: str
    public_url: str
    internal_url: str
    blobs: Mapping[str, Path]
    ledger: Path
    mail: Path
    defaults: Path
    webhook_networks: str = ""
    """Which networks that are not public may be posted to: a receiver on this machine is on none that is."""


def values(place: Place, service: ServiceName) -> dict[str, str]:
    """Every field of the service's settings that this machine has a value for."""
    own = place.databases[service.database]
    return {
        "database_url": own,
        "keys_url": place.databases[f"{service.database}_keys"],
        "access_log_url": own,
        "blobs_url": f"file://{place.blobs[service.short]}",
        "ledger_url": f"file://{place.ledger}",
        "broker_url": f"kafka://{place.kafka}",
        "temporal_address": place.temporal,
        "temporal_namespace": "default",
        "master_key": place.master_key,
        "issuer_public_key": place.issuer_public_key,
        "service_token_key": place.service_token_key,
        "internal_url": place.internal_url,
        "public_url": place.public_url,
        "host": LOOPBACK,
        "conditions_file": str(place.defaults / "conditions.csv"),
        "templates_folder": str(place.defaults / "templates"),
        "mail_folder": str(place.mail),
        "mail_from": "no-reply@localhost",
    }


def _own(place: Place, process: Process) -> dict[str, str]:
    """Who registers an endpoint and who posts to it judge its address by the same networks."""
    named = process.service is SUBSCRIPTIONS and place.webhook_networks
    return {"webhook_networks": place.webhook_networks} if named else {}


def variables(
    place: Place, process: Process, port: int | None, name: str | None = None, more: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The `RSO_*` variables of one process, which is started under this name each time it dies.

    The cluster of one machine is for development: example NPIs are let in, and the pages sign in named roles.
    """
    known = {**values(place, process.service), **_listening(process, port)}
    given = {one.field: known[one.field] for one in process.settings if one.field in known}
    given |= {
        "allow_synthetic_npi": "true",
        "development_sign_in": "true",
        **_own(place, process),
        **({"kafka_instance": name} if name else {}),
        **(more or {}),
    }
    return {f"{process.service.settings_prefix}{field.upper()}": value for field, value in given.items()}


def _listening(process: Process, port: int | None) -> dict[str, str]:
    if port is None:
        return {}
    return {"port" if process.role is Role.API else "health_port": str(port)}


def inherited(environ: Mapping[str, str]) -> dict[str, str]:
    wanted = (*INHERITED, *SHARED)
    return {name: value for name, value in environ.items() if name in wanted or name.startswith(SHARED_PREFIX)}
