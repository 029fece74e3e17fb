"""How to reach Kafka: broker_url and the kafka_* settings, checked, as arguments of every aiokafka client."""

from dataclasses import dataclass
from typing import Any

from aiokafka.helpers import create_ssl_context

from rso_shared.kit.settings import ServiceSettings, SettingsError

SCHEME = "kafka://"
REQUEST_MILLISECONDS = 10_000


@dataclass(frozen=True, slots=True)
class Connection:
    """`copies` None: as many as the table of topics says, or one per broker where there are fewer."""

    servers: tuple[str, ...]
    protocol: str = "PLAINTEXT"
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    mechanism: str | None = None
    username: str | None = None
    password: str | None = None
    copies: int | None = None
    instance: str | None = None

    def __repr__(self) -> str:
        return f"Connection({','.join(self.servers)}, {self.protocol})"


def from_settings(settings: ServiceSettings) -> Connection:
    """Raises SettingsError naming what is missing, or what the security protocol has no use for."""
    password = settings.kafka_password
    connection = Connection(
        servers=servers(settings.broker_url),
        protocol=settings.kafka_security_protocol,
        ca_file=settings.kafka_ca_file,
        cert_file=settings.kafka_cert_file,
        key_file=settings.kafka_key_file,
        mechanism=settings.kafka_sasl_mechanism,
        username=settings.kafka_username,
        password=password.get_secret_value() if password else None,
        copies=settings.kafka_copies,
        instance=settings.kafka_instance,
    )
    wrong = problems(connection)
    if wrong:
        raise SettingsError("; ".join(wrong))
    return connection


def servers(url: str) -> tuple[str, ...]:
    """kafka://host:port[,host:port] → host:port of each."""
    found = tuple(url.removeprefix(SCHEME).rstrip("/").split(","))
    for server in found:
        host, _, port = server.rpartition(":")
        if not host or not port.isdecimal() or "@" in host or "/" in host:
            raise SettingsError(
                "BROKER_URL: kafka://host:port[,host:port]; user and password have settings of their own"
            )
    return found


def problems(connection: Connection) -> list[str]:
    """By the settings' names, without their values."""
    c = connection
    tls, sasl = c.protocol.endswith("SSL"), c.protocol.startswith("SASL")
    files = {"KAFKA_CA_FILE": c.ca_file, "KAFKA_CERT_FILE": c.cert_file, "KAFKA_KEY_FILE": c.key_file}
    login = {"KAFKA_SASL_MECHANISM": c.mechanism, "KAFKA_USERNAME": c.username, "KAFKA_PASSWORD": c.password}
    said = f"KAFKA_SECURITY_PROTOCOL {c.protocol}"
    wrong = [] if tls else [f"{name} is set, but {said} has no TLS" for name, value in files.items() if value]
    wrong += [
        f"{name} is {_state(value)}, but {said} {_wants(sasl)}" for name, value in login.items() if sasl != bool(value)
    ]
    if bool(c.cert_file) != bool(c.key_file):
        wrong.append("KAFKA_CERT_FILE and KAFKA_KEY_FILE go together")
    return wrong


def _state(value: str | None) -> str:
    return "set" if value else "not set"


def _wants(sasl: bool) -> str:  # noqa: FBT001 - one of the two words
    return "needs it" if sasl else "has no login"


def arguments(connection: Connection) -> dict[str, Any]:
    """What every aiokafka client takes. Reads the certificate files."""
    c = connection
    made: dict[str, Any] = {
        "bootstrap_servers": list(c.servers),
        "security_protocol": c.protocol,
        "request_timeout_ms": REQUEST_MILLISECONDS,
    }
    if c.protocol.endswith("SSL"):
        made["ssl_context"] = create_ssl_context(cafile=c.ca_file, certfile=c.cert_file, keyfile=c.key_file)
    if c.protocol.startswith("SASL"):
        made |= {"sasl_mechanism": c.mechanism, "sasl_plain_username": c.username, "sasl_plain_password": c.password}
    return made
