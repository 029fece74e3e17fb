"""The one table of service names: short name, folder, package, topic, settings prefix and database. Nothing else spells them."""

from dataclasses import dataclass

HEADS_TOPIC = "rso.heads.v1"


def topic_of(short: str) -> str:
    return f"rso.{short}.v1"


@dataclass(frozen=True, slots=True)
class ServiceName:
    """One service under all its names. `short` is the root of every other one, except where history says otherwise."""

    short: str
    folder: str
    package: str

    @property
    def topic(self) -> str:
        return topic_of(self.short)

    @property
    def settings_prefix(self) -> str:
        return f"RSO_{self.short.upper()}_"

    @property
    def database(self) -> str:
        return f"rso_{self.short}"

    @property
    def source(self) -> str:
        """CloudEvents `source` of every fact of this service."""
        return f"/rso/{self.short}"


def _service(short: str, folder: str | None = None, package: str | None = None) -> ServiceName:
    return ServiceName(short, folder or short, package or f"rso_{short}")


INTAKE = _service("intake")
RECORDS = _service("records", "records-compiler", "rso_records_compiler")
MATCHING = _service("matching")
OPINIONS = _service("opinions")
BILLING = _service("billing")
COORDINATOR = _service("coordinator")
OPERATIONS = _service("operations")
SUBSCRIPTIONS = _service("subscriptions")

SERVICES = (INTAKE, RECORDS, MATCHING, OPINIONS, BILLING, COORDINATOR, OPERATIONS, SUBSCRIPTIONS)
BY_SHORT = {service.short: service for service in SERVICES}
