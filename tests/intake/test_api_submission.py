"""POST /v1/cases and what it answers to good and bad requests."""

import json
import threading
from typing import Any

import pytest
from sqlalchemy import func, select

from intake.conftest import Desk, submission
from rso_shared.contracts import intake
from rso_shared.contracts.vocabulary import ConditionGroup, Role
from rso_shared.kit.access_log import AccessLog
from rso_shared.kit.tables import EVENTS


def events(desk: Desk) -> int:
    with desk.service.db.read() as tx:
        return int(tx.conn.execute(select(func.count()).select_from(EVENTS)).scalar_one())


def test_a_case_is_read_back_at_once(desk):
    opened = desk.open()
    case = desk.patient.get(f"/v1/cases/{opened['case_id']}").json()
    assert case["stage"] == "submitted"
    assert [each["party"] for each in case["waiting_on"]] == ["program"]
    assert case["documents"] == {"required": [], "received": {}, "missing": []}
    assert case["condition_group"] == ConditionGroup.BREAST_CANCER
    assert case["owner"] == "queue:intake"
    assert case["reference_number"] == opened["reference_number"]
    assert len(opened["reference_number"]) == 11
    assert opened["links"]["self"] == f"/v1/cases/{opened['case_id']}"


def test_the_facts_name_nobody(desk):
    desk.open()
    submitted, accepted = desk.facts(intake.CaseSubmitted, intake.TermsAccepted)
    assert submitted.access[0].subject == "patient-1"
    assert (submitted.state, submitted.minor) == ("MA", False)
    assert accepted.role is Role.PATIENT
    said = "".join(fact.model_dump_json() for fact in desk.facts())
    for secret in (
        "Ada",
        "Quillfeather",
        "Wharfinger",
        "555-0147",
        "1970-06-01",
        "Suffolk",
        "254837009",
        "chemo",
        "Ductal",
    ):
        assert secret not in said


def test_nothing_identifying_stands_in_the_clear_in_any_file(desk, tmp_path):
    opened = desk.open()
    case = f"/v1/cases/{opened['case_id']}"
    desk.patient.post(f"{case}/withdrawal", {"reason": "Quillfeather moved away"})
    desk.patient.get(f"{case}/person", purpose="own_data")
    for file in tmp_path.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        for secret in (b"Quillfeather", b"Wharfinger", b"555-0147", b"1970-06-01", b"ada.quill", b"chemotherapy"):
            assert secret not in content, file


def test_four_channels_open_a_case(desk):
    named = {"local_provider": {"name": {"given": ["Lee"], "family": "Provider"}}}
    speaks = {"legal_representative": {"name": {"given": ["Rita"], "family": "Guardian"}, "relationship": "parent"}}
    representative = desk.client(Role.LEGAL_REPRESENTATIVE, "rep-1", "public")
    cases = {
        "self": desk.open(),
        "local_provider": desk.open(desk.provider, terms=None, **named),
        "partner": desk.open(desk.partner, terms=None, client_reference="order-17"),
        "legal_representative": desk.open(representative, **speaks),
    }
    for relation, opened in cases.items():
        case = desk.nurse.get(f"/v1/cases/{opened['case_id']}").json()
        assert case["requester_relation"] == relation
    assert case["client_reference"] is None
    assert [opened["client_reference"] for opened in cases.values()] == [None, None, "order-17", None]
    partner = desk.partner.get(f"/v1/cases/{cases['partner']['case_id']}").json()
    assert (partner["client_reference"], partner["partner_organisation_id"]) == ("order-17", "north-clinic")


def test_our_desk_opens_a_case_on_the_telephone(desk):
    opened = desk.open(desk.nurse, terms=None, requester_relation="self")
    assert desk.nurse.get(f"/v1/cases/{opened['case_id']}").status_code == 200


def test_a_partners_own_identifier_finds_the_same_person_again(desk):
    def person_of(by: Any, value: str = "12345", authority: str = "urn:oid:1.2.3", kind: str = "MR") -> str:
        identifiers = [{"kind": kind, "assigning_authority": authority, "value": value}]
        patient = {**submission()["patient"], "identifiers": identifiers}
        opened = desk.open(by, terms=None, patient=patient)
        return str(next(f for f in desk.facts(intake.CaseSubmitted) if f.case_id == opened["case_id"]).person_id)

    other = desk.client(Role.PARTNER, "client-2", "south-clinic")
    first = person_of(desk.partner)
    assert person_of(desk.partner) == first
    assert person_of(desk.partner, value="54321") != first
    assert person_of(desk.partner, authority="urn:oid:9.9.9") != first
    assert person_of(other) != first, "another partner's number is another's"
    assert person_of(desk.partner, kind="passport") != first, "a passport is not the partner's own number"


def test_identifiers_that_name_two_persons_are_refused(desk):
    def body(*values: str) -> dict[str, Any]:
        identifiers = [{"assigning_authority": "urn:oid:1.2.3", "value": each} for each in values]
        return submission(terms=None, patient={**submission()["patient"], "identifiers": identifiers})

    for value in ("1", "2"):
        assert desk.partner.post("/v1/cases", body(value)).status_code == 201
    refused = desk.partner.post("/v1/cases", body("1", "2"))
    assert (refused.status_code, refused.json()["code"]) == (409, "identifiers_disagree")


def test_the_same_person_by_name_and_birth_date_is_never_assumed(desk):
    desk.open()
    desk.open()
    first, second = desk.facts(intake.CaseSubmitted)
    assert first.person_id != second.person_id


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"program_id": "nothing"}, 422, "program_unknown"),
        ({"program_id": "later"}, 422, "program_not_effective"),
        ({"program_version": 7}, 422, "program_version_not_in_force"),
        ({"questions": []}, 422, "questions_required"),
        ({"condition": {}}, 422, "condition_required"),
        ({"red_flag_answers": {}}, 422, "red_flag_unanswered"),
        ({"terms": None}, 422, "terms_required"),
        ({"sponsor_id": "nobody"}, 422, "organisation_unknown"),
        ({"treating_facility_ids": ["nowhere"]}, 422, "organisation_unknown"),
        ({"requester_relation": "partner"}, 422, "relation_not_yours"),
        ({"red_flag_answers": {"Ada Quillfeather": "yes"}}, 422, "validation_failed"),
        ({"unknown_field": 1}, 422, "validation_failed"),
        ({"priority": "at once"}, 422, "validation_failed"),
        ({"client_reference": "Ada Quillfeather"}, 422, "validation_failed"),
        ({"language": "English"}, 422, "validation_failed"),
    ],
)
def test_bad_requests_say_what_is_wrong_and_change_nothing(desk, changes, status, code):
    assert desk.publish(program_id="later", effective_from="2030-01-01").status_code == 201
    before = events(desk)
    answer = desk.patient.post("/v1/cases", submission(**changes))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    pointer = answer.json()["errors"][0]["pointer"]
    assert pointer == "" if "unknown_field" in changes else pointer.startswith("/")
    assert "Quillfeather" not in answer.text
    assert events(desk) == before


def test_malformed_bodies(desk):
    headers = {"content-type": "application/json"}
    for content in (b"{", b"\xff\xfe{}", b'{"program_id": "\xc3\x28"}'):
        answer = desk.patient.post("/v1/cases", content=content, headers=headers)
        assert answer.status_code == 400, content
    big = json.dumps(submission(condition={"text": "x" * (1 << 20)})).encode()
    assert desk.patient.post("/v1/cases", content=big, headers=headers).status_code == 413
    nul = submission(patient={**submission()["patient"], "name": {"given": ["A\u0000"], "family": "B\nC"}})
    assert desk.patient.post("/v1/cases", nul).status_code == 422


def test_who_may_not_open_a_case(desk):
    for role in (Role.SPECIALIST, Role.FINANCE, Role.SERVICE, Role.SPONSOR):
        answer = desk.client(role).post("/v1/cases", submission())
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert desk.http.post("/v1/cases", json=submission()).status_code == 401


def test_terms_cannot_be_accepted_for_somebody_else(desk):
    answer = desk.partner.post("/v1/cases", submission())
    assert (answer.status_code, answer.json()["code"]) == (422, "terms_not_yours")


def test_a_partners_program_is_closed_to_other_partners(desk):
    register = {"organisation_id": "south-clinic", "kind": "partner", "name": "South Clinic"}
    assert desk.admin.post("/v1/organisations", register).status_code == 201
    assert desk.publish(program_id="south-only", organisation_id="south-clinic").status_code == 201
    refused = desk.partner.post("/v1/cases", submission(terms=None, program_id="south-only"))
    assert refused.json()["code"] == "program_unknown"
    own = desk.client(Role.PARTNER, "client-2", "south-clinic")
    opened = desk.open(own, terms=None, program_id="south-only")
    assert desk.facts(intake.CaseSubmitted)[-1].organisation_id == "south-clinic"
    assert own.get(f"/v1/cases/{opened['case_id']}").status_code == 200


def test_county_is_required_where_a_rule_asks(desk):
    row = {
        "country": "US",
        "state": "GA",
        "county": "Fulton",
        "decision": "prohibited",
        "source": "s",
        "checked_on": "2026-01-05",
    }
    body = {"version": 1, "effective_from": "2026-01-01", "rows": [row]}
    assert desk.admin.post("/v1/jurisdictions", body).status_code == 201
    patient = submission()["patient"]
    there = {**patient, "address": {"state": "GA", "country": "US"}}
    refused = desk.patient.post("/v1/cases", submission(patient=there))
    assert (refused.status_code, refused.json()["code"]) == (422, "county_required")
    opened = desk.open(patient={**patient, "address": {"state": "GA", "country": "US", "county": "Fulton County"}})
    answer = desk.coordinate(opened["case_id"], "screening").json()
    assert (answer["eligible"], answer["decline_reason"]) == (False, "jurisdiction_prohibited")
    assert answer["jurisdictions_version"] == 1


def test_a_hundred_identical_posts_make_one_case(desk):
    answers: list[Any] = []

    def post() -> None:
        answers.append(desk.patient.post("/v1/cases", submission(), key="one-key"))

    threads = [threading.Thread(target=post) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len(desk.facts(intake.CaseSubmitted)) == 1
    reused = desk.patient.post("/v1/cases", submission(language="es"), key="one-key")
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")


def test_the_same_key_of_two_clients_opens_two_cases_and_shows_neither_the_others(desk):
    """A client is a subject of an organisation: neither alone is enough to be answered with a stored answer."""
    clients = [
        desk.client(Role.PATIENT, subject, organisation)
        for subject, organisation in (("client-1", "north"), ("client-1", "south"), ("client-2", "north"))
    ]
    first = [client.post("/v1/cases", submission(), key="shared-key") for client in clients]
    assert [answer.status_code for answer in first] == [201] * 3
    assert len({answer.json()["case_id"] for answer in first}) == len({answer.text for answer in first}) == 3
    assert not [answer for answer in first if "idempotency-replayed" in answer.headers]
    again = [client.post("/v1/cases", submission(), key="shared-key") for client in clients]
    assert [answer.text for answer in again] == [answer.text for answer in first]
    other = clients[1].post("/v1/cases", submission(language="es"), key="shared-key")
    assert other.json()["code"] == "idempotency_key_reused"
    assert first[0].json()["case_id"] not in other.text


def test_every_read_of_a_person_is_logged_first(desk):
    opened = desk.open()
    case = f"/v1/cases/{opened['case_id']}"
    shown = desk.nurse.get(f"{case}/person", purpose="care").json()
    assert shown["patient"]["family"] == "Quillfeather"
    assert shown["condition"]["text"] == "Ductal carcinoma"
    assert shown["questions"][0]["text"].startswith("Is chemotherapy")
    assert desk.nurse.get(f"{case}/person").status_code == 422
    assert desk.nurse.get(f"{case}/person", purpose="curiosity").status_code == 422
    assert (
        desk.coordinator.get(f"/internal/v1/intake/cases/{opened['case_id']}/person", purpose="render_report").json()
        == shown
    )
    desk.patient.get(f"{case}/questions")
    log: AccessLog = desk.service.access_log
    entries = [(each.subject, each.what, each.purpose) for each in log.entries(case_id=opened["case_id"])]
    assert entries == [
        ("nurse-1", "person", "care"),
        ("coordinator", "person", "render_report"),
        ("patient-1", "questions", "own_data"),
    ]


def test_an_erased_person_is_gone(desk):
    opened = desk.open()
    person_id = desk.facts(intake.CaseSubmitted)[0].person_id
    desk.service.keys.destroy(person_id)
    case = f"/v1/cases/{opened['case_id']}"
    assert desk.nurse.get(f"{case}/person", purpose="care").status_code == 410
    assert desk.nurse.get(case).status_code == 200, "what names nobody remains"
