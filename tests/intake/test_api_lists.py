"""Lists, pages, rebuilding, looking back, and the catalogue."""

from datetime import timedelta

import pytest

from intake.builders import program
from intake.conftest import Desk
from rso_shared.contracts import coordinator, intake
from rso_shared.contracts.vocabulary import Role, Stage
from rso_shared.kit.clock import iso
from support.harness import START


def code(answer):
    return answer.status_code, answer.json()["code"]


@pytest.fixture
def many(desk: Desk) -> list[str]:
    ids = []
    for number in range(5):
        desk.clock.set(START + timedelta(minutes=number))
        ids.append(desk.open(desk.partner, terms=None, client_reference=f"order-{number}")["case_id"])
    return ids


def test_the_list_goes_page_by_page(desk, many):
    found, cursor = [], None
    while True:
        page = desk.partner.get("/v1/cases", limit=2, **({"cursor": cursor} if cursor else {})).json()
        found += [row["case_id"] for row in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == many


def test_the_list_shows_what_the_caller_may_see_and_filters(desk, many):
    own = desk.open()
    assert [row["case_id"] for row in desk.patient.get("/v1/cases").json()["items"]] == [own["case_id"]]
    assert len(desk.nurse.get("/v1/cases").json()["items"]) == 6
    assert desk.client(Role.PARTNER, "c", "south-clinic").get("/v1/cases").json()["items"] == []
    (row,) = desk.partner.get("/v1/cases", client_reference="order-3").json()["items"]
    assert (row["case_id"], row["stage"]) == (many[3], "submitted")
    entered = START + timedelta(hours=1)
    desk.receive(coordinator.StageEntered(case_id=many[0], stage=Stage.SCREENING, entered_at=entered))
    assert [row["case_id"] for row in desk.partner.get("/v1/cases", stage="screening").json()["items"]] == [many[0]]
    newer = desk.partner.get("/v1/cases", updated_after=iso(START + timedelta(minutes=3))).json()["items"]
    assert [row["case_id"] for row in newer] == [many[4], many[0]]


def test_a_cursor_made_elsewhere_is_refused(desk, many):
    good = desk.partner.get("/v1/cases", limit=2).json()["next_cursor"]
    for cursor in ("", "x", "AAAA", good[:-3] + "AAA", "é"):
        answer = desk.partner.get("/v1/cases", cursor=cursor or "%")
        assert code(answer) == (422, "cursor_invalid")
    naive = desk.partner.get("/v1/cases", updated_after="2026-03-02T15:00:00")
    assert code(naive) == (422, "validation_failed")


def test_read_models_rebuild_to_what_they_were(desk, many):
    desk.nurse.post(f"/v1/cases/{many[1]}/owner", {"owner": "nurse-1"})
    desk.nurse.post(f"/v1/cases/{many[2]}/closing", {"close_reason": "deceased"})
    before = desk.nurse.get("/v1/cases").json()
    programs = desk.nurse.get("/v1/programs").json()
    desk.rebuild()
    assert desk.nurse.get("/v1/cases").json() == before
    assert desk.nurse.get("/v1/programs").json() == programs


def test_as_of_is_always_a_prefix(desk):
    opened = desk.open()
    case_id, instants = opened["case_id"], [START]
    for number, text in enumerate(("Second?", "Third?", "Fourth?"), 1):
        instants.append(START + timedelta(minutes=number))
        desk.clock.set(instants[-1])
        desk.patient.post(f"/v1/cases/{case_id}/questions", {"questions": [{"text": text}]})
    versions = [
        desk.patient.get(f"/v1/cases/{case_id}/questions", as_of=iso(at)).json()["questions_version"] for at in instants
    ]
    assert versions == [1, 2, 3, 4]


def test_the_catalogue(desk):
    assert code(desk.nurse.post("/v1/programs", {})) == (403, "forbidden")
    assert desk.publish().status_code == 201, "the same version again"
    assert code(desk.publish(version=3)) == (409, "program_version_taken")
    assert code(desk.publish(program_id="other", organisation_id="nobody")) == (422, "organisation_unknown")
    assert desk.publish(version=2, effective_from="2030-01-01").status_code == 201
    assert desk.patient.get("/v1/programs/self-pay").json()["version"] == 1
    assert desk.patient.get("/v1/programs/self-pay", version=2).json()["version"] == 2
    assert desk.patient.get("/v1/programs/self-pay", version=9).status_code == 404
    assert desk.patient.get("/v1/programs/none").status_code == 404
    (row,) = desk.patient.get("/v1/programs").json()["items"]
    assert row["version"] == 2
    for name in ("north", "south", "west"):
        body = {"organisation_id": name, "kind": "facility", "name": f"{name} hospital", "state": "MA"}
        assert desk.admin.post("/v1/organisations", body).json() == {"organisation_id": name, "version": 1}
    assert desk.admin.post("/v1/organisations", body).json()["version"] == 1
    assert code(desk.admin.post("/v1/organisations", {**body, "name": "x"})) == (409, "organisation_exists")
    listed = desk.nurse.get("/v1/organisations", kind="facility").json()["items"]
    assert [each["organisation_id"] for each in listed] == ["north", "south", "west"]
    assert desk.nurse.get("/v1/organisations/north").json()["name"] == "north hospital"
    assert desk.nurse.get("/v1/organisations/east").status_code == 404
    assert desk.nurse.get("/v1/jurisdictions").json()["version"] == 0
    (registered, *_) = desk.facts(intake.OrganisationRegistered)
    assert registered.state == "MA"


def test_a_program_names_who_has_a_case_at_first(desk):
    body = program(program_id="orphans").model_dump(mode="json")
    answer = desk.admin.post("/v1/programs", {**body, "default_owner": ""})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/default_owner")
    assert desk.admin.get("/v1/programs/orphans").status_code == 404


PAYING = {Role.FINANCE, Role.OPERATIONS, Role.ORGANISATION_ADMIN}


@pytest.mark.parametrize("role", list(Role))
def test_what_a_program_pays_its_specialists_is_for_those_who_deal_with_it(desk, role):
    price = desk.client(role).get("/v1/programs/self-pay").json()["price"]
    assert price["amount_minor"] == 60_000
    assert price.get("honorarium_minor") == (50_000 if role in PAYING else None)
    assert ("honorarium_minor" in price) is (role in PAYING)


def test_apart_from_that_a_program_is_shown_as_it_was_published(desk):
    shown = desk.admin.get("/v1/programs/self-pay").json()
    assert shown == program().model_dump(mode="json")
