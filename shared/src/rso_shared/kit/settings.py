"""Settings every service has, from the environment under its own prefix. The kit refuses names it does not know."""

import os
from collections.abc import Iterable, Mapping

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from rso_shared.kit.names import SERVICES

COMMON_NAMES = {
    "RSO_DATA_DIR", "RSO_CACHE_DIR", "RSO_PUBLIC_URL", "RSO_TEMPORAL_CLI", "RSO_PORT", "RSO_TEST_SERVER",
}  # fmt: skip

MIB = 1 << 20


class SettingsError(ValueError):
    """The environment holds a name that nothing here reads. The text names it."""


class ServiceSettings(BaseSettings):
    """`master_key` is 64 hex digits (32 bytes); `issuer_public_key` a PEM; the urls as SQLAlchemy and obstore take them."""

    model_config = SettingsConfigDict(extra="forbid")

    database_url: str
    keys_path: str
    access_log_path: str
    blobs_url: str
    master_key: SecretStr
    issuer: str = "rso-development"
    issuer_public_key: str
    service_token_key: SecretStr | None = None
    internal_url: str = "http://127.0.0.1:8000"
    public_url: str = "http://127.0.0.1:8000"
    operator_organisation_id: str = "operator"
    broker_url: str = ""
    """sqlite:///path of the log on one machine."""
    temporal_address: str = "127.0.0.1:7233"
    temporal_namespace: str = "default"
    host: str = "127.0.0.1"
    port: int = 8000
    sandbox: bool = False
    allow_synthetic_npi: bool = False
    conditions_file: str = "defaults/conditions.csv"
    smtp_url: str | None = None
    mail_folder: str | None = None
    mail_from: str = "no-reply@localhost"
    templates_folder: str = "defaults/templates"
    access_patience_seconds: float = 1.5
    """How long a path waits for a case that another service has just accepted, before it answers 404."""
    json_limit: int = MIB
    bundle_limit: int = 32 * MIB
    document_limit: int = 5 * 1024 * MIB

    def master(self) -> bytes:
        return bytes.fromhex(self.master_key.get_secret_value())


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
