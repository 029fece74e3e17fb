"""What the auditor reads and what it finds. Its own shapes: nothing here comes from the code that wrote what is audited."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

HEADS_TOPIC = "rso.heads.v1"
WITNESS = "operations"
"""The service that also listens to the heads of events without a public fact."""


class Kind(StrEnum):
    LOST = "lost"
    DUPLICATED = "duplicated"
    STUCK = "stuck"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it must be, and where."""

    kind: Kind
    check: str
    place: str
    what: str

    def line(self) -> str:
        return f"{self.kind}: {self.check}: {self.place}: {self.what}"


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One record of the log: where it lies, and the headers that say which event it carries. `place` grows within `partition`."""

    topic: str
    partition: int
    place: int
    key: str
    headers: Mapping[str, str]
    value: bytes

    @property
    def event_id(self) -> str:
        return self.headers.get("ce_id", "")


class Store(Protocol):
    """One service's database, read only."""

    def rows(self, query: str) -> Iterator[tuple[Any, ...]]: ...


@dataclass(frozen=True, slots=True)
class Workflow:
    """`under_way` is the step that it has begun and not done, with the number of the try; empty for one that only waits."""

    workflow_id: str
    status: str
    under_way: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is looked at. `mails` are Message-ID and place; `workflows` is None where no Temporal server can be asked."""

    stores: Mapping[str, Store]
    log: Sequence[LogRecord]
    mails: Sequence[tuple[str, str]]
    workflows: Sequence[Workflow] | None
    wanted: frozenset[str] = frozenset()
    """Ids of cases that must be there and delivered, as whoever played them knows; the others are judged by their own facts."""

    def topic(self, short: str) -> str:
        return f"rso.{short}.v1"


@dataclass(slots=True)
class Counts:
    """How much was looked at."""

    cases: int = 0
    delivered: int = 0
    streams: int = 0
    events: int = 0
    facts: int = 0
    records: int = 0
    consumed: int = 0
    mails: int = 0
    charges: int = 0
    honoraria: int = 0
    workflows: int = 0
    trial_balance: dict[str, int] = field(default_factory=dict)


Check = Callable[[Evidence, Counts], Iterable[Finding]]
