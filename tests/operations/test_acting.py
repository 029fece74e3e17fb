"""What can be done from a case's page is what the services take: the same paths, permissions and fields."""

import asyncio

import pytest
from fastapi.routing import APIRoute

import rso_intake.app
import rso_matching.app
import rso_records_compiler.app
from operations.cases import CASE
from rso_operations import acting
from rso_operations.acting import ACTS
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.auth import Principal
from rso_shared.kit.errors import DomainError

NOWHERE = "http://127.0.0.1:9"


SPECS = (rso_intake.app.SPEC, rso_matching.app.SPEC, rso_records_compiler.app.SPEC)
TAKEN = {
    route.path: route
    for spec in SPECS
    for router in spec.routers
    for route in router.routes
    if isinstance(route, APIRoute) and "POST" in route.methods
}
"""Path -> route of every command of the services that own what the staff acts on."""


@pytest.mark.parametrize("act", ACTS.values(), ids=lambda act: act.name)
def test_an_act_is_a_command_of_a_service(act):
    route = TAKEN[f"/v1/cases/{{case_id}}{act.path}"]
    assert {one.call.permission for one in route.dependant.dependencies if hasattr(one.call, "permission")} == {
        act.permission
    }
    _, body = act.body({field.name: (field.options or ("something",))[0] for field in act.fields})
    if body:
        assert route.body_field._type_adapter.validate_python(body)


CHOSEN = [(act, field) for act in ACTS.values() for field in act.fields if field.options]
NEEDED = [(act, field) for act in ACTS.values() for field in act.fields if field.needed]


def filled(act, field, value):
    return {each.name: value if each is field else (each.options or ("x",))[0] for each in act.fields}


@pytest.mark.parametrize(("act", "field"), NEEDED, ids=lambda each: each.name)
@pytest.mark.parametrize("value", ["", "x" * (acting.LONGEST + 1)])
def test_what_a_form_lacks_is_refused_before_anything_is_sent(act, field, value):
    with pytest.raises(DomainError) as refused:
        act.body(filled(act, field, value))
    assert (refused.value.status, refused.value.pointer) == (422, f"/{field.name}")


@pytest.mark.parametrize(("act", "field"), CHOSEN, ids=lambda each: each.name)
def test_a_choice_that_is_none_leads_to_no_other_path(act, field):
    with pytest.raises(DomainError):
        act.body(filled(act, field, "../../erasure"))


def test_each_role_sees_the_acts_it_may_do():
    def names(role):
        return {
            act.name for act in acting.allowed(Principal("x", "operator", role, frozenset({"*"}), of_operator=True))
        }

    assert names(Role.CARE_COORDINATOR) >= {"owner", "priority", "hold", "resume", "withdraw", "close"}
    assert "waive" not in names(Role.CARE_COORDINATOR)
    assert {"waive", "decline"} <= names(Role.MEDICAL_DIRECTOR)
    assert names(Role.FINANCE) == set()
    finance = Principal("x", "operator", Role.FINANCE, frozenset({"*"}))
    assert (acting.forms(CASE, finance), acting.bulk_forms(finance)) == ("", "")


@pytest.mark.parametrize(
    ("name", "case_id", "status"), [("erase", CASE, 404), ("owner", "../programs", 404), ("owner", CASE, 503)]
)
def test_an_unknown_act_a_strange_case_and_a_service_that_is_away(name, case_id, status):
    with pytest.raises(DomainError) as refused:
        asyncio.run(acting.act(NOWHERE, "t", case_id, name, {"owner": "nurse-1"}, "k"))
    assert refused.value.status == status
