"""The timeline: every fact of every service about one case, in one list."""

from datetime import datetime
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from rso_operations.sentences import sentence
from rso_shared.contracts.base import FactModel
from rso_shared.contracts.billing import HonorariumAccrued, HonorariumApproved
from rso_shared.contracts.coordinator import PromiseChanged, StageEntered, WaitingChanged, WaitingOn
from rso_shared.contracts.intake import CaseSubmitted
from rso_shared.contracts.permissions import Reach
from rso_shared.contracts.vocabulary import Stage
from rso_shared.kit import facts
from rso_shared.kit.facts import Fact
from rso_shared.kit.web.as_of import AsOf
from rso_shared.kit.web.call import PUBLIC, Call, permitted

F = TypeVar("F", bound=FactModel)

router = APIRouter(tags=["operations"])
PAY_FACTS = (HonorariumAccrued, HonorariumApproved)
"""Only for those who may read what specialists are paid."""
STAFF_ONLY_FIELDS = frozenset({"diagnosis_effect", "treatment_effect"})
"""What the opinion says reaches its readers by its release, never by the timeline."""


class Entry(BaseModel):
    """One fact: when its service recorded it, one sentence for people, and the fact itself."""

    at: datetime
    service: str
    type: str
    text: str
    data: dict[str, Any]


class Timeline(BaseModel):
    """`stage` and the rest of the header are as they stood at `as_of`."""

    case_id: str
    as_of: datetime
    reference_last_four: str | None
    client_reference: str | None
    stage: Stage
    stage_since: datetime | None
    waiting_on: tuple[WaitingOn, ...]
    promised_by: datetime | None
    facts: list[Entry]


@router.get("/v1/cases/{case_id}/timeline", summary="Everything that happened to a case, in order", **PUBLIC)
def timeline(case_id: str, call: Annotated[Call, Depends(permitted("timeline.read"))], as_of: AsOf) -> Timeline:
    """Ordered by the time of recording, then by arrival here. Names nobody."""
    with call.read() as tx:
        known = facts.all_of(tx, case_id, as_of=as_of)
    known.sort(key=lambda fact: fact.time)
    submitted, entered = _last(known, CaseSubmitted), _last(known, StageEntered)
    waiting, promise = _last(known, WaitingChanged), _last(known, PromiseChanged)
    staff = call.principal.reach(call.permission) is Reach.ANY
    pay = call.principal.may("specialist_pay.read")
    return Timeline(
        case_id=case_id,
        as_of=as_of or call.now,
        reference_last_four=submitted.reference_last_four if submitted else None,
        client_reference=submitted.client_reference if submitted else None,
        stage=entered.stage if entered else Stage.SUBMITTED,
        stage_since=entered.entered_at if entered else None,
        waiting_on=waiting.waiting_on if waiting else (),
        promised_by=promise.promised_by if promise else None,
        facts=[_entry(fact, staff=staff) for fact in known if pay or not isinstance(fact.data, PAY_FACTS)],
    )


def _last(known: list[Fact], model: type[F]) -> F | None:
    return next((fact.data for fact in reversed(known) if isinstance(fact.data, model)), None)


def _entry(fact: Fact, *, staff: bool) -> Entry:
    """`access` is left out: it holds the sign-in names of the parties."""
    withheld = {"access", "case_id"} | (set() if staff else STAFF_ONLY_FIELDS)
    service, _, name = fact.data.TYPE.partition(".")
    return Entry(
        at=fact.time,
        service=service,
        type=name,
        text=sentence(fact.data),
        data=fact.data.model_dump(mode="json", exclude=withheld),
    )
