"""The bundles that tests read: real ones where they are on this machine, and small ones made up."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rso_onebox.bundle import BundleCase, derive_case, read_bundle
from rso_onebox.default_tables import load_conditions
from rso_shared.kit.errors import DomainError

Made = dict[str, Any]

ROOT = Path(__file__).parents[2]
GROUP_OF = load_conditions(ROOT / "defaults").group_of
PLACES = (
    ROOT / "examples",
    ROOT.parent / "shared" / "data" / "may-commit",
    ROOT.parent / "shared" / "data" / "local-only",
)


def real(name: str) -> bytes:
    for place in PLACES:
        if (place / name).exists():
            return (place / name).read_bytes()
    pytest.skip(f"{name} is not on this machine")


def case_of(*names: str) -> BundleCase:
    return derive_case([read_bundle(real(name)) for name in names], GROUP_OF)


ALLENA = "synthea330_breast_alive_Allena_Koepp.json.gz"

PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "name": [{"family": "Doe", "given": ["Jane"]}],
    "birthDate": "1970-01-02",
    "address": [{"state": "NY"}],
}


def condition(snomed: str, onset: str, status: str = "active", verified: str | None = "confirmed", **more: Any) -> Made:
    made: Made = {
        "resourceType": "Condition",
        "id": f"{snomed}-{onset}",
        "clinicalStatus": {"coding": [{"code": status}]},
        "code": {
            "coding": [
                {"system": "http://snomed.info/sct", "code": snomed, "display": f"Condition {snomed} (disorder)"}
            ]
        },
        "onsetDateTime": onset,
    }
    if verified:
        made["verificationStatus"] = {"coding": [{"code": verified}]}
    return {**made, **more}


def bundle(*resources: Made) -> Made:
    return {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": each} for each in resources]}


def derive(*resources: Made) -> BundleCase:
    return derive_case([bundle(*resources)], GROUP_OF)


BREAST = condition("254837009", "2001-01-01")


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as refusal:
        work()
    assert refusal.value.status == 422
    return refusal.value.code
