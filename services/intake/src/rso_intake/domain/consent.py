"""Consent to the terms: which version was accepted by whom, with the hash of the text that was shown."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rso_intake.domain.person import Evidence
from rso_shared.contracts.program import Terms
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.errors import invalid
from rso_shared.kit.events import event
from rso_shared.kit.sealed import Sealed


@event("intake.terms_accepted")
class TermsAccepted:
    terms_version: str
    text_sha256: str
    role: Role
    accepted_at: datetime
    evidence: Sealed[Evidence]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    role: Role
    terms_version: str
    accepted_at: datetime


@dataclass(frozen=True, slots=True)
class Consents:
    accepted: tuple[Accepted, ...] = ()

    def covers(self, role: Role, terms_version: str) -> bool:
        return any((given.role, given.terms_version) == (role, terms_version) for given in self.accepted)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptTerms:
    """`terms` is what the case's program version shows; `version` is what the signer says they accepted."""

    terms: Terms
    version: str
    role: Role
    evidence: Evidence
    now: datetime


def accept(command: AcceptTerms, state: Consents, person_id: str) -> Sequence[TermsAccepted]:
    if command.version != command.terms.version:
        detail = "These are not the terms of the case's program version."
        raise invalid("terms_version_not_offered", detail, "/terms_version", offered=command.terms.version)
    if state.covers(command.role, command.version):
        return ()
    accepted = TermsAccepted(
        terms_version=command.version,
        text_sha256=hashlib.sha256(command.terms.text.encode()).hexdigest(),
        role=command.role,
        accepted_at=command.now,
        evidence=Sealed(person_id, command.evidence),
    )
    return (accepted,)


def evolve(state: Consents, event: object) -> Consents:
    if not isinstance(event, TermsAccepted):
        return state
    given = Accepted(role=event.role, terms_version=event.terms_version, accepted_at=event.accepted_at)
    return replace(state, accepted=(*state.accepted, given))
