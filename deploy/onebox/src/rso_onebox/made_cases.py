"""Bundles of people who do not exist, small enough to be played by the hundred. Pure: the same person, the same bundle."""

from dataclasses import dataclass
from typing import Any

_CODES = (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA "
    "RI SC SD TN TX UT VT VA WA WV WI WY"
)
STATES = tuple(_CODES.split())
"""Spread over the country, so that not all cases ask for the same few specialists."""
SNOMED = "http://snomed.info/sct"
RECORD_NUMBERS = "urn:oid:2.999.1"
FINDINGS = 4


@dataclass(frozen=True, slots=True)
class MadePerson:
    """`label` names the person, the practitioner, the street: whoever reads it sees that it is made up. `seen_at`: ISO, with its zone."""

    number: int
    label: str
    state: str
    hospital: str
    condition: tuple[str, str]
    """SNOMED code and its text."""
    seen_at: str


def bundle(of: MadePerson) -> dict[str, Any]:
    """A FHIR R4 bundle of one patient of one hospital; everything in it is invented."""
    name = {"given": [of.label], "family": f"Practitioner{of.number}"}
    resources = [
        {"resourceType": "Organization", "id": _id(of), "name": of.hospital, "address": [{"state": of.state}]},
        _patient(of),
        {"resourceType": "Practitioner", "id": "practitioner", "name": [name]},
        _encounter(of),
        _condition(of),
        *(_finding(of, each) for each in range(FINDINGS)),
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}


def _id(of: MadePerson) -> str:
    """One place, one id: what is registered under it stays what it is."""
    return of.hospital.lower().replace(" ", "-")


def _patient(of: MadePerson) -> dict[str, Any]:
    number = f"{of.label.upper()}-{of.number:07}"
    return {
        "resourceType": "Patient",
        "id": "patient",
        "identifier": [{"system": RECORD_NUMBERS, "value": number, "type": {"coding": [{"code": "MR"}]}}],
        "name": [{"family": f"{of.label}case{of.number}", "given": ["Synthetic"]}],
        "gender": "female",
        "birthDate": f"19{50 + of.number % 30}-0{1 + of.number % 9}-1{of.number % 10}",
        "telecom": [{"system": "email", "value": f"{of.label.lower()}{of.number}@example.org"}],
        "address": [{"line": [f"1 {of.label} Street"], "city": f"{of.label}ville", "state": of.state, "country": "US"}],
    }


def _encounter(of: MadePerson) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": "encounter",
        "status": "finished",
        "subject": {"reference": "Patient/patient"},
        "participant": [{"individual": {"reference": "Practitioner/practitioner"}}],
        "period": {"start": of.seen_at, "end": of.seen_at},
        "reasonReference": [{"reference": "Condition/condition"}],
    }


def _condition(of: MadePerson) -> dict[str, Any]:
    code, text = of.condition
    return {
        "resourceType": "Condition",
        "id": "condition",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "code": {"coding": [{"system": SNOMED, "code": code, "display": text}], "text": text},
        "subject": {"reference": "Patient/patient"},
        "encounter": {"reference": "Encounter/encounter"},
        "onsetDateTime": of.seen_at,
    }


def _finding(of: MadePerson, number: int) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"finding-{number}",
        "status": "final",
        "category": [{"coding": [{"code": "laboratory"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "33762-6"}], "text": f"Finding {number}"},
        "subject": {"reference": "Patient/patient"},
        "encounter": {"reference": "Encounter/encounter"},
        "effectiveDateTime": of.seen_at,
        "valueQuantity": {"value": 100 + number, "unit": "pg/mL"},
    }
