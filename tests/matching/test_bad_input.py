"""Whatever is wrong is refused with a stable code, repeats nothing it was sent, and changes nothing."""

from typing import Any

import pytest

from matching.facts import attest, body, coordinate, npi, offer, ready, register
from rso_shared.contracts.vocabulary import Role
from support.harness import Harness


@pytest.mark.parametrize(
    ("changes", "status", "code", "pointer"),
    [
        ({"npi": "1234567890"}, 422, "npi_invalid", "/npi"),
        ({"capacity": -1}, 422, "validation_failed", "/capacity"),
        ({"focus": ["hearts and minds"]}, 422, "validation_failed", "/focus/0"),
        ({"focus": []}, 422, "validation_failed", "/focus"),
        ({"taxonomy": ["oncology"]}, 422, "validation_failed", "/taxonomy/0"),
        ({"languages": ["English, please"]}, 422, "validation_failed", "/languages/0"),
        ({"email": "Jane Doe"}, 422, "validation_failed", "/email"),
        ({"surprise": "Jane Doe"}, 422, "validation_failed", ""),
        ({"credentials_verified_on": "2027-01-01"}, 422, "verified_in_future", "/verified_on"),
    ],
)
def test_a_wrong_registration(harness: Harness, changes: dict[str, Any], status: int, code: str, pointer: str) -> None:
    answer = harness.client(Role.OPERATIONS).post("/v1/specialists", body(1, **changes))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert not {"Jane Doe", "1234567890", "English"} & set(answer.text.split('"'))
    assert harness.facts() == []


def test_a_batch_is_all_or_nothing(harness: Harness) -> None:
    staff = harness.client(Role.OPERATIONS)
    mixed = {"specialists": [body(1), body(2, npi="1234567890")]}
    refused = staff.post("/v1/specialist-batches", mixed)
    assert refused.json()["errors"][0]["pointer"] == "/specialists/1/npi"
    assert harness.facts() == []
    done = staff.post("/v1/specialist-batches", {"specialists": [body(index) for index in range(1, 251)]})
    assert done.status_code == 201
    assert len(done.json()["specialists"]) == 250
    twice = staff.post("/v1/specialist-batches", {"specialists": [body(300), body(300)]})
    assert (twice.status_code, twice.json()["code"]) == (409, "npi_already_registered")


def test_synthetic_numbers_follow_the_setting(tmp_path: Any) -> None:
    from rso_matching.app import SPEC

    synthetic = next(str(n) for n in range(9_999_990_000, 9_999_990_100) if _valid(str(n)))
    for allowed, status in ((True, 201), (False, 422)):
        harness = Harness(SPEC, tmp_path / str(allowed), allow_synthetic_npi=allowed)
        answer = harness.client(Role.OPERATIONS).post("/v1/specialists", body(1, npi=synthetic))
        assert answer.status_code == status
        harness.close()


def _valid(number: str) -> bool:
    from rso_matching.domain.npi import luhn_valid

    return luhn_valid("80840" + number)


@pytest.mark.parametrize(
    ("role", "path"),
    [
        (Role.PATIENT, "/v1/specialists"),
        (Role.SPECIALIST, "/v1/specialists"),
        (Role.PATIENT, "/v1/offers"),
        (Role.OPERATIONS, "/internal/v1/matching/eligibility?case_id=a&specialist_id=b"),
    ],
)
def test_who_may_not(harness: Harness, role: Role, path: str) -> None:
    assert harness.client(role).get(path).status_code == 403


def test_unknown_things(harness: Harness) -> None:
    staff, service = harness.client(Role.OPERATIONS), harness.client(Role.SERVICE)
    ready(harness)
    codes = [
        staff.get("/v1/specialists/nobody"),
        staff.post("/v1/specialists/nobody/capacity", {"capacity": 1}),
        staff.get("/v1/offers/none"),
        staff.get("/v1/cases/none/match-decision"),
        service.post("/internal/v1/matching/offers/none/lapse", {"due": "2026-03-02T15:00:00Z"}),
        service.get("/internal/v1/matching/specialists/nobody/person", purpose="care"),
        service.post(
            "/internal/v1/matching/cases/case-1/notices", {"specialist_id": "x", "template": "reminder", "key": "k"}
        ),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in codes] == [
        (404, "specialist_unknown"),
        (404, "specialist_unknown"),
        (404, "offer_unknown"),
        (404, "case_unknown"),
        (404, "offer_unknown"),
        (404, "specialist_unknown"),
        (404, "specialist_unknown"),
    ]


def test_an_attestation_answers_the_statement_as_it_is_now(harness: Harness) -> None:
    register(harness)
    ready(harness)
    coordinate(harness, "/cases/case-1/matching")
    given = offer(harness)
    client = harness.client(Role.SPECIALIST, given["specialist_id"])
    path = f"/v1/offers/{given['offer_id']}/attestation"
    old = client.post(path, {"conflict": False, "statement_version": "1999-01-01"})
    assert (old.status_code, old.json()["code"]) == (409, "statement_superseded")
    early = client.post(f"/v1/offers/{given['offer_id']}/acceptance")
    assert (early.status_code, early.json()["code"]) == (409, "attestation_required")
    wrong = client.post(f"/v1/offers/{given['offer_id']}/decline", {"reason": "because"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "validation_failed")
    assert attest(harness, given).status_code == 201


def test_a_retried_registration_is_one_specialist(harness: Harness) -> None:
    staff = harness.client(Role.OPERATIONS)
    answers = [staff.post("/v1/specialists", body(1), key="same") for _ in range(3)]
    assert len({answer.text for answer in answers}) == 1
    other = staff.post("/v1/specialists", body(2), key="same")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert npi(1) not in answers[0].text


def test_the_directory_is_the_operators(harness: Harness) -> None:
    """An administrator of another organisation neither adds to it nor reads it."""
    foreign = harness.client(Role.ORGANISATION_ADMIN, "admin-2", "north-clinic")
    refused = [
        foreign.post("/v1/specialists", body(1)),
        foreign.post("/v1/specialist-batches", {"specialists": [body(1)]}),
        foreign.get("/v1/specialists"),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(403, "forbidden")}
    assert harness.client(Role.ORGANISATION_ADMIN).post("/v1/specialists", body(1)).status_code == 201
