"""What the log must do for us, and nothing more. Two sides: LocalBroker on one machine, Kafka in the distributed form."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Record:
    """One record on a topic: key (order is kept per key), CloudEvents headers, JSON value."""

    topic: str
    key: str
    headers: dict[str, str]
    value: bytes


class Batch(Protocol):
    """Records of one poll, in order per key. Uncommitted batches come again after a restart."""

    @property
    def records(self) -> Sequence[Record]: ...

    async def commit(self) -> None:
        """The batch is done with. Its position may still be on its way; it has arrived before the group is left in good order."""
        ...


class Broker(Protocol):
    async def prepare(self) -> None:
        """Creates the declared topics that are missing. Raises if one is there with another number of partitions."""
        ...

    async def publish(self, records: Sequence[Record]) -> None:
        """Returns once every record is durable. May raise Transient; then some may be there and all may be sent again."""
        ...

    def subscribe(self, group: str, topics: Iterable[str]) -> AsyncGenerator[Batch, None]:
        """Endless. Starts at the group's committed position, or at the beginning of the log. May raise Transient: subscribe anew.

        Who asks for the next batch has done with the one before. Close it (`aclosing`) to leave the group at once.
        """
        ...

    async def lag(self, group: str, topics: Iterable[str]) -> int:
        """How many records the group has not committed yet."""
        ...

    def close(self) -> None:
        """Nothing is sent or received any more."""
        ...
