"""Settings every service has, from the environment under its own prefix. The kit refuses names it does not know."""

import os
from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from rso_shared.kit.names import SERVICES

COMMON_NAMES = {
    "RSO_DATA_DIR", "RSO_CACHE_DIR", "RSO_PUBLIC_URL", "RSO_TEMPORAL_CLI", "RSO_PORT", "RSO_TEST_SERVER", "RSO_SECRETS_DIR",
    "RSO_OTLP_ENDPOINT", "RSO_TRACE_RATIO",
    "RSO_ENGINES", "RSO_TEST_KAFKA", "RSO_TEST_POSTGRES", "RSO_TEST_TEMPORAL",
    "RSO_TEST_KAFKA_MISSING", "RSO_TEST_POSTGRES_MISSING", "RSO_TEST_TEMPORAL_MISSING",
}  # fmt: skip

MIB = 1 << 20


class SettingsError(ValueError):
    """The environment holds a name that nothing here reads. The text names it."""


class ServiceSettings(BaseSettings):
    """`master_key` is 64 hex digits (32 bytes); `issuer_public_key` a PEM; the urls as SQLAlchemy and obstore take them."""

    model_config = SettingsConfigDict(extra="forbid")

    database_url: str
    """sqlite:///path, or postgresql+psycopg://user:password@host:port/name."""
    database_pool: int = 8
    """Connections that one process holds open to PostgreSQL at most, and requests that an api works on at a time: one more would
    wait for a connection, and take turns at the interpreter meanwhile."""
    keys_url: str
    """A database of its own, kept apart from the events' backups."""
    access_log_url: str
    """A file of its own, or the service's PostgreSQL database, where it stands in the schema `access`."""
    blobs_url: str
    ledger_url: str
    """Where the ids of the erased are kept (as obstore takes it), the same for every service and in no backup of the others: a
    restored backup is held against it."""
    master_key: SecretStr
    issuer: str = "rso-development"
    issuer_public_key: str
    service_token_key: SecretStr | None = None
    development_sign_in: bool = False
    """The pages sign in named roles with `service_token_key`, for callers on the machine itself. Never where others reach it."""
    internal_url: str = "http://127.0.0.1:8000"
    """Leads to the internal paths of every service; `{service}` in it stands for a service's short name."""
    public_url: str = "http://127.0.0.1:8000"
    operator_organisation_id: str = "operator"
    broker_url: str = ""
    """sqlite:///path of the log on one machine, or kafka://host:port[,host:port]."""
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_ca_file: str | None = None
    kafka_cert_file: str | None = None
    kafka_key_file: str | None = None
    """PEM files: who signed the brokers' certificates (unset: whom the system trusts), and our own, where they ask for one."""
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    kafka_username: str | None = None
    kafka_password: SecretStr | None = None
    kafka_copies: int | None = Field(default=None, ge=1)
    """Replication factor of topics that `migrate` creates; unset: three, or one per broker where there are fewer."""
    kafka_instance: str | None = None
    """This process's name among the replicas of its service, the same after every restart: who comes back under it is dealt what
    it had, instead of waiting until the session of the one that died has run out. Unset: a stranger each time."""
    temporal_address: str = "127.0.0.1:7233"
    temporal_namespace: str = "default"
    temporal_ui_url: str = ""
    traces_url: str = ""
    """Where Temporal's own pages and the traces are looked at; the staff's pages link there."""
    host: str = "127.0.0.1"
    port: int = 8000
    """Of an api."""
    health_port: int | None = None
    """Of any other role: /livez, /readyz and /metrics. Without it they are not served."""
    webhook_networks: str = ""
    """Networks (192.0.2.0/24, separated by commas) that webhooks may reach although they are not public. For receivers in one's own
    network, and for development; with any of them plain http is let in too."""
    sandbox: bool = False
    allow_synthetic_npi: bool = False
    conditions_file: str = "defaults/conditions.csv"
    smtp_url: str | None = None
    mail_folder: str | None = None
    mail_from: str = "no-reply@localhost"
    templates_folder: str = "defaults/templates"
    access_patience_seconds: float = 1.5
    """How long a path waits for a case that another service has just accepted, before it answers 404."""
    crash_points: str = ""
    """For tests alone (kit.crash): point:count[/every], separated by commas. Refused unless sandbox or crash_points_allowed."""
    crash_points_allowed: bool = False
    crash_file: str = ""
    json_limit: int = MIB
    bundle_limit: int = 32 * MIB
    document_limit: int = 5 * 1024 * MIB

    def master(self) -> bytes:
        return bytes.fromhex(self.master_key.get_secret_value())


class TelemetrySettings(BaseSettings):
    """The same for every process of a deployment: RSO_OTLP_ENDPOINT is a collector's base url (OTLP over HTTP); unset, nothing is sent.

    RSO_TRACE_RATIO is the share of beginnings that are traced. Headers and certificates: the standard OTEL_EXPORTER_OTLP_* names.
    """

    model_config = SettingsConfigDict(env_prefix="RSO_", extra="ignore")

    otlp_endpoint: str | None = None
    trace_ratio: float = Field(default=1.0, ge=0, le=1)


def strangers(environment: Mapping[str, str], known: Iterable[str]) -> list[str]:
    """RSO_* names in the environment that nothing here reads: most often a typing mistake."""
    allowed = COMMON_NAMES | set(known)
    return sorted(name for name in environment if name.startswith("RSO_") and name not in allowed)


def known_names(settings: type[ServiceSettings] = ServiceSettings) -> set[str]:
    return {f"{service.settings_prefix}{field.upper()}" for service in SERVICES for field in settings.model_fields}


def refuse_strangers() -> None:
    """Raises SettingsError naming every unknown RSO_* variable."""
    names = strangers(os.environ, known_names())
    if names:
        raise SettingsError(
            f"unknown settings in the environment: {', '.join(names)}; see docs/operations.md for the known ones"
        )
