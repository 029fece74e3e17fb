"""The specialist: what the directory knows, decided one command at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from rso_matching.domain.licence import Licence, day_of
from rso_matching.domain.npi import require_npi
from rso_matching.domain.specialist_events import (
    CapacityChanged,
    CredentialsVerified,
    Evidence,
    Identity,
    LicenceEnded,
    LicenceEndReason,
    LicenceNumber,
    LicenceRecorded,
    SpecialistEvent,
    SpecialistRegistered,
)
from rso_shared.contracts.vocabulary import ConditionGroup
from rso_shared.kit.decider import Decider
from rso_shared.kit.errors import DomainError, invalid, unknown
from rso_shared.kit.sealed import Sealed

DEFAULT_CAPACITY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLicence:
    """A licence as it is handed in, before it is part of an event."""

    licence_id: str
    country: str
    state: str
    valid_from: date
    valid_to: date
    number: Sealed[LicenceNumber]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterSpecialist:
    specialist_id: str
    organisation_id: str
    identity: Sealed[Identity]
    npi_fingerprint: str
    synthetic_npi_allowed: bool
    taxonomy: tuple[str, ...]
    focus: tuple[ConditionGroup, ...]
    languages: tuple[str, ...]
    capacity: int
    affiliations: tuple[str, ...]
    licences: tuple[NewLicence, ...]
    verified_on: date | None
    evidence: tuple[Evidence, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLicence:
    licence: NewLicence


@dataclass(frozen=True, slots=True, kw_only=True)
class EndLicence:
    licence_id: str
    last_day: date
    reason: LicenceEndReason


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyCredentials:
    verified_on: date
    evidence: tuple[Evidence, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeCapacity:
    capacity: int


SpecialistCommand = RegisterSpecialist | RecordLicence | EndLicence | VerifyCredentials | ChangeCapacity


@dataclass(frozen=True, slots=True, kw_only=True)
class Specialist:
    """The present of one specialist. `version` counts its events, so a decision can say which profile it saw."""

    specialist_id: str = ""
    organisation_id: str = ""
    version: int = 0
    taxonomy: tuple[str, ...] = ()
    focus: tuple[ConditionGroup, ...] = ()
    languages: tuple[str, ...] = ()
    capacity: int = DEFAULT_CAPACITY
    affiliations: tuple[str, ...] = ()
    licences: tuple[Licence, ...] = ()
    verified_on: date | None = None
    identity: Sealed[Identity] | None = None

    def licence(self, licence_id: str) -> Licence | None:
        return next((licence for licence in self.licences if licence.licence_id == licence_id), None)


def decide(command: SpecialistCommand, state: Specialist) -> Sequence[SpecialistEvent]:
    if isinstance(command, RegisterSpecialist):
        return _register(command, state)
    if not state.version:
        raise unknown("specialist_unknown", "No specialist of that id is in the directory.")
    match command:
        case RecordLicence():
            return _record_licence(command, state)
        case EndLicence():
            return _end_licence(command, state)
        case VerifyCredentials():
            return _verify(command, state)
        case ChangeCapacity(capacity=capacity):
            return () if capacity == state.capacity else (_capacity(state.specialist_id, capacity),)


def _register(command: RegisterSpecialist, state: Specialist) -> Sequence[SpecialistEvent]:
    if state.version:
        raise DomainError("specialist_already_registered", "This specialist is in the directory already.")
    require_npi(command.identity.open().npi, synthetic_allowed=command.synthetic_npi_allowed)
    registered = SpecialistRegistered(
        specialist_id=command.specialist_id,
        organisation_id=command.organisation_id,
        taxonomy=command.taxonomy,
        focus=command.focus,
        languages=command.languages,
        capacity=_require_capacity(command.capacity),
        affiliations=command.affiliations,
        npi_fingerprint=command.npi_fingerprint,
        identity=command.identity,
    )
    licences = [_licence_event(command.specialist_id, licence) for licence in command.licences]
    return (registered, *licences, *_first_verification(command))


def _first_verification(command: RegisterSpecialist) -> Sequence[SpecialistEvent]:
    if command.verified_on is None:
        return ()
    return (_verification(command.specialist_id, command.verified_on, command.evidence, command.at),)


def _record_licence(command: RecordLicence, state: Specialist) -> Sequence[SpecialistEvent]:
    if state.licence(command.licence.licence_id):
        return ()
    return (_licence_event(state.specialist_id, command.licence),)


def _licence_event(specialist_id: str, licence: NewLicence) -> LicenceRecorded:
    if licence.valid_to < licence.valid_from:
        raise invalid("licence_dates_reversed", "A licence ends on or after the day it begins.", "/valid_to")
    return LicenceRecorded(
        specialist_id=specialist_id,
        licence_id=licence.licence_id,
        country=licence.country,
        state=licence.state,
        valid_from=licence.valid_from,
        valid_to=licence.valid_to,
        number=licence.number,
    )


def _end_licence(command: EndLicence, state: Specialist) -> Sequence[SpecialistEvent]:
    licence = state.licence(command.licence_id)
    if licence is None:
        raise unknown("licence_unknown", "The specialist has no licence of that id.")
    if command.last_day == licence.valid_to:
        return ()
    if command.last_day > licence.valid_to:
        raise invalid("licence_not_extended", "An ending may not lengthen a licence; record the renewal.", "/last_day")
    return (
        LicenceEnded(
            specialist_id=state.specialist_id,
            licence_id=command.licence_id,
            last_day=command.last_day,
            reason=command.reason,
        ),
    )


def _verify(command: VerifyCredentials, state: Specialist) -> Sequence[SpecialistEvent]:
    if state.verified_on is not None and command.verified_on < state.verified_on:
        raise DomainError("verification_superseded", "A later verification of these credentials stands already.")
    return (_verification(state.specialist_id, command.verified_on, command.evidence, command.at),)


def _verification(
    specialist_id: str, verified_on: date, evidence: tuple[Evidence, ...], at: datetime
) -> CredentialsVerified:
    # A day ahead of UTC is still today somewhere east of it; more than that is a mistake.
    if verified_on > day_of(at) + timedelta(days=1):
        raise invalid("verified_in_future", "Credentials cannot have been verified after today.", "/verified_on")
    return CredentialsVerified(specialist_id=specialist_id, verified_on=verified_on, evidence=evidence)


def _capacity(specialist_id: str, capacity: int) -> CapacityChanged:
    return CapacityChanged(specialist_id=specialist_id, capacity=_require_capacity(capacity))


def _require_capacity(capacity: int) -> int:
    if capacity < 0:
        raise invalid("capacity_negative", "Capacity is the number of cases at once: 0 (a pause) or more.", "/capacity")
    return capacity


def evolve(state: Specialist, event: object) -> Specialist:
    return replace(_evolve(state, event), version=state.version + 1)


def _evolve(state: Specialist, event: object) -> Specialist:
    match event:
        case SpecialistRegistered():
            return _registered(event)
        case LicenceRecorded():
            licence = Licence(event.licence_id, event.country, event.state, event.valid_from, event.valid_to)
            return replace(state, licences=(*state.licences, licence))
        case LicenceEnded():
            return replace(state, licences=tuple(_ended(licence, event) for licence in state.licences))
        case CredentialsVerified():
            return replace(state, verified_on=event.verified_on)
        case CapacityChanged():
            return replace(state, capacity=event.capacity)
        case _:
            return state


def _registered(event: SpecialistRegistered) -> Specialist:
    return Specialist(
        specialist_id=event.specialist_id,
        organisation_id=event.organisation_id,
        taxonomy=event.taxonomy,
        focus=event.focus,
        languages=event.languages,
        capacity=event.capacity,
        affiliations=event.affiliations,
        identity=event.identity,
    )


def _ended(licence: Licence, event: LicenceEnded) -> Licence:
    return replace(licence, valid_to=event.last_day) if licence.licence_id == event.licence_id else licence


SPECIALIST: Decider[Specialist, SpecialistCommand, SpecialistEvent] = Decider(Specialist, decide, evolve)
