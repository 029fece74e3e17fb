"""Which log a process writes to and reads from: told by the scheme of broker_url."""

from rso_shared.kit.broker import Broker
from rso_shared.kit.kafka_broker import KafkaBroker
from rso_shared.kit.kafka_connection import SCHEME, from_settings
from rso_shared.kit.local_broker import LocalBroker
from rso_shared.kit.settings import ServiceSettings, SettingsError

SQLITE = "sqlite:///"


def connect(settings: ServiceSettings) -> Broker:
    """Opens a file, or only remembers where Kafka is: an engine that is away stops no start."""
    url = settings.broker_url
    if url.startswith(SCHEME):
        return KafkaBroker(from_settings(settings))
    if url.startswith(SQLITE) and url != SQLITE:
        return LocalBroker(url.removeprefix(SQLITE))
    raise SettingsError("BROKER_URL: sqlite:///path of the log on one machine, or kafka://host:port[,host:port]")
