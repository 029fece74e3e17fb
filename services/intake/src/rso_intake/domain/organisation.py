"""Organisations: operator, partners, sponsors, platforms, facilities. Their names name no person."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from rso_shared.kit.decider import Decider
from rso_shared.kit.errors import DomainError, invalid, unknown
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


@event("intake.covered_lives_stated")
class CoveredLivesStated:
    organisation_id: str
    covered_lives: int
    stated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """`covered_lives`: how many people a sponsor's programs are open to, where it is known."""

    organisation_id: str
    kind: OrganisationKind
    name: str
    state: str | None = None
    covered_lives: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterOrganisation:
    organisation: Organisation
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCoveredLives:
    covered_lives: int
    now: datetime


Command = RegisterOrganisation | StateCoveredLives
Happened = OrganisationRegistered | CoveredLivesStated


def decide(command: Command, state: Organisation | None) -> Sequence[Happened]:
    if isinstance(command, StateCoveredLives):
        return _stated(command, state)
    wanted = command.organisation
    if state is not None and replace(state, covered_lives=None) == wanted:
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


def _stated(command: StateCoveredLives, state: Organisation | None) -> Sequence[CoveredLivesStated]:
    """The newest number counts; the same one again says nothing new."""
    if state is None:
        raise unknown("organisation_unknown", "There is no such organisation.")
    if state.kind is not OrganisationKind.SPONSOR:
        raise invalid("not_a_sponsor", "Only a sponsor has covered lives.")
    if state.covered_lives == command.covered_lives:
        return ()
    stated = CoveredLivesStated(
        organisation_id=state.organisation_id, covered_lives=command.covered_lives, stated_at=command.now
    )
    return (stated,)


def evolve(state: Organisation | None, event: object) -> Organisation | None:
    if isinstance(event, CoveredLivesStated) and state is not None:
        return replace(state, covered_lives=event.covered_lives)
    if not isinstance(event, OrganisationRegistered):
        return state
    return Organisation(organisation_id=event.organisation_id, kind=event.kind, name=event.name, state=event.state)


ORGANISATION: Decider[Organisation | None, Command, Happened] = Decider(lambda: None, decide, evolve)
