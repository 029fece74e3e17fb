"""The one table of topics: partitions, how long a record is kept, copies. `migrate` creates from it what is missing.

The number of partitions of a topic is for ever: with another number a key would move to another partition, and the order of
its records would be lost. Twelve leave room for twelve replicas of a service. Inboxes outlive every topic
(`retention`), so whatever one still holds is known to whoever handled it.
"""

from dataclasses import dataclass
from datetime import timedelta

from rso_shared.kit.names import HEADS_TOPIC, SERVICES

PARTITIONS = 12
COPIES = 3
YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Topic:
    """`kept` None: the newest record of each key is kept for ever, older ones go. `copies`: fewer where there are fewer brokers."""

    name: str
    partitions: int = PARTITIONS
    kept: timedelta | None = YEAR
    copies: int = COPIES

    def config(self, copies: int) -> dict[str, str]:
        """Kafka's names. A write is acknowledged when all copies but one have it: one broker may be away, none may be alone."""
        life = (
            {"cleanup.policy": "compact"}
            if self.kept is None
            else {"cleanup.policy": "delete", "retention.ms": str(self.kept // timedelta(milliseconds=1))}
        )
        return {**life, "min.insync.replicas": str(max(1, copies - 1))}


TOPICS = (*(Topic(service.topic) for service in SERVICES), Topic(HEADS_TOPIC, kept=None))
"""Facts are kept for a year, for a service that was away or is added later; of the witnesses only the newest of each stream counts."""
