"""Names and labels that the manifests share."""

from typing import Any

from rso_cluster.topology import Process, Role

Table = dict[str, Any]
NAMESPACE = "rso"
ENGINES = "rso-engines"
"""The namespace of Kafka, PostgreSQL, Temporal, the blob store and the collector."""
HOST = "rso.example.org"
"""Where people come in; a deployment puts its own name here, by an overlay."""
EACH = "-each"
"""Ends the name under which every replica has an address of its own."""
FRONT_DOMAIN = f"{EACH}.{NAMESPACE}.svc.cluster.local"
SERVICE, ROLE = "rso/service", "rso/role"
FRONT = {SERVICE: "front"}


def labels(process: Process) -> Table:
    return {
        "app.kubernetes.io/part-of": "rso",
        "app.kubernetes.io/name": process.service.package.replace("_", "-"),
        **chosen_by(process),
    }


def chosen_by(process: Process) -> Table:
    return {SERVICE: process.service.short, ROLE: str(process.role)}


def api_of(short: str) -> Table:
    return {SERVICE: short, ROLE: str(Role.API)}


def head(name: str, labels_: Table) -> Table:
    return {"metadata": {"name": name, "namespace": NAMESPACE, **({"labels": labels_} if labels_ else {})}}
