"""Request and answer models, field by field. Unknown fields are refused."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from rso_subscriptions.domain.filters import Filter

Code = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9._:/-]+$")]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z0-9._*]+$")]
Url = Annotated[str, StringConstraints(min_length=8, max_length=2000, pattern=r"^https?://[!-~]+$")]
Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s\"<>,;]+@[^@\s\"<>,;]+$")]
FASTEST = 500


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AimBody(Request):
    """Empty lists mean all. `types`: names, or a family such as `case.*`. `rate`: requests per second at most."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"url": "https://hooks.example.org/rso", "types": ["case.*"], "rate": 50}]}
    )

    url: Url
    types: list[Pattern] = Field(default_factory=list, max_length=20)
    programs: list[Code] = Field(default_factory=list, max_length=200)
    sponsors: list[Code] = Field(default_factory=list, max_length=1000)
    rate: int = Field(default=50, ge=1, le=FASTEST)

    def filter(self) -> Filter:
        return Filter(tuple(self.types), tuple(self.programs), tuple(self.sponsors))


class EndpointBody(AimBody):
    """`contact`: where a mail goes when the endpoint is paused. `start`: `now`, or `beginning` for all that the feed has."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"url": "https://hooks.example.org/rso", "types": ["case.*"], "contact": "platform@example.org"},
            ]
        }
    )

    organisation_id: Code | None = None
    contact: Email
    start: Literal["now", "beginning"] = "now"


class EndpointVersion(BaseModel):
    endpoint_id: str
    status: str
    version: int


class Delivering(BaseModel):
    """`cursor`: up to here everything is delivered, withheld or queued. `newest`: the feed's last number."""

    cursor: int
    newest: int
    queued: int
    dead_letters: int
    failures: int
    failing_since: datetime | None
    next_try: datetime | None


class EndpointView(BaseModel):
    endpoint_id: str
    organisation_id: str
    url: str
    types: list[str]
    programs: list[str]
    sponsors: list[str]
    rate: int
    status: str
    pause_reason: str | None
    created_at: datetime
    version: int


class EndpointDetail(EndpointView):
    delivering: Delivering


class EndpointList(BaseModel):
    items: list[EndpointView]


class SecretView(BaseModel):
    """The newest signs first; after a rotation the one before signs too, for 24 hours."""

    endpoint_id: str
    secret: str


class CursorBody(Request):
    """Everything after this number is sent again: 0 is the beginning."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"after": 0}]})

    after: int = Field(ge=0, le=2**53)


class CursorMoved(BaseModel):
    endpoint_id: str
    cursor: int
    version: int


class RedeliveryBody(Request):
    """One event by its id, or a range of sequence numbers with both ends."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"first": 17, "last": 20}]})

    event_id: Code | None = None
    first: int | None = Field(default=None, ge=1, le=2**53)
    last: int | None = Field(default=None, ge=1, le=2**53)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.event_id is None) == (self.first is None) or (self.first is None) != (self.last is None):
            raise ValueError("either event_id, or first and last")
        return self


class Redelivery(BaseModel):
    """`events`: how many were put into the queue; what is withheld from the endpoint stays withheld."""

    endpoint_id: str
    events: int
    version: int


class Probe(BaseModel):
    endpoint_id: str
    event_id: str
    version: int


class AttemptView(BaseModel):
    """`outcome`: delivered, refused (by its status), or a code of what went wrong. `status`: the answer's, if there was one."""

    event_id: str
    sequence: int
    type: str
    attempt: int
    at: datetime
    ms: int
    status: int | None
    outcome: str


class AttemptPage(BaseModel):
    items: list[AttemptView]
    next_cursor: str | None


class DeliveryView(BaseModel):
    """Of one event to one endpoint, the last attempt. `state`: delivered, pending (it will be tried again), dead (given up)."""

    endpoint_id: str
    attempts: int
    at: datetime
    status: int | None
    outcome: str
    state: str


class ToldEvent(BaseModel):
    """No `deliveries`: it stands in the organisation's feed, and no endpoint of it was to have it, or has had it yet."""

    event_id: str
    organisation_id: str
    sequence: int
    type: str
    level: str | None
    occurred_at: datetime
    deliveries: list[DeliveryView]


class Told(BaseModel):
    case_id: str
    events: list[ToldEvent]


class QueuedView(BaseModel):
    """`state`: pending, or dead: given up until it is asked for again."""

    event_id: str
    sequence: int
    state: str
    attempts: int
    next_at: datetime
    why: str | None


class QueuePage(BaseModel):
    items: list[QueuedView]
    next_cursor: str | None


class GrantBody(Request):
    """`external_id`: the platform's own name for the sponsor; it stands on each event. `until`: the first instant not covered."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"sponsor_id": "example-employer", "platform_id": "example-benefits", "external_id": "EMP-0042"}
            ]
        }
    )

    sponsor_id: Code
    platform_id: Code
    external_id: Code
    level: Literal["stage", "counts"] = "stage"
    effective_from: datetime | None = None
    until: datetime | None = None


class GrantEndBody(Request):
    """Without an instant: as soon as it can be, which is two seconds from now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"until": "2027-01-01T00:00:00Z"}]})

    until: datetime | None = None


class GrantVersion(BaseModel):
    grant_id: str
    version: int


class GrantView(BaseModel):
    grant_id: str
    sponsor_id: str
    platform_id: str
    external_id: str
    level: str
    effective_from: datetime
    until: datetime | None


class GrantList(BaseModel):
    items: list[GrantView]


class FeedItem(BaseModel):
    """`event` as webhooks have it, or why it is `withheld`: `filter`, `grant` (none that covers it), `small` (too few people)."""

    sequence: int
    event: dict[str, Any] | None = None
    withheld: str | None = None


class FeedPage(BaseModel):
    """Numbers follow each other without a gap. Ask again with `after` = `last`; it is the one asked for if there was nothing."""

    organisation_id: str
    items: list[FeedItem]
    last: int
    newest: int
