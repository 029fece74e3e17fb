"""Erasure over the API: who may, what refuses, how it is told, and what is left."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from intake.conftest import Desk, submission
from rso_shared.contracts import billing, coordinator, intake, matching, operations, opinions, records, subscriptions
from rso_shared.contracts.vocabulary import Role
from support.harness import START, Client

OTHERS = (records, matching, opinions, billing, coordinator, operations, subscriptions)
YEARS = timedelta(days=366 * 11)
SPECIALIST = "specialist-1"
IDENTIFIED = {"kind": "record_number", "assigning_authority": "urn:oid:2.999.1", "value": "0001"}


class Directory:
    """Matching's answer about one specialist, over the real client."""

    def __init__(self) -> None:
        self.open_offers = self.active_assignments = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != f"/internal/v1/matching/specialists/{SPECIALIST}/engagement":
            problem = {"code": "specialist_unknown", "detail": "No specialist of that id is in the directory."}
            return httpx.Response(404, json=problem)
        counts = {"open_offers": self.open_offers, "active_assignments": self.active_assignments}
        return httpx.Response(200, json={"specialist_id": SPECIALIST, **counts})


@pytest.fixture
def directory(desk: Desk) -> Directory:
    made = Directory()
    desk.service.neighbours._client.close()
    desk.service.neighbours._client = httpx.Client(transport=httpx.MockTransport(made))
    return made


@pytest.fixture
def first(desk: Desk, directory: Directory) -> Client:
    return desk.client(Role.PRIVACY_OFFICER, "officer-1")


@pytest.fixture
def second(desk: Desk) -> Client:
    return desk.client(Role.PRIVACY_OFFICER, "officer-2")


def person(desk: Desk, **changes: Any) -> tuple[str, str]:
    """(case, person)"""
    case_id = desk.open(**changes)["case_id"]
    return case_id, desk.nurse.get(f"/v1/cases/{case_id}").json()["person_id"]


def closed(desk: Desk, case_id: str) -> None:
    answer = desk.director.post(f"/v1/cases/{case_id}/closing", {"close_reason": "unable_to_opine"})
    assert answer.status_code == 201, answer.text


def ask(by: Client, person_id: str) -> Any:
    return by.post(f"/v1/persons/{person_id}/erasure", {"reason": "person_request"})


def approve(by: Client, person_id: str) -> Any:
    return by.post(f"/v1/persons/{person_id}/erasure/approval")


def refused(answer: Any, status: int, code: str) -> Any:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return answer.json()


def ready(desk: Desk, **changes: Any) -> tuple[str, str]:
    """Closed, and the retention is over."""
    case_id, person_id = person(desk, **changes)
    closed(desk, case_id)
    desk.clock.set(START + YEARS)
    return case_id, person_id


def test_a_person_is_erased_when_all_have_answered(desk: Desk, first: Client, second: Client) -> None:
    case_id, person_id = ready(desk)
    asked = ask(first, person_id)
    assert (asked.status_code, asked.json()["state"]) == (201, "requested")
    assert approve(second, person_id).json()["state"] == "approved"
    (order,) = desk.facts(intake.ErasureApproved)
    assert isinstance(order, intake.ErasureApproved)
    assert desk.service.eraser.erase_pending() == 1
    halfway = first.get(f"/v1/persons/{person_id}/erasure").json()
    assert (halfway["state"], list(halfway["destroyed"])) == ("approved", ["intake"])
    for each in OTHERS:
        at = START + YEARS
        fact = each.KeyDestroyed(person_id=person_id, erasure_id=order.erasure_id, destroyed_at=at)
        desk.receive(fact, fact)
    shown = first.get(f"/v1/persons/{person_id}/erasure").json()
    assert (shown["state"], sorted(shown["destroyed"])) == ("completed", sorted(shown["services"]))
    assert (shown["requested_by"], shown["approved_by"]) == ("officer-1", "officer-2")
    assert len(desk.facts(intake.ErasureCompleted)) == len(desk.facts(intake.KeyDestroyed)) == 1
    refused(desk.nurse.get(f"/v1/cases/{case_id}/person", purpose="care"), 410, "erased")
    refused(desk.patient.get(f"/v1/cases/{case_id}/questions"), 410, "erased")
    assert desk.nurse.get(f"/v1/cases/{case_id}").json()["person_id"] == person_id, "what names nobody remains"
    refused(ask(first, person_id), 409, "erasure_decided")


def test_how_far_it_was_then(desk: Desk, first: Client, second: Client) -> None:
    _, person_id = ready(desk)
    ask(first, person_id)
    then = desk.clock.now()
    desk.clock.set(then + timedelta(hours=1))
    approve(second, person_id)
    path = f"/v1/persons/{person_id}/erasure"
    assert first.get(path, as_of=then.isoformat()).json()["state"] == "requested"
    refused(first.get(path, as_of=START.isoformat()), 404, "erasure_unknown")


def test_an_open_case_and_a_running_period_keep_the_record(desk: Desk, first: Client, second: Client) -> None:
    case_id, person_id = person(desk)
    refused(ask(first, person_id), 409, "person_has_open_case")
    closed(desk, case_id)
    assert refused(ask(first, person_id), 409, "retention_runs")["retained_until"] == "2037-01-01T00:00:00+00:00"
    desk.clock.set(START + YEARS)
    assert ask(first, person_id).status_code == 201
    refused(approve(first, person_id), 403, "second_person_required")
    assert desk.facts(intake.ErasureApproved) == []


def test_a_child_is_kept_until_grown_up_and_the_answer_tells_no_birthday(desk: Desk, first: Client) -> None:
    _, person_id = ready(desk, patient={**desk_patient(), "birth_date": "2020-06-01"})
    assert refused(ask(first, person_id), 409, "retention_runs")["retained_until"] == "2045-01-01T00:00:00+00:00"


def test_the_longest_kept_case_counts_and_a_new_one_stops_the_approval(
    desk: Desk, first: Client, second: Client
) -> None:
    patient = {**desk_patient(), "identifiers": [IDENTIFIED]}
    _, person_id = ready(desk, by=desk.partner, patient=patient, terms=None)
    assert ask(first, person_id).status_code == 201
    another, same = person(desk, by=desk.partner, patient=patient, terms=None)
    assert same == person_id, "the partner's own number says who it is"
    refused(approve(second, person_id), 409, "person_has_open_case")
    closed(desk, another)
    refused(approve(second, person_id), 409, "retention_runs")


def desk_patient() -> dict[str, Any]:
    patient: dict[str, Any] = submission()["patient"]
    return patient


def test_whoever_comes_back_is_somebody_new(desk: Desk, first: Client, second: Client) -> None:
    """From the order on, and in a rebuilt read model too: an identifier leads to nobody who is erased."""
    patient = {**desk_patient(), "identifiers": [IDENTIFIED]}
    again: dict[str, Any] = {"by": desk.partner, "patient": patient, "terms": None}
    _, person_id = ready(desk, **again)
    ask(first, person_id)
    approve(second, person_id)
    _, before_the_work = person(desk, **again)
    assert desk.service.eraser.erase_pending() == 1
    desk.rebuild()
    _, after_a_rebuild = person(desk, **again)
    assert before_the_work == after_a_rebuild != person_id


def test_a_hold_keeps_everything(desk: Desk, first: Client, second: Client) -> None:
    _, person_id = ready(desk)
    ask(first, person_id)
    held = first.post(f"/v1/persons/{person_id}/legal-holds", {"reason": "subpoena"}).json()
    assert refused(approve(second, person_id), 409, "legal_hold")["holds"] == 1
    (shown,) = first.get(f"/v1/persons/{person_id}/erasure").json()["legal_holds"]
    assert (shown["hold_id"], shown["reason"], shown["placed_by"]) == (held["hold_id"], "subpoena", "officer-1")
    assert second.post(f"/v1/persons/{person_id}/legal-holds/{held['hold_id']}/lifting").status_code == 201
    refused(second.post(f"/v1/persons/{person_id}/legal-holds/{held['hold_id']}/lifting"), 404, "legal_hold_unknown")
    assert approve(second, person_id).status_code == 201
    refused(first.post(f"/v1/persons/{person_id}/legal-holds", {"reason": "audit"}), 409, "erasure_decided")


def test_a_specialist_is_erased_when_nothing_is_open(
    desk: Desk, first: Client, second: Client, directory: Directory
) -> None:
    directory.active_assignments = 1
    refused(ask(first, SPECIALIST), 409, "specialist_busy")
    directory.active_assignments = 0
    assert ask(first, SPECIALIST).status_code == 201
    directory.open_offers = 1
    refused(approve(second, SPECIALIST), 409, "specialist_busy")
    directory.open_offers = 0
    assert approve(second, SPECIALIST).status_code == 201


def test_an_unknown_person_is_unknown(first: Client, desk: Desk) -> None:
    refused(ask(first, "nobody"), 404, "person_unknown")
    refused(first.post("/v1/persons/nobody/legal-holds", {"reason": "audit"}), 404, "person_unknown")
    refused(first.get("/v1/persons/nobody/erasure"), 404, "erasure_unknown")
    refused(approve(first, "nobody"), 404, "person_unknown")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PRIVACY_OFFICER])
def test_nobody_else_may(desk: Desk, role: Role) -> None:
    other = desk.client(role)
    refused(ask(other, "p"), 403, "forbidden")
    refused(approve(other, "p"), 403, "forbidden")
    refused(other.post("/v1/persons/p/legal-holds", {"reason": "audit"}), 403, "forbidden")
    refused(other.post("/v1/persons/p/legal-holds/h/lifting"), 403, "forbidden")
    refused(other.get("/v1/persons/p/erasure"), 403, "forbidden")


def test_bad_requests_change_nothing(desk: Desk, first: Client) -> None:
    _, person_id = ready(desk)
    refused(first.post(f"/v1/persons/{person_id}/erasure", {"reason": "whim"}), 422, "validation_failed")
    refused(
        first.post(f"/v1/persons/{person_id}/erasure", {"reason": "person_request", "name": "Ada"}),
        422,
        "validation_failed",
    )
    keyless = first.http.post(
        f"/v1/persons/{person_id}/erasure", json={"reason": "person_request"}, headers=first.headers
    )
    refused(keyless, 400, "idempotency_key_required")
    key = "asked-once"
    path, body = f"/v1/persons/{person_id}/erasure", {"reason": "person_request"}
    assert first.post(path, body, key=key).json() == first.post(path, body, key=key).json()
    refused(first.post(path, {"reason": "authority_order"}, key=key), 422, "idempotency_key_reused")
    assert len(desk.facts(intake.ErasureRequested)) == 1
