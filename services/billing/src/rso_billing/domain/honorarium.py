"""What one specialist is owed for one case. Pay never depends on what the opinion says: no outcome is read here."""

from dataclasses import dataclass, replace
from datetime import datetime

from rso_billing.domain import ledger
from rso_billing.domain.money import Money
from rso_shared.kit.decider import Decider
from rso_shared.kit.errors import unknown
from rso_shared.kit.events import event


@event("billing.honorarium_accrued")
class HonorariumAccrued:
    case_id: str
    honorarium_id: str
    specialist_id: str
    amount: Money
    accrued_at: datetime


@event("billing.honorarium_approved")
class HonorariumApproved:
    case_id: str
    honorarium_id: str
    approved_at: datetime


@dataclass(frozen=True, slots=True)
class Honorarium:
    accrued: HonorariumAccrued | None = None
    approved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccrueHonorarium:
    case_id: str
    honorarium_id: str
    specialist_id: str
    amount: Money
    now: datetime


@dataclass(frozen=True, slots=True)
class ApproveHonorarium:
    now: datetime


HonorariumCommand = AccrueHonorarium | ApproveHonorarium
Event = HonorariumAccrued | HonorariumApproved | ledger.LedgerEntryPosted


def decide(command: HonorariumCommand, honorarium: Honorarium) -> list[Event]:
    match command:
        case AccrueHonorarium():
            return _accrue(command, honorarium)
        case ApproveHonorarium():
            return _approve(command, honorarium)


def _accrue(command: AccrueHonorarium, honorarium: Honorarium) -> list[Event]:
    if honorarium.accrued is not None:
        return []
    accrued = HonorariumAccrued(
        case_id=command.case_id,
        honorarium_id=command.honorarium_id,
        specialist_id=command.specialist_id,
        amount=command.amount,
        accrued_at=command.now,
    )
    posted = ledger.entry(
        about=command.honorarium_id,
        case_id=command.case_id,
        cause="accrual",
        debit=ledger.HONORARIA_EXPENSE,
        credit=ledger.HONORARIA_PAYABLE,
        amount=command.amount,
    )
    return [accrued, *posted]


def _approve(command: ApproveHonorarium, honorarium: Honorarium) -> list[Event]:
    if honorarium.accrued is None:
        raise unknown("honorarium_unknown", "No honorarium was accrued under this id.")
    if honorarium.approved_at is not None:
        return []
    accrued = honorarium.accrued
    return [HonorariumApproved(case_id=accrued.case_id, honorarium_id=accrued.honorarium_id, approved_at=command.now)]


def evolve(honorarium: Honorarium, happened: Event) -> Honorarium:
    match happened:
        case HonorariumAccrued():
            return replace(honorarium, accrued=happened)
        case HonorariumApproved(approved_at=approved_at):
            return replace(honorarium, approved_at=approved_at)
        case _:
            return honorarium


HONORARIUM: Decider[Honorarium, HonorariumCommand, Event] = Decider(Honorarium, decide, evolve)
