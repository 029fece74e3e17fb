"""Every route says for whom it is and who may; every path belongs to one service; every command has its key."""

import ast
import re
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

from fastapi.openapi.utils import get_openapi

from architecture.tree import ROOT, functions, parsed, routes, short
from rso_shared.contracts.permissions import MATRIX, Reach
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.names import SERVICES, ServiceName
from rso_shared.kit.web import as_of

WITHOUT_PERMISSION = {"livez", "readyz"}
"""A watchdog has no token."""

AWAITING = {
    "/v1/cases/{case_id}/documents": "its body is awaited piece by piece",
    "/v1/cases/{case_id}/workflow": "it asks Temporal",
    "/v1/clock/advance": "it asks Temporal",
}
"""Every other route runs on a thread: no database call may hold the loop."""

OWN_FILTER = {
    "/v1/programs",
    "/v1/organisations",
    "/v1/cases",
    "/v1/offers",
    "/v1/offers/{offer_id}",
    "/v1/offers/{offer_id}/attestation",
    "/v1/offers/{offer_id}/acceptance",
    "/v1/offers/{offer_id}/decline",
    "/v1/reviews",
    "/v1/honoraria",
    "/v1/endpoints",
    *(
        f"/v1/endpoints/{{endpoint_id}}{path}"
        for path in (
            "",
            "/attempts",
            "/changes",
            "/cursor",
            "/pause",
            "/queue",
            "/redeliveries",
            "/removal",
            "/resumption",
            "/secret",
            "/secret-rotations",
            "/tests",
        )
    ),
    "/v1/events",
    "/v1/grants",
    "/v1/grants/{grant_id}/end",
}
"""Lists and things that have an id of their own: they are filtered by the caller, where they are read."""

LOOKS_BACK = {
    "/v1/cases/{case_id}/assignment",
    "/v1/cases/{case_id}/authorizations",
    "/v1/cases/{case_id}/charges",
    "/v1/cases/{case_id}/checklist",
    "/v1/cases/{case_id}/documents",
    "/v1/cases/{case_id}/invoices",
    "/v1/cases/{case_id}/match-decision",
    "/v1/cases/{case_id}/opinion",
    "/v1/cases/{case_id}/payments/{payment_id}",
    "/v1/cases/{case_id}/person",
    "/v1/cases/{case_id}/questions",
    "/v1/cases/{case_id}/record-requests",
    "/v1/cases/{case_id}/report",
    "/v1/cases/{case_id}/report.pdf",
    "/v1/cases/{case_id}/summary",
    "/v1/cases/{case_id}/timeline",
    "/v1/ledger/trial-balance",
    "/v1/persons/{person_id}/erasure",
    "/v1/specialists/{specialist_id}",
}
"""They take `as_of`, and their documents say so."""

WITHIN_ANSWERS = {"specialist_pay.read", "money_report.read"}
"""They open a part of what a route with another permission answers, or of a page for the staff."""

OWN_REPEAT = {"advance", "enter", "leave", "do", "try_again"}
"""Moving the clock to an instant it has reached changes nothing; it asks for the key like every POST. Signing in to the pages and out
again keeps nothing here, and an act of theirs hands the key on to the service that owns the command.
"""
PAGES = {f"services/operations/src/rso_operations/{name}.py" for name in ("pages", "report_pages")}
"""Their addresses are for people and stand in no document."""


def test_every_route_declares_its_audience_and_it_fits_its_path() -> None:
    for owned in routes():
        path, short_ = owned.route.path, owned.service.short
        if owned.audience == "internal":
            assert path.startswith(f"/internal/v1/{short_}/"), owned
        else:
            assert owned.audience in {"public", "staff"}, owned
            assert path.startswith("/v1/"), owned


def test_every_route_asks_for_one_permission() -> None:
    for owned in routes():
        if owned.route.path.rsplit("/", 1)[1] in WITHOUT_PERMISSION:
            continue
        assert len(owned.permissions) == 1, owned


def test_a_permission_whose_reach_is_a_case_stands_only_on_paths_that_name_one() -> None:
    """Without a case in the path nobody checks the reach but the route itself."""
    loose = {
        owned.route.path
        for owned in routes()
        if "{case_id}" not in owned.route.path
        and any(
            reach not in {Reach.ANY, Reach.OPERATOR} for name in owned.permissions for reach in MATRIX[name].values()
        )
    }
    assert loose == OWN_FILTER


def test_the_documents_list_as_of_exactly_where_it_is_taken() -> None:
    """Everywhere else it is refused, by the one dependency that every route has."""
    taken = set()
    for owned in routes():
        names = {each.alias for part in owned.route.dependant.dependencies for each in part.query_params}
        assert ("as_of" in names) == as_of.takes(owned.route), owned
        assert not as_of.takes(owned.route) or "GET" in owned.route.methods, owned
        taken |= {owned.route.path} if as_of.takes(owned.route) else set()
    assert {"/v1/cases/{case_id}/timeline", "/v1/cases/{case_id}/charges", "/v1/cases/{case_id}/opinion"} <= taken
    assert not {"/v1/cases/{case_id}", "/v1/offers/{offer_id}"} & taken


def test_internal_commands_may_be_given_by_services() -> None:
    for owned in routes():
        if owned.audience == "internal" and "POST" in owned.route.methods and "/parked/" not in owned.route.path:
            (permission,) = owned.permissions
            assert Role.SERVICE in MATRIX[permission], owned


def test_coordination_is_for_services_alone() -> None:
    rows = {name: set(row) for name, row in MATRIX.items() if name.endswith(".coordinate")}
    assert {name for name, roles in rows.items() if roles != {Role.SERVICE}} == set()


def test_every_path_belongs_to_one_service() -> None:
    owners = defaultdict(set)
    for owned in routes():
        owners[re.sub(r"\{[^}]*\}", "{}", owned.route.path)].add(owned.service.short)
    assert {path: names for path, names in owners.items() if len(names) > 1} == {}
    claims = Counter((method, owned.route.path) for owned in routes() for method in owned.route.methods)
    assert [claim for claim, times in claims.items() if times > 1] == []


def test_no_permission_is_written_that_no_route_asks_for() -> None:
    asked = {name for owned in routes() for name in owned.permissions}
    assert set(MATRIX) - asked == WITHIN_ANSWERS


def test_routes_run_on_threads_except_streams() -> None:
    assert {owned.route.path for owned in routes() if _is_async(owned.route.endpoint)} == set(AWAITING)


def _is_async(endpoint: object) -> bool:
    return bool(getattr(getattr(endpoint, "__code__", None), "co_flags", 0) & 0x80)


@cache
def _commanding(service: ServiceName) -> set[str]:
    """Names of functions of a service in which a command is run, be it in a function they name."""
    named: dict[str, set[str]] = defaultdict(set)
    for file in _files(service):
        for function in functions(parsed(file)):
            named[function.name] |= _named(function)
    found = {name for name, others in named.items() if ".command" in others}
    while more := {name for name, others in named.items() if others & found} - found:
        found |= more
    return found


def _files(service: ServiceName) -> list[Path]:
    return sorted((ROOT / "services" / service.folder / "src").rglob("*.py"))


def _named(function: ast.AST) -> set[str]:
    nodes = list(ast.walk(function))
    called = {node.func for node in nodes if isinstance(node, ast.Call)}
    methods = {f".{func.attr}" for func in called if isinstance(func, ast.Attribute)}
    return methods | {node.id for node in nodes if isinstance(node, ast.Name)}


def _verbs(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    decorators = [item.func for item in function.decorator_list if isinstance(item, ast.Call)]
    return {item.attr for item in decorators if isinstance(item, ast.Attribute)}


def test_every_post_runs_its_command_under_an_idempotency_key() -> None:
    without = [
        f"{short(file)}:{function.lineno} {function.name}"
        for service in SERVICES
        for file in _files(service)
        for function in functions(parsed(file))
        if "post" in _verbs(function) and function.name not in _commanding(service) | OWN_REPEAT
    ]
    assert without == []


def test_nothing_is_put_patched_or_deleted() -> None:
    """A change is a command: something that happened, under its own path."""
    verbs = {method for owned in routes() for method in owned.route.methods}
    assert verbs <= {"GET", "POST"}


def test_what_can_look_back_says_so_in_its_document() -> None:
    """The parameter with its format, an example and the code of its refusal."""
    document = get_openapi(title="", version="", routes=[owned.route for owned in routes()])
    listed = {
        path: parameter
        for path, operations in document["paths"].items()
        for operation in operations.values()
        for parameter in operation.get("parameters", ())
        if parameter["name"] == "as_of"
    }
    assert set(listed) == LOOKS_BACK
    for path, parameter in listed.items():
        assert parameter["in"] == "query", path
        assert not parameter["required"], path
        assert parameter["schema"]["format"] == "date-time", path
        assert parameter["schema"]["examples"], path
        assert "422 `as_of_invalid`" in parameter["description"], path


def test_nobody_but_the_kit_reads_a_query_by_hand() -> None:
    """A parameter that is read by hand stands in no document."""
    found = [
        f"{short(file)}:{node.lineno}"
        for service in SERVICES
        for file in _files(service)
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Attribute) and node.attr == "query_params" and short(file) not in PAGES
    ]
    assert found == []
