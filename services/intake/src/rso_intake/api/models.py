"""Request models: what may be sent, field by field. Unknown fields are refused."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, StringConstraints

from rso_intake.domain import person as domain
from rso_shared.contracts.vocabulary import ConditionGroup, Priority, RequesterRelation

_ONE_LINE = r"^[^\x00-\x1f\x7f]+$"

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_ONE_LINE)]
Prose = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9._:/-]+$")]
Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s\"<>,;]+@[^@\s\"<>,;]+$")]
Country = Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")]
State = Annotated[str, StringConstraints(pattern="^[A-Z0-9]{1,3}$")]
Language = Annotated[str, StringConstraints(pattern="^[a-z]{2,3}(-[A-Z]{2})?$")]
ClientReference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]


def _plain_answers(value: object) -> object:
    """Refused as a whole: a problem that named the member would repeat what somebody typed as its name."""
    if isinstance(value, dict) and not all(isinstance(answer, bool) for answer in value.values()):
        raise ValueError("every answer is true or false")
    return value


Answers = Annotated[dict[str, bool], BeforeValidator(_plain_answers)]


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Name(Request):
    given: list[Line] = Field(default_factory=list, max_length=10)
    family: Line

    def value(self) -> domain.HumanName:
        return domain.HumanName(given=tuple(self.given), family=self.family)


class Address(Request):
    """Country and state are required; the county only where a rule of the program or the law asks for it."""

    line: Line | None = None
    city: Line | None = None
    county: Line | None = None
    postal_code: Line | None = None
    state: State
    country: Country

    def value(self) -> domain.Address:
        return domain.Address(line=self.line, city=self.city, county=self.county, postal_code=self.postal_code)


class Identifier(Request):
    """Unique within `assigning_authority`: an OID, a URL or a name that the sender always spells the same way."""

    kind: Code = "record_number"
    assigning_authority: Line
    value: Line


class Patient(Request):
    name: Name
    birth_date: date
    sex: Line | None = None
    phones: list[Line] = Field(default_factory=list, max_length=10)
    email: Email | None = None
    address: Address
    identifiers: list[Identifier] = Field(default_factory=list, max_length=20)

    def person(self) -> domain.Person:
        identifiers = tuple(
            domain.Identifier(kind=each.kind, assigning_authority=each.assigning_authority, value=each.value)
            for each in self.identifiers
        )
        return domain.Person(
            name=self.name.value(),
            birth_date=self.birth_date,
            sex=self.sex,
            phones=tuple(self.phones),
            email=self.email,
            address=self.address.value(),
            identifiers=identifiers,
        )


class LegalRepresentative(Request):
    name: Name
    relationship: Line
    email: Email | None = None
    phone: Line | None = None

    def value(self) -> domain.LegalRepresentative:
        return domain.LegalRepresentative(
            name=self.name.value(), relationship=self.relationship, email=self.email, phone=self.phone
        )


class LocalProvider(Request):
    name: Name
    email: Email | None = None
    phone: Line | None = None
    practice: Line | None = None

    def value(self) -> domain.LocalProvider:
        return domain.LocalProvider(name=self.name.value(), email=self.email, phone=self.phone, practice=self.practice)


class Coding(Request):
    """`system`: http://hl7.org/fhir/sid/icd-10-cm (preferred), http://snomed.info/sct, or another URI."""

    system: Line
    code: Line
    display: Line | None = None


class Condition(Request):
    codings: list[Coding] = Field(default_factory=list, max_length=20)
    text: Prose | None = None

    def value(self) -> domain.Condition:
        codings = tuple(
            domain.Coding(system=each.system, code=each.code, display=each.display) for each in self.codings
        )
        return domain.Condition(codings=codings, text=self.text)


class NewQuestion(Request):
    text: Prose


class Signature(Request):
    """A signature by typed name. `relation` says in which relation to the patient: self, parent, guardian, ..."""

    typed_name: Line
    relation: Line = "self"


class TermsSignature(Signature):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"typed_name": "Jane Sample", "terms_version": "patient-2026-01"}]},
    )

    terms_version: Line


EXAMPLE: dict[str, JsonValue] = {
    "program_id": "direct-cancer",
    "client_reference": "order-2026-0117",
    "patient": {
        "name": {"given": ["Jane", "Q."], "family": "Sample"},
        "birth_date": "1970-06-01",
        "sex": "female",
        "email": "jane.sample@example.org",
        "address": {"line": "1 Sample Street", "city": "Boston", "state": "MA", "country": "US"},
        "identifiers": [{"kind": "record_number", "assigning_authority": "urn:oid:2.999.1", "value": "0001"}],
    },
    "condition": {"codings": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C50.911"}]},
    "questions": [{"text": "Is chemotherapy needed with this profile?"}],
    "red_flag_answers": {
        "emergency": False,
        "inpatient": False,
        "litigation": False,
        "no_first_opinion": False,
        "ongoing_care": False,
    },
}


class Submission(Request):
    """A request for a second opinion. `red_flag_answers` answers every red-flag question of the program."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    program_id: Code
    program_version: int | None = Field(default=None, description="If given, it must be the version in force")
    requester_relation: RequesterRelation | None = None
    client_reference: ClientReference | None = Field(
        default=None, description="Yours, echoed everywhere; it must not identify the patient"
    )
    placer_order_number: Line | None = None
    sponsor_id: Code | None = None
    patient: Patient
    legal_representative: LegalRepresentative | None = None
    local_provider: LocalProvider | None = None
    condition: Condition
    questions: list[NewQuestion] = Field(max_length=20)
    red_flag_answers: Answers
    treating_facility_ids: list[Code] = Field(default_factory=list, max_length=50)
    language: Language = "en"
    priority: Priority = Priority.ROUTINE
    terms: TermsSignature | None = None


class CodedCondition(Request):
    """Codes and, where a clinician knows better than the table, the group itself."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "condition": {
                        "codings": [{"system": "http://snomed.info/sct", "code": "254837009"}],
                        "text": "Breast cancer",
                    }
                }
            ]
        }
    )

    condition: Condition
    condition_group: ConditionGroup | None = None
