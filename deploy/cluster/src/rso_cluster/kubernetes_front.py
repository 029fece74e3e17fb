"""The front: one proxy that knows which path belongs to which service, behind one Ingress."""

from collections.abc import Iterator

from rso_cluster import kubernetes_network
from rso_cluster.containers import FRONT_IMAGE, USER
from rso_cluster.front_config import CONFIGURATION, FOLDER
from rso_cluster.kubernetes_names import FRONT, HOST, Table, head
from rso_cluster.topology import HEALTH_PORT, HTTP_PORT, LIVE_PATH

REPLICAS = 2


def documents(files: dict[str, str], locked_down: Table) -> Iterator[Table]:
    yield {"apiVersion": "v1", "kind": "ConfigMap", **head("front", FRONT), "data": files}
    yield deployment(locked_down)
    selector = {"matchLabels": FRONT}
    spec = {"minAvailable": 1, "selector": selector}
    yield {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", **head("front", FRONT), "spec": spec}
    yield kubernetes_network.front()
    ports = [{"name": "http", "port": HTTP_PORT, "targetPort": "http"}]
    yield {"apiVersion": "v1", "kind": "Service", **head("front", FRONT), "spec": {"selector": FRONT, "ports": ports}}
    yield ingress()


def deployment(locked_down: Table) -> Table:
    pod = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 60,
        "securityContext": {"runAsNonRoot": True, "fsGroup": USER, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container(locked_down)],
        "volumes": [{"name": "config", "configMap": {"name": "front"}}],
    }
    spec = {
        "replicas": REPLICAS,
        "selector": {"matchLabels": FRONT},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "template": {"metadata": {"labels": FRONT}, "spec": pod},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", **head("front", FRONT), "spec": spec}


def container(locked_down: Table) -> Table:
    return {
        "name": "haproxy",
        "image": FRONT_IMAGE,
        "args": ["-f", f"{FOLDER}/{CONFIGURATION}"],
        "ports": [{"name": "http", "containerPort": HTTP_PORT}, {"name": "health", "containerPort": HEALTH_PORT}],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": locked_down,
        "volumeMounts": [{"name": "config", "mountPath": FOLDER, "readOnly": True}],
        "livenessProbe": {"httpGet": {"path": LIVE_PATH, "port": "http"}, "periodSeconds": 10},
        "readinessProbe": {"httpGet": {"path": LIVE_PATH, "port": "http"}, "periodSeconds": 5},
    }


def ingress() -> Table:
    """One rule: paths are the front's matter, and no kind of Ingress could tell `/v1/cases/{id}/documents` from its neighbours."""
    backend = {"service": {"name": "front", "port": {"name": "http"}}}
    rule = {"host": HOST, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    spec = {"tls": [{"hosts": [HOST], "secretName": "rso-tls"}], "rules": [rule]}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", **head("front", FRONT), "spec": spec}
