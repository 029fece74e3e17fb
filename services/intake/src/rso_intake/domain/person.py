"""Who the people of a case are. Everything here is identifying and lives only inside `Sealed[...]`."""

from dataclasses import dataclass
from datetime import date

MAJORITY = 18
RECORD_NUMBERS = frozenset({"record_number", "MR"})
"""Kinds that a partner gives out itself. What others gave out (a licence, a passport) proves nothing about its records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanName:
    """`given` in the order of use. Who has one name only has it as the family name."""

    given: tuple[str, ...] = ()
    family: str

    def full(self) -> str:
        return " ".join((*self.given, self.family))


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Below the state. Country and state stand clear on the case, because rules and matching need them."""

    line: str | None = None
    city: str | None = None
    county: str | None = None
    postal_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """`kind` is record_number (HL7: MR) or another; the value is unique within its assigning authority."""

    kind: str
    assigning_authority: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The patient. `sex` is what the requester wrote, for the report; no rule reads it."""

    name: HumanName
    birth_date: date
    sex: str | None = None
    phones: tuple[str, ...] = ()
    email: str | None = None
    address: Address = Address()
    identifiers: tuple[Identifier, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalRepresentative:
    """Who may decide for the patient, and by which relationship (parent, guardian, health care proxy, ...)."""

    name: HumanName
    relationship: str
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalProvider:
    """The physician at home who receives the opinion beside the patient."""

    name: HumanName
    email: str | None = None
    phone: str | None = None
    practice: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """One code of a condition; `system` is a URI such as http://snomed.info/sct."""

    system: str
    code: str
    display: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    codings: tuple[Coding, ...] = ()
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    question_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionTexts:
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDetails:
    """The identifying part of a submission: one sub-object under the patient's key."""

    person: Person
    condition: Condition
    questions: tuple[Question, ...]
    representative: LegalRepresentative | None = None
    local_provider: LocalProvider | None = None
    placer_order_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """How a signature was given: the name as typed, and where it came from."""

    typed_name: str
    relation: str
    ip_address: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Free text that a person typed. It may name anybody, so it is sealed wherever it stands."""

    text: str | None = None


def is_minor(birth_date: date, on: date) -> bool:
    """Under 18 full years on that day. A birthday on 29 February counts from 1 March in other years."""
    had_birthday = (on.month, on.day) >= (birth_date.month, birth_date.day)
    return on.year - birth_date.year - (0 if had_birthday else 1) < MAJORITY
