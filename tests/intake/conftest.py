"""A running intake on real stores, with the catalogue that the tests of its API start from."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from intake.builders import program
from rso_intake.app import SPEC
from rso_shared.contracts.vocabulary import Role
from support.harness import Client, Harness


class Desk(Harness):
    """The harness with the callers of intake, and a case opened in one line."""

    def __init__(self, folder: Path, **more: Any) -> None:
        super().__init__(SPEC, folder, **more)
        self.admin = self.client(Role.ORGANISATION_ADMIN, "admin-1")
        self.patient = self.client(Role.PATIENT, "patient-1", "public")
        self.provider = self.client(Role.LOCAL_PROVIDER, "provider-1", "practice")
        self.partner = self.client(Role.PARTNER, "client-1", "north-clinic")
        self.nurse = self.client(Role.NURSE_CARE_MANAGER, "nurse-1")
        self.director = self.client(Role.MEDICAL_DIRECTOR, "director-1")
        self.coordinator = self.client(Role.SERVICE, "coordinator")

    def publish(self, **changes: Any) -> Any:
        return self.admin.post("/v1/programs", program(**changes).model_dump(mode="json"))

    def open(self, by: Client | None = None, **changes: Any) -> dict[str, Any]:
        answer = (by or self.patient).post("/v1/cases", submission(**changes))
        assert answer.status_code == 201, answer.text
        opened: dict[str, Any] = answer.json()
        return opened

    def coordinate(self, case_id: str, step: str, **body: Any) -> Any:
        return self.coordinator.post(f"/internal/v1/intake/cases/{case_id}/{step}", body)


def submission(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "program_id": "self-pay",
        "patient": {
            "name": {"given": ["Ada"], "family": "Quillfeather"},
            "birth_date": "1970-06-01",
            "sex": "female",
            "phones": ["555-0147-2291"],
            "email": "ada.quillfeather@example.org",
            "address": {
                "line": "17 Wharfinger Street", "city": "Boston", "county": "Suffolk", "state": "MA", "country": "US",
            },
            "identifiers": [],
        },
        "condition": {"codings": [{"system": "http://snomed.info/sct", "code": "254837009"}], "text": "Ductal carcinoma"},
        "questions": [{"text": "Is chemotherapy needed with this profile?"}],
        "red_flag_answers": {"emergency": False, "inpatient": False, "litigation": False},
        "terms": {"typed_name": "Ada Quillfeather", "terms_version": "2026-01"},
    }  # fmt: skip
    return {**body, **changes}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    assert desk.publish().status_code == 201
    yield desk
    desk.close()
