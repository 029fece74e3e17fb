"""What crosses Temporal: small dataclasses of ids, codes, seconds and ISO instants. Nothing identifying, whatever the codec does."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class FactSeen:
    """One fact as a signal. `data` holds only the members that `wakes.py` names for the type."""

    event_id: str
    type: str
    data: dict[str, Any]


@dataclass
class Carried:
    """What one run hands to the next: command counters and fired rungs live as long as the case."""

    counts: dict[str, int] = field(default_factory=dict)
    fired: dict[str, list[str]] = field(default_factory=dict)
    unsettled: bool = False
    """The opinion is released, or about to be, and what follows a release is not all done."""
    dues: dict[str, str] = field(default_factory=dict)
    """Deadline -> its instant, as first said: a step that is taken up again promises nothing anew."""
    heard: list[FactSeen] = field(default_factory=list)
    """Facts that came to the run before as signals; the snapshot of the next one may not have them all yet."""


@dataclass
class CaseStart:
    case_id: str
    carried: Carried = field(default_factory=Carried)


@dataclass
class Policy:
    """The case's frozen program, as far as time and order go. Durations in seconds."""

    submitted_at: str
    local_provider_expected: bool
    reminders: list[int]
    expire_after: int
    follow_up: int
    escalate: int
    call: int
    decide: int
    summary_days: int
    max_offers: int
    review_due: int
    heads_up: list[int]
    overdue: list[int]
    quality_days: int
    release_policy: str
    provider_first_days: int
    window: int
    promise_days: int
    charge_point: str
    first_contact: int = 0
    default_owner: str = ""


@dataclass
class Snapshot:
    """Loaded at the start of every run: policy, facts so far as (type, data) pairs, and the sandbox's offset in seconds."""

    closed: bool
    policy: Policy
    facts: list[FactSeen]
    offset: float


@dataclass
class Command:
    """One HTTP command of another service. `key` is its Idempotency-Key."""

    path: str
    body: dict[str, Any]
    key: str
    case_id: str


@dataclass
class Answer:
    """What the command answered; `refused` is the code of a refusal that is a normal answer to a timer.

    `wrong`: the request itself was refused, not what it asks for at this instant. Said again it is refused again, until a
    person has mended a right, a program or the service.
    """

    body: dict[str, Any]
    refused: str | None = None
    wrong: bool = False


@dataclass
class Waiting:
    """One obligation as the workflow states it; `act` is the public path with the case filled in."""

    party: str
    what: str
    act: str


@dataclass
class Saying:
    """What a step says into the coordinator's own stream. Business days are counted in the program's calendar by the activity."""

    case_id: str
    stage: str | None = None
    waiting: list[Waiting] | None = None
    deadline: str | None = None
    due_at: str | None = None
    due_days: int | None = None
    promise_days: int | None = None
    promise_from: str | None = None


@dataclass
class Said:
    """`now` and `due_at` as recorded."""

    now: str
    due_at: str | None


@dataclass
class Firing:
    case_id: str
    deadline: str
    rung: str
    due_at: str
    escalate_to: str | None = None
