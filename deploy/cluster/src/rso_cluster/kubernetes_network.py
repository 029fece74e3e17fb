"""Who may reach whom. Everything is closed; each process opens what it needs, and the engines tell by labels whom they serve."""

from collections.abc import Iterator

from rso_cluster.containers import COLLECTOR_PORT, KAFKA_PORT, POSTGRES_PORT, TEMPORAL_PORT
from rso_cluster.kubernetes_names import ENGINES, FRONT, ROLE, SERVICE, Table, api_of, chosen_by, head, labels
from rso_cluster.topology import CALLS, HEALTH_PORT, HTTP_PORT, MIGRATIONS, Need, Process, Role
from rso_shared.kit.names import SERVICES

DNS_PORT, HTTPS_PORT = 53, 443
MAIL_PORTS = (465, 587)
DATABASE_LABEL = "databases.rso/"
"""A PostgreSQL pod wears `databases.rso/intake: "true"` for each service it serves: one server for all, or one for each."""
HOOK_PORTS = (443, 8443)
PRIVATE = ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
"""Where no webhook goes: the service refuses these itself, and the network does so again."""
MONITORING = {"kubernetes.io/metadata.name": "monitoring"}
"""The namespace whose scraper reads /metrics."""


def closed() -> Iterator[Table]:
    """Nothing in, nothing out but names; and what the migrations need."""
    yield _policy("closed", {}, {}, [], [names()])
    for one in MIGRATIONS:
        yield policy(one)


def policy(process: Process) -> Table:
    return _policy(process.name, labels(process), chosen_by(process), ingress(process), egress(process))


def ingress(process: Process) -> list[Table]:
    if process.health_port is None:
        return []
    scraped = {"from": [{"namespaceSelector": {"matchLabels": MONITORING}}], "ports": tcp(process.health_port)}
    if process.role is not Role.API:
        return [scraped]
    callers = sorted(service.short for service, called in CALLS.items() if process.service in called)
    peers = [{"podSelector": {"matchLabels": FRONT}}, *(caller(short) for short in callers)]
    return [{"from": peers, "ports": tcp(HTTP_PORT)}, scraped]


def caller(short: str) -> Table:
    return {"podSelector": {"matchLabels": {SERVICE: short}}}


def egress(process: Process) -> list[Table]:
    short, needs = process.service.short, process.needs
    opened = [engine({"app.kubernetes.io/name": "collector"}, COLLECTOR_PORT)] if process.health_port else []
    if needs & {Need.DATABASE, Need.KEYS, Need.ACCESS_LOG}:
        opened.append(engine({f"{DATABASE_LABEL}{short}": "true"}, POSTGRES_PORT))
    if Need.KAFKA in needs:
        opened.append(engine({"app.kubernetes.io/name": "kafka"}, KAFKA_PORT))
    if Need.TEMPORAL in needs:
        opened.append(engine({"app.kubernetes.io/name": "temporal"}, TEMPORAL_PORT))
    if Need.BLOBS in needs and process.role is not Role.MIGRATE:
        opened.append({"ports": tcp(HTTPS_PORT)})
    if Need.MAIL in needs and process.role is Role.CONSUMER:
        opened.append({"ports": tcp(*MAIL_PORTS)})
    if Need.OUTSIDE in needs:
        opened.append({"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": list(PRIVATE)}}], "ports": tcp(*HOOK_PORTS)})
    called = CALLS.get(process.service, frozenset()) if Need.SERVICES in needs else frozenset()
    peers = [{"podSelector": {"matchLabels": api_of(one.short)}} for one in SERVICES if one in called]
    return [*opened, *([{"to": peers, "ports": tcp(HTTP_PORT)}] if peers else [])]


def engine(pods: Table, port: int) -> Table:
    namespace = {"matchLabels": {"kubernetes.io/metadata.name": ENGINES}}
    return {"to": [{"namespaceSelector": namespace, "podSelector": {"matchLabels": pods}}], "ports": tcp(port)}


def names() -> Table:
    system = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}
    return {"to": [system], "ports": [{"protocol": "UDP", "port": DNS_PORT}, {"protocol": "TCP", "port": DNS_PORT}]}


def front() -> Table:
    """From anywhere, since the ingress controller's place is not ours to know; to every api and nowhere else."""
    way_in = {"ports": tcp(HTTP_PORT)}
    way_on = {"to": [{"podSelector": {"matchLabels": {ROLE: str(Role.API)}}}], "ports": tcp(HTTP_PORT)}
    scraped = {"from": [{"namespaceSelector": {"matchLabels": MONITORING}}], "ports": tcp(HEALTH_PORT)}
    return _policy("front", FRONT, FRONT, [way_in, scraped], [way_on])


def tcp(*ports: int) -> list[Table]:
    return [{"protocol": "TCP", "port": port} for port in ports]


def _policy(name: str, worn: Table, chosen: Table, inward: list[Table], outward: list[Table]) -> Table:
    spec = {
        "podSelector": {"matchLabels": chosen} if chosen else {},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": inward,
        "egress": outward,
    }
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", **head(name, worn), "spec": spec}
