"""What can be done from a case's page is what the services take: the same paths, permissions and fields."""

import asyncio

import pytest
from fastapi.routing import APIRoute

import rso_billing.app
import rso_intake.app
import rso_matching.app
import rso_records_compiler.app
import rso_subscriptions.app
from operations.cases import CASE
from rso_operations import acting
from rso_operations.acts import ACTS, LONGEST
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.auth import Principal
from rso_shared.kit.errors import DomainError

NOWHERE = "http://127.0.0.1:9"


SPECS = (
    rso_billing.app.SPEC,
    rso_intake.app.SPEC,
    rso_matching.app.SPEC,
    rso_records_compiler.app.SPEC,
    rso_subscriptions.app.SPEC,
)
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
    route = TAKEN[act.path]
    assert {one.call.permission for one in route.dependant.dependencies if hasattr(one.call, "permission")} == {
        act.permission
    }
    for given in every_choice(act):
        path, body = act.body(CASE, given)
        assert "{" not in path
        if body:
            assert route.body_field._type_adapter.validate_python(body)


def any_of(field):
    return CASE if field.of else (field.options or ("something",))[0]


def every_choice(act):
    first = {field.name: any_of(field) for field in act.fields}
    yield first
    for field in act.fields:
        yield from ({**first, field.name: option} for option in field.options)


CHOSEN = [(act, field) for act in ACTS.values() for field in act.fields if field.options or field.of]
NEEDED = [(act, field) for act in ACTS.values() for field in act.fields if field.needed]


def filled(act, field, value):
    return {each.name: value if each is field else any_of(each) for each in act.fields}


@pytest.mark.parametrize(("act", "field"), NEEDED, ids=lambda each: each.name)
@pytest.mark.parametrize("value", ["", "x" * (LONGEST + 1)])
def test_what_a_form_lacks_is_refused_before_anything_is_sent(act, field, value):
    with pytest.raises(DomainError) as refused:
        act.body(CASE, filled(act, field, value))
    assert (refused.value.status, refused.value.pointer) == (422, f"/{field.name}")


@pytest.mark.parametrize(("act", "field"), CHOSEN, ids=lambda each: each.name)
def test_a_choice_that_is_none_leads_to_no_other_path(act, field):
    with pytest.raises(DomainError):
        act.body(CASE, filled(act, field, "../../erasure"))


def test_each_role_sees_the_acts_it_may_do():
    def names(role):
        return {
            act.name for act in acting.allowed(Principal("x", "operator", role, frozenset({"*"}), of_operator=True))
        }

    assert names(Role.CARE_COORDINATOR) >= {"owner", "priority", "hold", "resume", "withdraw", "close"}
    assert "waive" not in names(Role.CARE_COORDINATOR)
    assert {"waive", "decline"} <= names(Role.MEDICAL_DIRECTOR)
    assert names(Role.FINANCE) == {"approve"}
    finance = Principal("x", "operator", Role.FINANCE, frozenset({"*"}), of_operator=True)
    assert acting.bulk_forms(finance) == "", "an honorarium is one case's own"
    partner = Principal("x", "elsewhere", Role.PRIVACY_OFFICER, frozenset({"*"}))
    assert acting.forms(CASE, partner) == ""


@pytest.mark.parametrize(
    ("name", "case_id", "status"), [("erase", CASE, 404), ("owner", "../programs", 404), ("owner", CASE, 503)]
)
def test_an_unknown_act_a_strange_case_and_a_service_that_is_away(name, case_id, status):
    with pytest.raises(DomainError) as refused:
        asyncio.run(acting.act(NOWHERE, "t", case_id, name, {"owner": "nurse-1"}, "k"))
    assert refused.value.status == status
