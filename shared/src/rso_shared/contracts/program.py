"""A program: the offering of one organisation as one versioned document. Timers are ISO 8601 durations of wall time.

The numbers shipped in `defaults/` are domain.md A.5's; every case carries the version it was submitted under.
"""

from datetime import date, timedelta

from pydantic import Field, model_validator

from rso_shared.contracts.base import Contract
from rso_shared.contracts.vocabulary import (
    ChargePoint,
    CollectionMode,
    ConditionGroup,
    CoverageRoute,
    DeclineReason,
    RecordKind,
    ReleasePolicy,
)


class ProgramRef(Contract):
    """`program_id@version`: what a case was submitted under."""

    program_id: str
    version: int = Field(ge=1)


class RedFlag(Contract):
    """A question asked at submission; the answer "yes" declines with `decline_reason`."""

    question_id: str
    text: str
    decline_reason: DeclineReason


class DeclineText(Contract):
    """What the requester is told, and what they can do instead. A decline without an alternative cannot be written."""

    text: str = Field(min_length=1)
    alternative: str = Field(min_length=1)


class Catchment(Contract):
    """Where the program refers people to its own clinic instead. Without counties, the whole state."""

    country: str
    state: str
    counties: tuple[str, ...] = ()


class Screening(Contract):
    red_flags: tuple[RedFlag, ...]
    excluded_condition_groups: tuple[ConditionGroup, ...] = ()
    home_catchment: tuple[Catchment, ...] = ()
    minors_accepted: bool = False
    local_provider_required: bool = False
    sponsor_required: bool = False
    decline_texts: dict[DeclineReason, DeclineText]

    @model_validator(mode="after")
    def _every_decline_has_a_text(self) -> "Screening":
        missing = sorted(set(DeclineReason) - set(self.decline_texts))
        if missing:
            raise ValueError(f"no decline text for {', '.join(missing)}")
        return self


class ChecklistItem(Contract):
    """One kind of record a condition asks for. `max_age_days` counts back from the record set's acceptance."""

    kind: RecordKind
    required: bool = True
    max_age_days: int | None = None
    note: str = ""


class Reminders(Contract):
    """For authorization, provider participation and payment: when to remind, when to give up (domain.md A.5)."""

    after: tuple[timedelta, ...]
    expire_after: timedelta


class RecordsLadder(Contract):
    follow_up_after: timedelta
    escalate_after: timedelta
    call_after: timedelta
    decide_after: timedelta
    """At this age one escalation asks for waiver, re-request or hold."""


class MatchingPolicy(Contract):
    offer_window: timedelta
    urgent_offer_window: timedelta
    max_offers: int = Field(ge=1)


class ReviewPolicy(Contract):
    due_after: timedelta
    heads_up_percent: tuple[int, ...]
    overdue_after: tuple[timedelta, ...]
    """Counted from the due instant: remind, tell the supervisor, offer a backup in parallel."""


class QualityPolicy(Contract):
    due_business_days: int = Field(ge=1)
    max_revisions: int = Field(ge=0)


class ReleaseRule(Contract):
    policy: ReleasePolicy
    provider_first_business_days: int = 2


class FollowUpPolicy(Contract):
    window: timedelta
    max_questions: int


class RetentionPolicy(Contract):
    """How long the record of a closed case stays, whoever asks for less: years from its closing; for who was a minor at
    submission at least until the year of turning so old. Both run to the end of that year.
    """

    years: int = Field(default=10, ge=0)
    minor_until_turning: int = Field(default=24, ge=0)


class Price(Contract):
    """Amounts are integer minor units of `currency` (cents of USD)."""

    currency: str = Field(pattern="^[A-Z]{3}$")
    amount_minor: int = Field(ge=0)
    amount_minor_by_state: dict[str, int] = Field(default_factory=dict)
    expedited_percent: int = Field(default=0, ge=0)
    honorarium_minor: int = Field(ge=0)
    route: CoverageRoute
    charge_point: ChargePoint
    example: bool = True
    """An example price; edit before use."""


class Calendar(Contract):
    time_zone: str
    opens_hour: int = Field(default=8, ge=0, le=23)
    closes_hour: int = Field(default=18, ge=1, le=24)
    closures: tuple[date, ...] = ()


class Terms(Contract):
    """The version of the terms a requester accepts; `text_sha256` is the hash of the text shown."""

    version: str
    text: str


class Program(Contract):
    program_id: str = Field(pattern="^[a-z0-9][a-z0-9-]{1,62}$")
    version: int = Field(ge=1)
    organisation_id: str
    """The organisation that owns the program: the operator, a partner or a sponsor. It stands in every stream of its cases."""
    name: str
    effective_from: date
    default_owner: str = Field(min_length=1)
    """Whoever has the case from the first instant on: a user or a team's queue, never nobody."""
    terms: Terms
    calendar: Calendar
    collection_mode: CollectionMode
    screening: Screening
    checklists: dict[ConditionGroup, tuple[ChecklistItem, ...]]
    first_contact_within: timedelta
    reminders: Reminders
    records: RecordsLadder
    summary_due_business_days: int = 1
    matching: MatchingPolicy
    review: ReviewPolicy
    quality: QualityPolicy
    release: ReleaseRule
    follow_up: FollowUpPolicy
    promise_business_days: int = Field(ge=1)
    """Record set accepted -> delivered: what the patient is promised."""
    expedited_promise: timedelta = timedelta(hours=72)
    urgent_promise: timedelta = timedelta(hours=24)
    """The same for cases of that priority, in hours of the wall: the business calendar does not pause them."""
    price: Price
    retention: RetentionPolicy = RetentionPolicy()

    def ref(self) -> ProgramRef:
        return ProgramRef(program_id=self.program_id, version=self.version)
