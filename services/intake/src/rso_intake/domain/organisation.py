"""Organisations: operator, partners, sponsors, platforms, facilities. Their names name no person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rso_shared.kit.decider import Decider
from rso_shared.kit.errors import DomainError
from rso_shared.kit.events import event


class OrganisationKind(StrEnum):
    OPERATOR = "operator"
    PARTNER = "partner"
    SPONSOR = "sponsor"
    PLATFORM = "platform"
    FACILITY = "facility"


@event("intake.organisation_registered")
class OrganisationRegistered:
    organisation_id: str
    kind: OrganisationKind
    name: str
    state: str | None
    registered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    organisation_id: str
    kind: OrganisationKind
    name: str
    state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterOrganisation:
    organisation: Organisation
    now: datetime


def decide(command: RegisterOrganisation, state: Organisation | None) -> Sequence[OrganisationRegistered]:
    wanted = command.organisation
    if state == wanted:
        return ()
    if state is not None:
        detail = "An organisation with this id is registered and reads differently."
        raise DomainError("organisation_exists", detail, organisation_id=wanted.organisation_id)
    registered = OrganisationRegistered(
        organisation_id=wanted.organisation_id,
        kind=wanted.kind,
        name=wanted.name,
        state=wanted.state,
        registered_at=command.now,
    )
    return (registered,)


def evolve(state: Organisation | None, event: object) -> Organisation | None:
    if not isinstance(event, OrganisationRegistered):
        return state
    return Organisation(organisation_id=event.organisation_id, kind=event.kind, name=event.name, state=event.state)


ORGANISATION: Decider[Organisation | None, RegisterOrganisation, OrganisationRegistered] = Decider(
    lambda: None, decide, evolve
)
