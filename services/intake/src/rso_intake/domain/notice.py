"""Who is written to. A notice goes to a role; the address is looked up in the case at that moment."""

from dataclasses import dataclass

from rso_intake.domain.case import Case
from rso_intake.domain.person import HumanName
from rso_shared.contracts.vocabulary import Role

MAILABLE = (Role.PATIENT, Role.LEGAL_REPRESENTATIVE, Role.LOCAL_PROVIDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    name: str
    email: str


def recipient(case: Case, role: Role) -> Recipient | None:
    """The role's own address, or None. For a minor, and for a patient without mail, the representative is written to."""
    details = case.details()
    match role:
        case Role.LOCAL_PROVIDER:
            provider = case.local_provider()
            return _reachable(provider.name, provider.email) if provider else None
        case Role.LEGAL_REPRESENTATIVE:
            representative = details.representative
            return _reachable(representative.name, representative.email) if representative else None
        case Role.PATIENT:
            own = None if case.submitted.minor else _reachable(details.person.name, details.person.email)
            return own or recipient(case, Role.LEGAL_REPRESENTATIVE)
        case _:
            return None


def _reachable(name: HumanName, email: str | None) -> Recipient | None:
    return Recipient(name=name.full(), email=email) if email else None
