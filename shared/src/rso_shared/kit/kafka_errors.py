"""What Kafka's client raises, as the kit's outcomes."""

from collections.abc import Iterator
from contextlib import contextmanager

from aiokafka.errors import KafkaError

from rso_shared.kit.errors import Transient

AWAY = (KafkaError, OSError, TimeoutError)


class TopicError(Exception):
    """A topic is not as the table of topics declares it. The text names it and says both; nothing was changed."""


@contextmanager
def transient() -> Iterator[None]:
    """Whatever the client says, the log is away for us and the same call may succeed later: the type alone is passed on."""
    try:
        yield
    except AWAY as failure:
        raise Transient(f"kafka: {type(failure).__name__}") from failure
