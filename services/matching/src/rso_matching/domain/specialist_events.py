"""What is recorded about a specialist. Name, address, NPI and licence numbers are sealed; the person's id is the specialist's."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from rso_shared.contracts.vocabulary import ConditionGroup
from rso_shared.kit.events import event
from rso_shared.kit.sealed import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the specialist is: given and family name as the report prints them, mail address, NPI."""

    given: str
    family: str
    email: str
    npi: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceNumber:
    number: str


class Evidence(StrEnum):
    """What a verification looked at."""

    LICENCE_PRIMARY_SOURCE = "licence_primary_source"
    BOARD_CERTIFICATION = "board_certification"
    DISCIPLINE_CHECK = "discipline_check"
    MALPRACTICE_HISTORY = "malpractice_history"


class LicenceEndReason(StrEnum):
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    SURRENDERED = "surrendered"
    RECORDED_IN_ERROR = "recorded_in_error"


@event("matching.specialist_registered", version=1)
class SpecialistRegistered:
    """`npi_fingerprint` is an HMAC under the service's key: it finds a second registration and tells nothing else."""

    specialist_id: str
    organisation_id: str
    taxonomy: tuple[str, ...]
    focus: tuple[ConditionGroup, ...]
    languages: tuple[str, ...]
    capacity: int
    affiliations: tuple[str, ...]
    npi_fingerprint: str
    identity: Sealed[Identity]


@event("matching.licence_recorded", version=1)
class LicenceRecorded:
    specialist_id: str
    licence_id: str
    country: str
    state: str
    valid_from: date
    valid_to: date
    number: Sealed[LicenceNumber]


@event("matching.licence_ended", version=1)
class LicenceEnded:
    """A board took the licence back before its date; `last_day` is the last day on which it held."""

    specialist_id: str
    licence_id: str
    last_day: date
    reason: LicenceEndReason


@event("matching.credentials_verified", version=1)
class CredentialsVerified:
    specialist_id: str
    verified_on: date
    evidence: tuple[Evidence, ...]


@event("matching.capacity_changed", version=1)
class CapacityChanged:
    """How many cases at once; 0 is a pause."""

    specialist_id: str
    capacity: int


SpecialistEvent = SpecialistRegistered | LicenceRecorded | LicenceEnded | CredentialsVerified | CapacityChanged
