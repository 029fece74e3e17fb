"""An administrator of another organisation than the operator: its own programs and its own entry, and nothing else."""

import pytest

from intake.builders import program
from intake.conftest import Desk
from rso_shared.contracts.vocabulary import Role
from support.harness import Client

ELSEWHERE = "north-clinic"
ITSELF = {"organisation_id": ELSEWHERE, "kind": "partner", "name": "North Clinic"}
JURISDICTIONS = {"version": 1, "effective_from": "2026-01-01", "rows": []}


@pytest.fixture
def foreign(desk: Desk) -> Client:
    return desk.client(Role.ORGANISATION_ADMIN, "admin-2", ELSEWHERE)


def _code(answer) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("code")


def test_it_publishes_its_own_programs(desk: Desk, foreign: Client) -> None:
    assert foreign.post("/v1/organisations", ITSELF).status_code == 201
    own = program(program_id="north-review", organisation_id=ELSEWHERE).model_dump(mode="json")
    assert foreign.post("/v1/programs", own).status_code == 201
    assert desk.patient.get("/v1/programs/north-review").json()["organisation_id"] == ELSEWHERE


@pytest.mark.parametrize("owner", ["operator", "south-clinic"])
def test_it_publishes_no_program_of_another(desk: Desk, foreign: Client, owner: str) -> None:
    desk.admin.post("/v1/organisations", {**ITSELF, "organisation_id": "south-clinic"})
    body = program(program_id="north-review", organisation_id=owner).model_dump(mode="json")
    assert _code(foreign.post("/v1/programs", body)) == (403, "organisation_foreign")
    assert desk.admin.get("/v1/programs/north-review").status_code == 404


def test_it_takes_over_no_program_of_another(desk: Desk, foreign: Client) -> None:
    foreign.post("/v1/organisations", ITSELF)
    body = program(version=2, organisation_id=ELSEWHERE).model_dump(mode="json")
    assert _code(foreign.post("/v1/programs", body)) == (422, "program_owner_fixed")


@pytest.mark.parametrize("body", [{**ITSELF, "organisation_id": "south-clinic"}, {"kind": "facility", "name": "New"}])
def test_it_registers_no_other_organisation(foreign: Client, body: dict[str, str]) -> None:
    assert _code(foreign.post("/v1/organisations", body)) == (403, "organisation_foreign")


def test_it_does_not_say_what_the_law_is(desk: Desk, foreign: Client) -> None:
    assert _code(foreign.post("/v1/jurisdictions", JURISDICTIONS)) == (403, "forbidden")
    assert desk.admin.post("/v1/jurisdictions", JURISDICTIONS).status_code == 201


def test_it_does_not_see_what_specialists_are_paid(desk: Desk, foreign: Client) -> None:
    assert "honorarium_minor" not in foreign.get("/v1/programs/self-pay").json()["price"]
    assert "honorarium_minor" in desk.admin.get("/v1/programs/self-pay").json()["price"]


@pytest.mark.parametrize("role", [Role.PATIENT, Role.LEGAL_REPRESENTATIVE, Role.LOCAL_PROVIDER, Role.SPECIALIST])
def test_the_list_of_organisations_is_not_for_everybody(desk: Desk, role: Role) -> None:
    assert _code(desk.client(role).get("/v1/organisations")) == (403, "forbidden")
    assert desk.partner.get("/v1/organisations").status_code == 200


def test_foreign_and_unknown_cases_look_the_same(desk):
    opened = desk.open(desk.partner, terms=None)
    other = desk.client(Role.PARTNER, "client-2", "south-clinic")
    foreign, unknown = (other.get(f"/v1/cases/{id_}").json() for id_ in (opened["case_id"], "nothing"))
    assert {**foreign, "instance": ""} == {**unknown, "instance": ""}
