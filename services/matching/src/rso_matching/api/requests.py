"""What may be sent: request models, field by field. Unknown fields are refused."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from rso_matching.domain.matching_events import ReleaseReason
from rso_matching.domain.specialist import DEFAULT_CAPACITY
from rso_matching.domain.specialist_events import Evidence, LicenceEndReason
from rso_shared.contracts.vocabulary import ConditionGroup, OfferDeclineReason

Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")
]
Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s\"<>,;]+@[^@\s\"<>,;]+$")]
Country = Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")]
State = Annotated[str, StringConstraints(pattern="^[A-Z0-9]{1,3}$")]
Taxonomy = Annotated[str, StringConstraints(pattern="^[0-9A-Z]{9}X$")]
Language = Annotated[str, StringConstraints(pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$", max_length=35)]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")]
Key = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")]


def example(value: dict[str, Any]) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [value]})


_LICENCE = {"country": "US", "state": "MA", "number": "234567", "valid_from": "2020-01-01", "valid_to": "2027-12-31"}
_SPECIALIST = {
    "given": "Specialist",
    "family": "0001",
    "email": "specialist0001@example.org",
    "npi": "1234567893",
    "taxonomy": ["207RX0202X"],
    "focus": ["breast_cancer"],
    "languages": ["en"],
    "capacity": 3,
    "affiliations": [],
    "licences": [_LICENCE],
    "credentials_verified_on": "2026-01-15",
    "evidence": ["licence_primary_source", "board_certification"],
}


class NewLicence(BaseModel):
    """One jurisdiction's licence; `valid_to` is its last day, by UTC. The number is kept sealed."""

    model_config = example(_LICENCE)
    country: Country
    state: State
    number: Line
    valid_from: date
    valid_to: date


class LicenceEnding(BaseModel):
    model_config = example({"last_day": "2026-11-01", "reason": "revoked"})
    last_day: date
    reason: LicenceEndReason


class CredentialVerification(BaseModel):
    model_config = example({"verified_on": "2026-01-15", "evidence": ["discipline_check"]})
    verified_on: date
    evidence: list[Evidence] = Field(min_length=1, max_length=10)


class NewCapacity(BaseModel):
    """How many cases at once; 0 is a pause."""

    model_config = example({"capacity": 3})
    capacity: int = Field(ge=0, le=100)


class NewSpecialist(BaseModel):
    """`taxonomy` are NUCC codes; `affiliations` ids of organisations and facilities. Name, mail and NPI are kept sealed."""

    model_config = example(_SPECIALIST)
    given: Line
    family: Line
    email: Email
    npi: Annotated[str, StringConstraints(max_length=10)]
    taxonomy: list[Taxonomy] = Field(min_length=1, max_length=15)
    focus: list[ConditionGroup] = Field(min_length=1, max_length=len(ConditionGroup))
    languages: list[Language] = Field(min_length=1, max_length=20)
    capacity: int = Field(default=DEFAULT_CAPACITY, ge=0, le=100)
    affiliations: list[Id] = Field(default_factory=list, max_length=50)
    licences: list[NewLicence] = Field(default_factory=list, max_length=80)
    credentials_verified_on: date | None = None
    evidence: list[Evidence] = Field(default_factory=list, max_length=10)


class SpecialistBatch(BaseModel):
    """Up to 250 specialists in one transaction: all are registered, or none."""

    model_config = example({"specialists": [_SPECIALIST]})
    specialists: list[NewSpecialist] = Field(min_length=1, max_length=250)


class Attestation(BaseModel):
    """The answer to the statement that the offer shows, under the version it shows."""

    model_config = example({"conflict": False, "statement_version": "2026-11-01"})
    conflict: bool
    statement_version: str = Field(max_length=32)


class Acceptance(BaseModel):
    model_config = example({})


class OfferRefusal(BaseModel):
    model_config = example({"reason": "no_capacity"})
    reason: OfferDeclineReason


class StaffReleaseReason(StrEnum):
    CONFLICT_DISCOVERED = ReleaseReason.CONFLICT_DISCOVERED.value
    SPECIALIST_UNAVAILABLE = ReleaseReason.SPECIALIST_UNAVAILABLE.value
    LICENSURE = ReleaseReason.LICENSURE.value
    OVERDUE = ReleaseReason.OVERDUE.value


class AssignmentRelease(BaseModel):
    model_config = example({"reason": "conflict_discovered"})
    reason: StaffReleaseReason


class NextOffer(BaseModel):
    """`n`, if given, numbers the requests of the case from 1 (backups by themselves): the same `n` again changes nothing."""

    model_config = example({"backup": False, "n": 1})
    n: int | None = Field(default=None, ge=1, le=1000)
    backup: bool = False


class Lapse(BaseModel):
    model_config = example({"due": "2026-11-23T21:00:00Z"})
    due: AwareDatetime


class StopReason(StrEnum):
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    CLOSED = "closed"


class Stop(BaseModel):
    model_config = example({"reason": "withdrawn"})
    reason: StopReason = StopReason.WITHDRAWN


class Notice(BaseModel):
    """`template` names a mail text; the same `key` again asks for nothing new."""

    model_config = example({"specialist_id": "…", "template": "review_heads_up", "key": "review/75"})
    specialist_id: Id
    template: Code
    key: Key
