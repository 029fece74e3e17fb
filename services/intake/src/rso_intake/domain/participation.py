"""Who joined a case in person. One party per role; the second one comes by the reference number."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rso_intake.domain.person import LocalProvider
from rso_intake.domain.reference import joinable_until
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.errors import DomainError, invalid, unknown
from rso_shared.kit.events import event
from rso_shared.kit.sealed import Sealed


@event("intake.requester_linked")
class RequesterLinked:
    role: Role
    subject: str
    joined_at: datetime


@event("intake.local_provider_joined")
class LocalProviderJoined:
    subject: str
    joined_at: datetime
    contact: Sealed[LocalProvider]


@dataclass(frozen=True, slots=True)
class Parties:
    """Token subjects by role, and the contact a provider gave on joining."""

    subjects: tuple[tuple[Role, str], ...] = ()
    provider_contact: Sealed[LocalProvider] | None = None

    def subject(self, role: Role) -> str | None:
        return dict(self.subjects).get(role)

    @property
    def local_provider_joined(self) -> bool:
        return self.subject(Role.LOCAL_PROVIDER) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinCase:
    """`contact` is the provider's own; without one, the contact named at submission stands."""

    role: Role
    subject: str
    contact: LocalProvider | None = None
    now: datetime


def reference_unknown() -> DomainError:
    """One answer for a wrong, a used-up and an expired number: it must not tell which cases exist."""
    return unknown("reference_unknown", "There is no case that can be joined by this number.")


def join(
    command: JoinCase, state: Parties, *, submitted_at: datetime, person_id: str, named: LocalProvider | None
) -> Sequence[RequesterLinked | LocalProviderJoined]:
    present = state.subject(command.role)
    if present == command.subject:
        return ()
    if present is not None or command.now >= joinable_until(submitted_at):
        raise reference_unknown()
    if command.role is not Role.LOCAL_PROVIDER:
        return (RequesterLinked(role=command.role, subject=command.subject, joined_at=command.now),)
    contact = command.contact or named
    if contact is None:
        detail = "A local provider joins with a name, so that the opinion can be sent to them."
        raise invalid("local_provider_missing", detail, "/local_provider")
    sealed = Sealed(person_id, contact)
    return (LocalProviderJoined(subject=command.subject, joined_at=command.now, contact=sealed),)


def enter(state: Parties, role: Role, subject: str) -> Parties:
    """The party who submitted is in the case without joining."""
    return replace(state, subjects=(*state.subjects, (role, subject)))


def evolve(state: Parties, event: object) -> Parties:
    match event:
        case RequesterLinked(role=role, subject=subject):
            return enter(state, role, subject)
        case LocalProviderJoined(subject=subject, contact=contact):
            return replace(enter(state, Role.LOCAL_PROVIDER, subject), provider_contact=contact)
        case _:
            return state
