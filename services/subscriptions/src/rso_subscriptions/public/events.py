"""Public events: twelve types in three levels of detail, each combination a closed shape with an example.

Never a name, a condition, a specialty or a document. `counts` are numbers of a month, small ones hidden; `stage` has opaque keys and
days; `partner` is for the organisation that sent the case: its own reference and exact instants.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model

from rso_shared.contracts.vocabulary import Stage

MAX_WAITING = 20
"""Obligations that one event lists; `more` says how many there are besides. It keeps every event far below 16 kB."""
MAX_BYTES = 16 * 1024


class PublicType(StrEnum):
    CASE_OPENED = "case.opened"
    CASE_STAGE_CHANGED = "case.stage_changed"
    CASE_WAITING_CHANGED = "case.waiting_changed"
    CASE_PROMISE_CHANGED = "case.promise_changed"
    CASE_ON_HOLD = "case.on_hold"
    CASE_RESUMED = "case.resumed"
    CASE_DELIVERED = "case.delivered"
    CASE_ENDED = "case.ended"
    CASE_BILLABLE = "case.billable"
    COUNTS_MONTHLY = "counts.monthly"
    ENDPOINT_PAUSED = "endpoint.paused"
    ENDPOINT_TEST = "endpoint.test"


class Level(StrEnum):
    COUNTS = "counts"
    STAGE = "stage"
    PARTNER = "partner"


ENDED = frozenset({Stage.CLOSED, Stage.DECLINED, Stage.WITHDRAWN, Stage.EXPIRED})
UnderWay = Literal[
    "screening", "awaiting_authorization", "awaiting_payment", "compiling_records", "summarizing", "matching",
    "in_review", "quality_review", "ready_for_delivery",
]  # fmt: skip
Text = Annotated[str, StringConstraints(max_length=200)]
Key = Annotated[str, StringConstraints(pattern="^[cm]_[0-9a-f]{32}$")]
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Cell = Literal[0, "<11"] | Annotated[int, Field(ge=11)]
"""A number of 1 to 10 is not told."""


class Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Sponsor(Closed):
    """`external_id` is the platform's own name for the sponsor, as the grant gives it; null for the sponsor itself."""

    sponsor_id: Text
    external_id: Text | None = None


class Event(Closed):
    """What every public event has. `id` is the same however often it is sent: drop what you have seen. `sequence` counts the
    organisation's events from 1 without a gap. At level `stage` every instant is cut to its day.
    """

    id: Text
    version: Literal[1] = 1
    sequence: Annotated[int, Field(ge=0)]
    timestamp: datetime
    organisation_id: Text
    livemode: bool


class SponsorsEvent(Event):
    sponsor: Sponsor


class Member(Closed):
    """Opaque keys, the same for one case and one member of one sponsor, and of no use at any other sponsor."""

    case: Key
    member: Key


class OnDay(Member):
    on: Day


class MovedOnDay(OnDay):
    stage: UnderWay


class Reference(Closed):
    """`client_reference` is the one that the partner gave when it opened the case."""

    case_id: Text
    client_reference: Text | None = None


class Opened(Reference):
    opened_at: datetime


class Moved(Reference):
    stage: UnderWay
    entered_at: datetime


class Obligation(Closed):
    party: Text
    what: Text
    since: datetime
    due: datetime | None = None
    how_to_act: Text


class Waiting(Reference):
    waiting_on: Annotated[tuple[Obligation, ...], Field(max_length=MAX_WAITING)]
    more: Annotated[int, Field(ge=0)] = 0


class Promised(Reference):
    promised_by: datetime | None


class At(Reference):
    at: datetime


class Ended(At):
    outcome: Literal["closed", "declined", "withdrawn", "expired"]


class Month(Closed):
    """Each number counts what happened in the month, so none follows from the others."""

    month: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}$")]
    cases_opened: Cell
    opinions_delivered: Cell
    cases_ended: Cell


class Paused(Closed):
    endpoint_id: Text
    reason: Literal["failing", "gone"]
    paused_at: datetime


class Tested(Closed):
    endpoint_id: Text


SHAPES: dict[tuple[PublicType, Level | None], type[Event]] = {}
"""Every shape that ever leaves, by type and level."""


def _shape(type_: PublicType, level: Level | None, base: type[Event], data: type[Closed], does: str) -> None:
    """One closed model. Built here, so that no combination of type and level is written by hand and none is forgotten."""
    name = "".join(part.capitalize() for part in f"{type_}.{level or ''}".replace("_", ".").split("."))
    fields: dict[str, Any] = {
        "type": (Literal[type_.value], type_.value),
        "level": (Literal[level.value] if level else None, level.value if level else None),
        "data": (data, ...),
    }
    SHAPES[type_, level] = create_model(name, __base__=base, __doc__=does, __module__=__name__, **fields)


_P, _L = PublicType, Level
_shape(_P.CASE_OPENED, _L.STAGE, SponsorsEvent, OnDay, "A case was opened for a member.")
_shape(_P.CASE_STAGE_CHANGED, _L.STAGE, SponsorsEvent, MovedOnDay, "The case entered a stage.")
_shape(_P.CASE_DELIVERED, _L.STAGE, SponsorsEvent, OnDay, "The opinion was released to its recipients.")
_shape(_P.CASE_ENDED, _L.STAGE, SponsorsEvent, OnDay, "The case is over. Why is not told: every ending looks the same.")
_shape(_P.CASE_BILLABLE, _L.STAGE, SponsorsEvent, OnDay, "The sponsor's charge for the case became due.")
_shape(_P.CASE_OPENED, _L.PARTNER, Event, Opened, "The case that the partner sent is open.")
_shape(_P.CASE_STAGE_CHANGED, _L.PARTNER, Event, Moved, "The case entered a stage.")
_shape(_P.CASE_WAITING_CHANGED, _L.PARTNER, Event, Waiting, "Who is waited for now, and where it is done.")
_shape(_P.CASE_PROMISE_CHANGED, _L.PARTNER, Event, Promised, "Until when the opinion is promised; null takes it back.")
_shape(_P.CASE_ON_HOLD, _L.PARTNER, Event, At, "The case was put on hold; the API says why.")
_shape(_P.CASE_RESUMED, _L.PARTNER, Event, At, "One reason for holding the case is gone.")
_shape(_P.CASE_DELIVERED, _L.PARTNER, Event, At, "The opinion was released to its recipients.")
_shape(_P.CASE_ENDED, _L.PARTNER, Event, Ended, "The case is over.")
_shape(_P.CASE_BILLABLE, _L.PARTNER, Event, At, "The partner's charge for the case became due.")
_shape(_P.COUNTS_MONTHLY, _L.COUNTS, SponsorsEvent, Month, "One event a month. Numbers of 1 to 10 are given as `<11`.")
_shape(_P.ENDPOINT_PAUSED, None, Event, Paused, "One of the organisation's endpoints was paused; a mail says so too.")
_shape(
    _P.ENDPOINT_TEST, None, Event, Tested, "Asked for by its owner; it has no place in the feed, so its sequence is 0."
)
