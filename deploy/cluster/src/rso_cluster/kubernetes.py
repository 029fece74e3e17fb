"""The Kubernetes manifests: plain files, one per service, from the same table as compose.yaml. Pure: the table in, documents out.

The engines are not in them: Kafka, PostgreSQL, Temporal and the blob store are the cluster's own, found by `ENGINES`.
"""

from collections.abc import Iterator

from rso_cluster import kubernetes_front
from rso_cluster import kubernetes_network as network
from rso_cluster.containers import (
    KAFKA_PORT,
    TEMPORAL_PORT,
    USER,
    dump,
    image,
    plain_values,
    secret_fields,
    secret_name,
)
from rso_cluster.kubernetes_names import EACH, ENGINES, HOST, NAMESPACE, Table, chosen_by, head, labels
from rso_cluster.topology import ACCEPT_PATH, LIVE_PATH, MIGRATIONS, PROCESSES, READY_PATH, Process, Role
from rso_shared.kit.names import SERVICES, ServiceName

SECRETS_DIR = "/run/secrets/rso"
MORE = "-more"
"""Ends the names of a ConfigMap and a Secret that a deployment may add: how Kafka is signed in to, limits, and the like."""
DRAIN_SECONDS = 5
"""A pod that ends goes on answering for so long, until every proxy has heard that it is leaving."""
CHOSEN = {
    "public_url": f"https://{HOST}",
    "broker_url": f"kafka://kafka.{ENGINES}.svc:{KAFKA_PORT}",
    "temporal_address": f"temporal-frontend.{ENGINES}.svc:{TEMPORAL_PORT}",
    "mail_from": f"no-reply@{HOST}",
}
LOCKED_DOWN: Table = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "runAsUser": USER,
    "runAsGroup": USER,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def files(front: dict[str, str]) -> dict[str, str]:
    """File name to text. `front` are the front's files."""
    return {
        "00-namespace.yaml": dump(list(ground()), "The namespace, closed by default."),
        "10-migrations.yaml": dump(
            [migration(one) for one in MIGRATIONS], "Run to their end before the services: schema, access log, topics."
        ),
        **{f"20-{s.short}.yaml": dump(list(service(s)), f"The {s.short} service.") for s in SERVICES},
        "30-front.yaml": dump(list(kubernetes_front.documents(front, LOCKED_DOWN)), "The one way in."),
    }


def ground() -> Iterator[Table]:
    enforced = {"pod-security.kubernetes.io/enforce": "restricted"}
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": enforced}}
    yield from network.closed()
    for one in SERVICES:
        yield config(one)


def config(service: ServiceName) -> Table:
    """Everything that is no secret, the same for all roles of a service."""
    known: Table = {}
    for process in of(service):
        known |= plain_values(
            process, {**CHOSEN, "blobs_url": f"s3://rso-{service.short}", "ledger_url": "s3://rso-ledger"}
        )
    data = {"RSO_SECRETS_DIR": SECRETS_DIR, "RSO_OTLP_ENDPOINT": f"http://collector.{ENGINES}.svc:4318", **known}
    return {"apiVersion": "v1", "kind": "ConfigMap", **head(f"rso-{service.short}", {}), "data": data}


def of(service: ServiceName) -> list[Process]:
    return [process for process in PROCESSES if process.service is service]


def service(service: ServiceName) -> Iterator[Table]:
    for process in of(service):
        yield deployment(process)
        if process.replicas > 1:
            yield disruption(process)
        yield network.policy(process)
        if process.role is Role.API:
            yield from addresses(process)


def migration(process: Process) -> Table:
    template = pod(process)
    template["spec"]["restartPolicy"] = "Never"
    spec = {"backoffLimit": 6, "activeDeadlineSeconds": 600, "ttlSecondsAfterFinished": 3600, "template": template}
    return {"apiVersion": "batch/v1", "kind": "Job", **head(process.name, labels(process)), "spec": spec}


def deployment(process: Process) -> Table:
    spec: Table = {
        "replicas": process.replicas,
        "selector": {"matchLabels": chosen_by(process)},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "template": pod(process),
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", **head(process.name, labels(process)), "spec": spec}


def pod(process: Process) -> Table:
    spec: Table = {
        "automountServiceAccountToken": False,
        # Kubernetes would put RSO_* variables of its own beside the settings, and the kit refuses what it does not know.
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": process.grace_seconds + DRAIN_SECONDS,
        "securityContext": {"runAsNonRoot": True, "fsGroup": USER, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container(process)],
        "volumes": [secrets(process), {"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}],
    }
    if process.replicas > 1:
        spec["topologySpreadConstraints"] = [spread(process)]
    return {"metadata": {"labels": labels(process)}, "spec": spec}


def container(process: Process) -> Table:
    short = process.service.short
    return {
        "name": str(process.role),
        "image": f"{image(process.service)}:latest",
        "command": list(process.command),
        "envFrom": [
            {"configMapRef": {"name": f"rso-{short}"}},
            {"configMapRef": {"name": f"rso-{short}{MORE}", "optional": True}},
            # AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT; absent where the node's own identity opens the store.
            {"secretRef": {"name": f"rso-{short}-blobs", "optional": True}},
        ],
        "resources": resources(process),
        "securityContext": LOCKED_DOWN,
        "volumeMounts": [
            {"name": "secrets", "mountPath": SECRETS_DIR, "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - inside the container, in memory
        ],
        **probes(process),
    }


def resources(process: Process) -> Table:
    asked = {"cpu": f"{process.resources.cpu}m", "memory": f"{process.resources.memory}Mi"}
    return {"requests": asked, "limits": {"memory": f"{process.resources.memory_limit}Mi"}}


def secrets(process: Process) -> Table:
    """By reference: the Secrets are made by whoever operates the cluster. A required one that is missing stops the pod."""
    names = [secret_name(process.service, field) for field in secret_fields(process)]
    required = {"name": f"rso-{process.service.short}", "items": [{"key": name, "path": name} for name in names]}
    further = {"name": f"rso-{process.service.short}{MORE}", "optional": True}
    projected = {"defaultMode": 0o440, "sources": [{"secret": required}, {"secret": further}]}
    return {"name": "secrets", "projected": projected}


def probes(process: Process) -> Table:
    """An api stays in service while Kafka is away, because its commands wait in the outbox: it is asked for its database alone."""
    if process.health_port is None:
        return {}
    ready = ACCEPT_PATH if process.role is Role.API else READY_PATH
    port = "http" if process.role is Role.API else "health"
    made: Table = {
        "ports": [{"name": port, "containerPort": process.health_port}],
        "startupProbe": {"httpGet": {"path": LIVE_PATH, "port": port}, "periodSeconds": 2, "failureThreshold": 60},
        "livenessProbe": {"httpGet": {"path": LIVE_PATH, "port": port}, "periodSeconds": 10, "timeoutSeconds": 5},
        "readinessProbe": {"httpGet": {"path": ready, "port": port}, "periodSeconds": 5, "timeoutSeconds": 5},
    }
    if process.role is Role.API:
        made["lifecycle"] = {"preStop": {"exec": {"command": ["sleep", str(DRAIN_SECONDS)]}}}
    return made


def spread(process: Process) -> Table:
    return {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": chosen_by(process)},
    }


def disruption(process: Process) -> Table:
    spec = {"minAvailable": 1, "selector": {"matchLabels": chosen_by(process)}}
    return {
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", **head(process.name, labels(process)), "spec": spec,
    }  # fmt: skip


def addresses(process: Process) -> Iterator[Table]:
    """One address for the other services; and for the front, which tries another replica itself, the address of each."""
    ports = [{"name": "http", "port": process.http_port, "targetPort": "http"}]
    spec: Table = {"selector": chosen_by(process), "ports": ports}
    for name, more in ((process.name, {}), (f"{process.name}{EACH}", {"clusterIP": "None"})):
        yield {"apiVersion": "v1", "kind": "Service", **head(name, labels(process)), "spec": {**more, **spec}}
