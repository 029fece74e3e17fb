"""The part of compose.yaml that is not ours: Kafka, PostgreSQL, Temporal, and what telemetry is sent to."""

from typing import Any

from rso_cluster.containers import (
    COLLECTOR_IMAGE,
    FRONT_IMAGE,
    GRAFANA_IMAGE,
    KAFKA_IMAGE,
    KAFKA_PORT,
    POSTGRES_IMAGE,
    POSTGRES_PORT,
    PROMETHEUS_IMAGE,
    TEMPO_IMAGE,
    TEMPORAL_IMAGE,
    TEMPORAL_NAMESPACE,
    TEMPORAL_PORT,
    TEMPORAL_TOOLS_IMAGE,
)
from rso_shared.kit.names import SERVICES

__all__ = ["FRONT_IMAGE", "SECRETS", "VOLUMES", "services", "telemetry"]

Table = dict[str, Any]
VOLUMES = ("kafka", "postgres", "prometheus", "tempo", "grafana")
PASSWORDS = tuple(f"{service.database}_password" for service in SERVICES)
SECRETS = ("postgres_password", "temporal_password", "grafana_password", *PASSWORDS)
KAFKA_CLUSTER = "cnNvLWNvbXBvc2UtMDAwMQ"
"""A KRaft cluster needs an id of 16 bytes; one host has one cluster."""
QUIET: Table = {"security_opt": ["no-new-privileges:true"], "restart": "unless-stopped"}
STORE = {
    "DB": "postgres12",
    "DB_PORT": str(POSTGRES_PORT),
    "POSTGRES_SEEDS": "postgres",
    "POSTGRES_USER": "temporal",
    "DBNAME": "temporal",
    "VISIBILITY_DBNAME": "temporal_visibility",
}


def services(locked_down: Table) -> dict[str, Table]:
    return {
        "kafka": kafka(),
        "postgres": postgres(),
        "temporal-schema": temporal_schema(),
        "temporal": temporal(),
        "temporal-namespace": temporal_namespace(locked_down),
    }


def kafka() -> Table:
    return {
        "image": KAFKA_IMAGE,
        **QUIET,
        "environment": {
            "CLUSTER_ID": KAFKA_CLUSTER,
            "KAFKA_NODE_ID": "1",
            "KAFKA_PROCESS_ROLES": "broker,controller",
            "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@kafka:9093",
            "KAFKA_LISTENERS": f"PLAINTEXT://:{KAFKA_PORT},CONTROLLER://:9093",
            "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://kafka:{KAFKA_PORT}",
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
            "KAFKA_INTER_BROKER_LISTENER_NAME": "PLAINTEXT",
            "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
            "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
            "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
            "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
            "KAFKA_LOG_DIRS": "/var/lib/kafka/data",
        },
        "volumes": ["kafka:/var/lib/kafka/data"],
        "networks": ["engines"],
        "healthcheck": {
            "test": [
                "CMD",
                "/opt/kafka/bin/kafka-broker-api-versions.sh",
                "--bootstrap-server",
                f"localhost:{KAFKA_PORT}",
            ],
            "interval": "10s",
            "timeout": "10s",
            "start_period": "20s",
            "retries": 12,
        },
    }


def postgres() -> Table:
    """The first start makes one database and one role per service and for Temporal; none can connect to another's."""
    return {
        "image": POSTGRES_IMAGE,
        **QUIET,
        "command": ["postgres", "-c", "max_connections=400"],
        "environment": {"POSTGRES_PASSWORD_FILE": "/run/secrets/postgres_password"},
        "secrets": ["postgres_password", "temporal_password", *PASSWORDS],
        "volumes": [
            "postgres:/var/lib/postgresql/data",
            "./compose/databases.sh:/docker-entrypoint-initdb.d/databases.sh:ro",
        ],
        "networks": ["engines"],
        "healthcheck": {
            # Over TCP: while the first start makes the databases, the server answers on its socket alone.
            "test": ["CMD", "pg_isready", "-h", "127.0.0.1", "-U", "postgres"],
            "interval": "5s",
            "timeout": "5s",
            "start_period": "30s",
            "retries": 12,
        },
    }


def temporal_schema() -> Table:
    return {
        "image": TEMPORAL_TOOLS_IMAGE,
        "security_opt": ["no-new-privileges:true"],
        "entrypoint": ["/bin/sh", "/compose/temporal-schema.sh"],
        "environment": STORE,
        "secrets": ["temporal_password"],
        "volumes": ["./compose/temporal-schema.sh:/compose/temporal-schema.sh:ro"],
        "networks": ["engines"],
        "depends_on": {"postgres": {"condition": "service_healthy"}},
        "restart": "on-failure",
    }


def temporal() -> Table:
    return {
        "image": TEMPORAL_IMAGE,
        **QUIET,
        # The image takes its password from the environment alone; so that it stands in no file of ours, a shell reads it.
        "entrypoint": [
            "/bin/sh",
            "-c",
            'POSTGRES_PWD="$$(cat /run/secrets/temporal_password)" exec /etc/temporal/entrypoint.sh',
        ],
        "environment": {**STORE, "BIND_ON_IP": "0.0.0.0"},  # noqa: S104 - a container's own network
        "secrets": ["temporal_password"],
        "networks": ["engines"],
        "depends_on": {"temporal-schema": {"condition": "service_completed_successfully"}},
        "healthcheck": {
            "test": ["CMD", "nc", "-z", "localhost", str(TEMPORAL_PORT)],
            "interval": "5s",
            "timeout": "3s",
            "start_period": "30s",
            "retries": 12,
        },
    }


def temporal_namespace(locked_down: Table) -> Table:
    ask = f"temporal operator namespace describe -n {TEMPORAL_NAMESPACE}"
    make = f"temporal operator namespace create -n {TEMPORAL_NAMESPACE} --retention 72h"
    return {
        "image": TEMPORAL_TOOLS_IMAGE,
        **locked_down,
        "entrypoint": ["/bin/sh", "-c", f"{ask} || {make}"],
        "environment": {"TEMPORAL_ADDRESS": f"temporal:{TEMPORAL_PORT}", "HOME": "/tmp"},  # noqa: S108 - in the container
        "networks": ["engines"],
        "depends_on": {"temporal": {"condition": "service_healthy"}},
        "restart": "on-failure",
    }


def telemetry(locked_down: Table) -> dict[str, Table]:
    common = {**locked_down, "restart": "unless-stopped"}
    return {
        "collector": {
            "image": COLLECTOR_IMAGE,
            **common,
            "command": ["--config=/etc/otel/collector.yaml"],
            "volumes": ["./otel/collector.yaml:/etc/otel/collector.yaml:ro"],
            "networks": ["telemetry"],
        },
        "prometheus": {
            "image": PROMETHEUS_IMAGE,
            **common,
            "command": ["--config.file=/etc/prometheus/prometheus.yaml", "--storage.tsdb.path=/prometheus"],
            "volumes": ["./otel/prometheus.yaml:/etc/prometheus/prometheus.yaml:ro", "prometheus:/prometheus"],
            "networks": ["telemetry"],
        },
        "tempo": {
            "image": TEMPO_IMAGE,
            **common,
            "command": ["-config.file=/etc/tempo/tempo.yaml"],
            "volumes": ["./otel/tempo.yaml:/etc/tempo/tempo.yaml:ro", "tempo:/var/tempo"],
            "networks": ["telemetry"],
        },
        "grafana": grafana(common),
    }


def grafana(common: Table) -> Table:
    return {
        "image": GRAFANA_IMAGE,
        **common,
        "environment": {
            "GF_SECURITY_ADMIN_PASSWORD__FILE": "/run/secrets/grafana_password",
            "GF_ANALYTICS_REPORTING_ENABLED": "false",
            "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
        },
        "secrets": ["grafana_password"],
        "ports": ["${RSO_BIND:-127.0.0.1}:${RSO_GRAFANA_PORT:-3000}:3000"],
        "volumes": [
            "./grafana/provisioning:/etc/grafana/provisioning:ro",
            "grafana:/var/lib/grafana",
            "./grafana:/var/lib/grafana/dashboards:ro",
        ],
        "networks": ["telemetry", "outside"],
    }
