"""What a consumer asks its database once per batch, instead of once per record: what it has handled, and who must queue."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rso_shared.kit import parking, statements
from rso_shared.kit.broker import Record
from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx


@dataclass(slots=True)
class Inbox:
    """Of one batch, in its transaction. What is set aside during the batch queues behind its like: no answer changes by it."""

    tx: Tx
    consumer: str
    handled: set[str]
    poisoned: set[str]
    waiting: set[tuple[str, str]]
    added: list[str] = field(default_factory=list)

    def knows(self, record: Record) -> bool:
        return record.headers["ce_id"] in self.handled

    def must_queue(self, record: Record) -> bool:
        """Behind poison all of its key waits. Behind a missing fact only later records of the same topic do: the missing
        fact itself comes on another topic, and would never be handled if it had to queue behind what waits for it.
        """
        return record.key in self.poisoned or (record.key, record.topic) in self.waiting

    @property
    def aside(self) -> set[str]:
        """The keys of which something was set aside before this batch."""
        return {key for key, _ in self.waiting}

    def add(self, record: Record) -> None:
        self.handled.add(record.headers["ce_id"])
        self.added.append(record.headers["ce_id"])

    def write(self, now: datetime) -> None:
        """The rows of what was handled. Another replica that handled one of them too is found by the primary key."""
        if self.added:
            values = [value for id_ in self.added for value in (self.consumer, id_, iso(now))]
            self.tx.run(statements.insert_inbox(len(self.added), sqlite=self.tx.is_sqlite), values)


def opened(tx: Tx, consumer: str, records: Sequence[Record]) -> Inbox:
    ids, keys = ([record.headers["ce_id"] for record in records], list({record.key for record in records}))
    handled = tx.run(statements.handled(sqlite=tx.is_sqlite), (consumer, statements.array(ids, sqlite=tx.is_sqlite)))
    parked = tx.run(statements.queued(sqlite=tx.is_sqlite), (consumer, statements.array(keys, sqlite=tx.is_sqlite)))
    return Inbox(
        tx,
        consumer,
        handled={id_ for (id_,) in handled},
        poisoned={key for key, _, state in parked if state == parking.POISON},
        waiting={(key, topic) for key, topic, _ in parked},
    )
