"""Internal fact -> public event. Pure, and by name: what is not named here leaves by no way, whatever a fact may carry one day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rso_shared.contracts.base import FactModel
from rso_shared.contracts.billing import ChargeCaptured
from rso_shared.contracts.coordinator import PromiseChanged, StageEntered, WaitingChanged, WaitingOn
from rso_shared.contracts.intake import CaseHeld, CaseResumed, CaseSubmitted
from rso_shared.contracts.vocabulary import CoverageRoute, Stage
from rso_subscriptions.public.events import ENDED, MAX_WAITING, SHAPES, Event, Level, PublicType, Sponsor

HEARD: tuple[type[FactModel], ...] = (
    CaseSubmitted, StageEntered, WaitingChanged, PromiseChanged, CaseHeld, CaseResumed, ChargeCaptured,
)  # fmt: skip
Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Happening:
    """What a fact means outside. `of_partner` is what the partner hears beside its reference; `of_sponsor` what the sponsor hears
    beside keys and day, or None if it hears nothing of it.
    """

    type: PublicType
    at: datetime
    of_partner: Mapping[str, Any]
    of_sponsor: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """What stands around the data, whoever hears it."""

    id: str
    sequence: int
    organisation_id: str
    livemode: bool
    sponsor: Sponsor | None = None


def happening(fact: FactModel, recorded_at: datetime) -> Happening | None:
    """None for what no one outside hears of. `recorded_at` is for facts that carry no instant of their own."""
    match fact:
        case CaseSubmitted(submitted_at=at):
            return Happening(PublicType.CASE_OPENED, at, {"opened_at": at}, {})
        case StageEntered(stage=stage, entered_at=at):
            return _moved(stage, at)
    told = _noted(fact, recorded_at)
    return None if told is None else Happening(told[0], recorded_at, *told[1:])


def _noted(fact: FactModel, at: datetime) -> tuple[Any, ...] | None:
    """Type, what the partner hears, and what the sponsor hears if it hears of it."""
    told: tuple[Any, ...] | None = None
    match fact:
        case WaitingChanged(waiting_on=waiting_on):
            told = PublicType.CASE_WAITING_CHANGED, _waiting(waiting_on)
        case PromiseChanged(promised_by=promised_by):
            told = PublicType.CASE_PROMISE_CHANGED, {"promised_by": promised_by}
        case CaseHeld():
            told = PublicType.CASE_ON_HOLD, {"at": at}
        case CaseResumed():
            told = PublicType.CASE_RESUMED, {"at": at}
        case ChargeCaptured():
            told = PublicType.CASE_BILLABLE, {"at": at}, {}
    return told


def _moved(stage: Stage, at: datetime) -> Happening | None:
    """A sponsor hears that a case ended, and not how."""
    if stage is Stage.SUBMITTED:
        return None
    if stage is Stage.DELIVERED:
        return Happening(PublicType.CASE_DELIVERED, at, {"at": at}, {})
    if stage in ENDED:
        return Happening(PublicType.CASE_ENDED, at, {"at": at, "outcome": stage.value}, {})
    moved = {"stage": stage.value}
    return Happening(PublicType.CASE_STAGE_CHANGED, at, {**moved, "entered_at": at}, moved)


def _waiting(waiting_on: tuple[WaitingOn, ...]) -> Data:
    told = [
        {"party": each.party, "what": each.what, "since": each.since, "due": each.due, "how_to_act": each.how_to_act}
        for each in waiting_on[:MAX_WAITING]
    ]
    return {"waiting_on": told, "more": len(waiting_on) - len(told)}


def pays(case: CaseSubmitted) -> Level | None:
    """Who is charged for the case, as the level at which it hears: nobody else is told that it is billable."""
    payers = {CoverageRoute.EMPLOYER_PER_CASE: Level.STAGE, CoverageRoute.PARTNER_INVOICE: Level.PARTNER}
    return payers.get(case.coverage_route)


def for_partner(told: Happening, case: CaseSubmitted, envelope: Envelope) -> Event:
    data = {"case_id": case.case_id, "client_reference": case.client_reference, **told.of_partner}
    return shaped(told.type, Level.PARTNER, envelope, told.at, data)


def for_sponsor(told: Happening, case_key: str, member_key: str, envelope: Envelope) -> Event:
    day = told.at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    data = {"case": case_key, "member": member_key, "on": f"{day:%Y-%m-%d}", **(told.of_sponsor or {})}
    return shaped(told.type, Level.STAGE, envelope, day, data)


def shaped(type_: PublicType, level: Level | None, envelope: Envelope, at: datetime, data: Data) -> Event:
    around: Data = {
        "id": envelope.id,
        "sequence": envelope.sequence,
        "organisation_id": envelope.organisation_id,
        "livemode": envelope.livemode,
        "timestamp": at,
        "data": data,
    }
    if envelope.sponsor is not None:
        around["sponsor"] = envelope.sponsor
    return SHAPES[type_, level].model_validate(around)
