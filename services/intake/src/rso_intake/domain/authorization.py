"""The patient's permission to collect and disclose (45 CFR 164.508): requested, signed, revoked; it ends by its date."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from rso_intake.domain.person import Evidence, Remark
from rso_intake.domain.statement import STATEMENT_VERSION
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.errors import DomainError, forbidden, invalid, unknown
from rso_shared.kit.events import event
from rso_shared.kit.sealed import Sealed

VALID_FOR = timedelta(days=365)


class AuthorizationStatus(StrEnum):
    REQUESTED = "requested"
    IN_FORCE = "in_force"
    EXPIRED = "expired"
    REVOKED = "revoked"


@event("intake.authorization_requested")
class AuthorizationRequested:
    authorization_id: str
    requested_at: datetime


@event("intake.authorization_signed")
class AuthorizationSigned:
    authorization_id: str
    statement_version: str
    role: Role
    signed_at: datetime
    expires_on: date
    evidence: Sealed[Evidence]


@event("intake.authorization_revoked")
class AuthorizationRevoked:
    authorization_id: str
    revoked_at: datetime
    remark: Sealed[Remark]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    authorization_id: str
    requested_at: datetime
    statement_version: str | None = None
    signed_by: Role | None = None
    signed_at: datetime | None = None
    expires_on: date | None = None
    revoked_at: datetime | None = None

    def status(self, at: datetime) -> AuthorizationStatus:
        if self.revoked_at is not None:
            return AuthorizationStatus.REVOKED
        if self.expires_on is None:
            return AuthorizationStatus.REQUESTED
        return AuthorizationStatus.EXPIRED if at.date() >= self.expires_on else AuthorizationStatus.IN_FORCE


@dataclass(frozen=True, slots=True)
class Authorizations:
    items: tuple[Authorization, ...] = ()

    @property
    def current(self) -> Authorization | None:
        return self.items[-1] if self.items else None

    def in_force(self, at: datetime) -> bool:
        return any(item.status(at) is AuthorizationStatus.IN_FORCE for item in self.items)

    def find(self, authorization_id: str) -> Authorization:
        found = next((item for item in self.items if item.authorization_id == authorization_id), None)
        if found is None:
            raise unknown("authorization_unknown", "The case has no such authorization.")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAuthorization:
    authorization_id: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignAuthorization:
    authorization_id: str
    statement_version: str
    role: Role
    evidence: Evidence
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeAuthorization:
    authorization_id: str
    remark: str | None = None
    now: datetime


def request(command: RequestAuthorization, state: Authorizations) -> Sequence[AuthorizationRequested]:
    """One open or valid authorization is enough; after a revocation or the end of its term a new one is asked for."""
    waiting = {AuthorizationStatus.REQUESTED, AuthorizationStatus.IN_FORCE}
    if state.current and state.current.status(command.now) in waiting:
        return ()
    return (AuthorizationRequested(authorization_id=command.authorization_id, requested_at=command.now),)


def sign(
    command: SignAuthorization, state: Authorizations, *, person_id: str, minor: bool
) -> Sequence[AuthorizationSigned]:
    authorization = state.find(command.authorization_id)
    if authorization.revoked_at is not None:
        raise DomainError("authorization_revoked", "This authorization was revoked; a new one must be requested.")
    if authorization.signed_at is not None:
        return ()
    if minor and command.role is not Role.LEGAL_REPRESENTATIVE:
        raise forbidden("guardian_must_sign", "For a minor the legal representative signs.")
    if command.statement_version != STATEMENT_VERSION:
        detail = "This is not the text that is to be signed now; show the present one."
        raise invalid("statement_version_not_offered", detail, "/statement_version", offered=STATEMENT_VERSION)
    signed = AuthorizationSigned(
        authorization_id=command.authorization_id,
        statement_version=command.statement_version,
        role=command.role,
        signed_at=command.now,
        expires_on=(command.now + VALID_FOR).date(),
        evidence=Sealed(person_id, command.evidence),
    )
    return (signed,)


def revoke(command: RevokeAuthorization, state: Authorizations, person_id: str) -> Sequence[AuthorizationRevoked]:
    authorization = state.find(command.authorization_id)
    if authorization.revoked_at is not None:
        return ()
    if authorization.signed_at is None:
        raise DomainError("authorization_not_signed", "Nobody has signed this authorization yet.")
    revoked = AuthorizationRevoked(
        authorization_id=command.authorization_id,
        revoked_at=command.now,
        remark=Sealed(person_id, Remark(text=command.remark)),
    )
    return (revoked,)


def evolve(state: Authorizations, event: object) -> Authorizations:
    match event:
        case AuthorizationRequested(authorization_id=key, requested_at=at):
            return Authorizations((*state.items, Authorization(authorization_id=key, requested_at=at)))
        case AuthorizationSigned():
            return _changed(
                state,
                event.authorization_id,
                statement_version=event.statement_version,
                signed_by=event.role,
                signed_at=event.signed_at,
                expires_on=event.expires_on,
            )
        case AuthorizationRevoked(authorization_id=key, revoked_at=at):
            return _changed(state, key, revoked_at=at)
        case _:
            return state


def _changed(state: Authorizations, authorization_id: str, **changes: object) -> Authorizations:
    items = tuple(
        replace(item, **changes) if item.authorization_id == authorization_id else item  # type: ignore[arg-type]
        for item in state.items
    )
    return Authorizations(items)
