"""What runs where: one table of processes. `rso cluster`, compose.yaml and the Kubernetes manifests are made from it. Pure data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from rso_shared.kit.names import (
    BILLING,
    COORDINATOR,
    INTAKE,
    MATCHING,
    OPERATIONS,
    OPINIONS,
    RECORDS,
    SERVICES,
    SUBSCRIPTIONS,
    ServiceName,
)

HTTP_PORT = 8000
"""Where an `api` listens, and answers health and metrics too, wherever each process has an address of its own."""
HEALTH_PORT = 9000
"""Where every other role answers health and metrics."""
LIVE_PATH, READY_PATH, METRICS_PATH = "/livez", "/readyz", "/metrics"
ACCEPT_PATH = "/acceptz"
"""Of an api: whether it can take commands, which it can while the log is away and cannot while its database is."""


class Role(StrEnum):
    API = "api"
    RELAY = "relay"
    CONSUMER = "consumer"
    WORKER = "worker"
    DELIVERY = "delivery"
    """Of subscriptions: posts to endpoints. The only process that opens connections to addresses which others choose."""
    MIGRATE = "migrate"
    """Runs to its end before anything else of the service starts: schema, access log, topics."""


class Need(StrEnum):
    """What a process opens a connection to, or a folder that it shares with its replicas."""

    DATABASE = "database"
    KEYS = "keys"
    ACCESS_LOG = "access_log"
    BLOBS = "blobs"
    KAFKA = "kafka"
    TEMPORAL = "temporal"
    MAIL = "mail"
    SERVICES = "services"
    """Other services, through the internal port."""
    OUTSIDE = "outside"
    """Addresses outside of the deployment, and none inside."""


class Source(StrEnum):
    PLAIN = "plain"
    SECRET = "secret"  # noqa: S105 - the kind of a value, not one


@dataclass(frozen=True, slots=True)
class Setting:
    """`field` of ServiceSettings; the environment's name for it is the service's prefix and the field in capitals."""

    field: str
    source: Source

    def variable(self, service: ServiceName) -> str:
        return f"{service.settings_prefix}{self.field.upper()}"


@dataclass(frozen=True, slots=True)
class Resources:
    """CPU in thousandths of a core, memory in MiB. The request is what a quiet process takes, the limit is the end."""

    cpu: int
    memory: int
    memory_limit: int


@dataclass(frozen=True, slots=True)
class Process:
    """One deployment: N replicas of one role of one service."""

    service: ServiceName
    role: Role
    needs: frozenset[Need]
    resources: Resources
    replicas: int = 2
    grace_seconds: int = 30
    """How long it may take to finish what is in hand after SIGTERM."""

    @property
    def name(self) -> str:
        """Also a valid DNS label."""
        return f"{self.service.short}-{self.role}"

    @property
    def command(self) -> tuple[str, ...]:
        return ("python", "-m", self.service.package, str(self.role))

    @property
    def http_port(self) -> int | None:
        return HTTP_PORT if self.role is Role.API else None

    @property
    def health_port(self) -> int | None:
        """Where /livez, /readyz and /metrics are. A migration has none: its exit code says all."""
        if self.role is Role.MIGRATE:
            return None
        return HTTP_PORT if self.role is Role.API else HEALTH_PORT

    @property
    def settings(self) -> tuple[Setting, ...]:
        """Every setting that must be given to this process; all else has defaults."""
        return (*EVERYWHERE, *(one for need in Need if need in self.needs for one in OF_NEED.get(need, ())))


_PLAIN, _SECRET = Source.PLAIN, Source.SECRET

EVERYWHERE = (
    Setting("database_url", _SECRET),
    Setting("keys_url", _SECRET),
    Setting("access_log_url", _SECRET),
    Setting("blobs_url", _PLAIN),
    Setting("ledger_url", _PLAIN),
    Setting("master_key", _SECRET),
    Setting("issuer_public_key", _PLAIN),
    Setting("service_token_key", _SECRET),
    Setting("internal_url", _PLAIN),
    Setting("public_url", _PLAIN),
    Setting("broker_url", _PLAIN),
    Setting("host", _PLAIN),
    Setting("port", _PLAIN),
    Setting("health_port", _PLAIN),
    Setting("conditions_file", _PLAIN),
    Setting("templates_folder", _PLAIN),
    Setting("mail_from", _PLAIN),
)
"""A service builds itself whole in each role, so that a setting which is missing is seen by the first process and not by the last."""

OF_NEED: Mapping[Need, tuple[Setting, ...]] = {
    Need.TEMPORAL: (Setting("temporal_address", _PLAIN), Setting("temporal_namespace", _PLAIN)),
    Need.MAIL: (Setting("smtp_url", _SECRET), Setting("mail_folder", _PLAIN)),
}
"""Of MAIL one is given: a server in a real deployment, a folder on one machine."""

WITH_NOTICES = frozenset({INTAKE, MATCHING, SUBSCRIPTIONS})
"""The services that write to people: their consumer process also sends the mail."""

_STORES = frozenset({Need.DATABASE, Need.KEYS, Need.ACCESS_LOG, Need.BLOBS})
_SMALL = Resources(cpu=50, memory=128, memory_limit=384)
_API = Resources(cpu=100, memory=160, memory_limit=512)
_DOCUMENTS = Resources(cpu=200, memory=192, memory_limit=1024)
_PAGES = Resources(cpu=100, memory=192, memory_limit=512)
_WORKER = Resources(cpu=200, memory=192, memory_limit=768)


def of_service(service: ServiceName) -> Iterator[Process]:
    """The long-running processes of one service."""
    yield Process(service, Role.API, _api_needs(service), _api_resources(service))
    yield Process(service, Role.RELAY, frozenset({Need.DATABASE, Need.KAFKA}) | _mail(service), _SMALL)
    yield Process(service, Role.CONSUMER, _consumer_needs(service), _SMALL)
    if service is COORDINATOR:
        worker = frozenset({Need.DATABASE, Need.KEYS, Need.TEMPORAL, Need.SERVICES})
        yield Process(service, Role.WORKER, worker, _WORKER, grace_seconds=60)
    if service is SUBSCRIPTIONS:
        needs = frozenset({Need.DATABASE, Need.KEYS, Need.OUTSIDE}) | _mail(service)
        yield Process(service, Role.DELIVERY, needs, _SMALL)


def _api_needs(service: ServiceName) -> frozenset[Need]:
    """The coordinator's api shows a workflow's history, so it asks Temporal; nobody's api talks to Kafka."""
    temporal = {Need.TEMPORAL} if service is COORDINATOR else set()
    return _STORES | {Need.SERVICES} | temporal | _mail(service)


def _consumer_needs(service: ServiceName) -> frozenset[Need]:
    """The coordinator's consumer is also the bridge: it wakes cases, and asks intake about a case it does not know."""
    bridge = {Need.TEMPORAL, Need.SERVICES} if service is COORDINATOR else set()
    return _STORES | {Need.KAFKA} | bridge | _mail(service)


def _mail(service: ServiceName) -> frozenset[Need]:
    return frozenset({Need.MAIL}) if service in WITH_NOTICES else frozenset()


def _api_resources(service: ServiceName) -> Resources:
    return {RECORDS: _DOCUMENTS, OPERATIONS: _PAGES}.get(service, _API)


PROCESSES: tuple[Process, ...] = tuple(process for service in SERVICES for process in of_service(service))
"""Everything that stays up."""

MIGRATIONS: tuple[Process, ...] = tuple(
    Process(service, Role.MIGRATE, _STORES | {Need.KAFKA} | _mail(service), _SMALL, replicas=1) for service in SERVICES
)
"""One per service, run to its end by every deployment before its processes start."""

STICKY = frozenset({OPERATIONS})
"""The pages keep a browser's state in one process: a browser stays with the replica that it found first."""

CALLS: Mapping[ServiceName, frozenset[ServiceName]] = {
    INTAKE: frozenset({MATCHING}),
    COORDINATOR: frozenset({INTAKE, RECORDS, MATCHING, OPINIONS, BILLING}),
    OPINIONS: frozenset({INTAKE, MATCHING}),
    RECORDS: frozenset({INTAKE}),
}
"""Who asks whom over HTTP. Nobody else may: the network policies are made from it."""
