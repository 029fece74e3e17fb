"""Made-up patients for a load: each case has a small bundle of its own, in another state. Pure: the same number, the same case."""

from typing import Any

from rso_onebox.bundle import BundleCase, derive_case
from rso_onebox.bundle_condition import GroupOf

_CODES = (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA "
    "RI SC SD TN TX UT VT VA WA WV WI WY"
)
STATES = tuple(_CODES.split())
"""Spread over the country, so that not all cases ask for the same few specialists."""
SNOMED = "http://snomed.info/sct"
BREAST_CANCER = {"system": SNOMED, "code": "254837009", "display": "Malignant neoplasm of breast (disorder)"}
FINDINGS = 4
_WHEN = "2026-03-02T09:00:00-05:00"


def made_case(number: int, group_of: GroupOf) -> BundleCase:
    return derive_case([bundle(number)], group_of)


def bundle(number: int) -> dict[str, Any]:
    """A FHIR R4 bundle of one patient of one hospital; everything in it is invented."""
    resources = [
        _hospital(number),
        _patient(number),
        {
            "resourceType": "Practitioner",
            "id": "practitioner",
            "name": [{"given": ["Load"], "family": f"Practitioner{number}"}],
        },
        _encounter(),
        _condition(),
        *(_finding(each) for each in range(FINDINGS)),
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}


def _hospital(number: int) -> dict[str, Any]:
    state = STATES[number % len(STATES)]
    name = f"Load Hospital {number % len(STATES)}"
    return {"resourceType": "Organization", "id": f"hospital-{state}", "name": name, "address": [{"state": state}]}


def _patient(number: int) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": "patient",
        "identifier": [{"system": "urn:oid:2.999.1", "value": f"LOAD-{number:07}", "type": {"coding": [{"code": "MR"}]}}],
        "name": [{"family": f"Loadcase{number}", "given": ["Synthetic"]}],
        "gender": "female",
        "birthDate": f"19{50 + number % 30}-0{1 + number % 9}-1{number % 10}",
        "telecom": [{"system": "email", "value": f"load{number}@example.org"}],
        "address": [{"line": ["1 Load Street"], "city": "Loadville", "state": STATES[number % len(STATES)], "country": "US"}],
    }  # fmt: skip


def _encounter() -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": "encounter",
        "status": "finished",
        "subject": {"reference": "Patient/patient"},
        "participant": [{"individual": {"reference": "Practitioner/practitioner"}}],
        "period": {"start": _WHEN, "end": _WHEN},
        "reasonReference": [{"reference": "Condition/condition"}],
    }


def _condition() -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": "condition",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "code": {"coding": [BREAST_CANCER], "text": BREAST_CANCER["display"]},
        "subject": {"reference": "Patient/patient"},
        "encounter": {"reference": "Encounter/encounter"},
        "onsetDateTime": _WHEN,
    }


def _finding(number: int) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"finding-{number}",
        "status": "final",
        "category": [{"coding": [{"code": "laboratory"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "33762-6"}], "text": f"Finding {number}"},
        "subject": {"reference": "Patient/patient"},
        "encounter": {"reference": "Encounter/encounter"},
        "effectiveDateTime": _WHEN,
        "valueQuantity": {"value": 100 + number, "unit": "pg/mL"},
    }
