"""Every route says for whom it is and who may; every path belongs to one service; every command has its key."""

import ast
import re
from collections import Counter, defaultdict

from architecture.tree import ROOT, functions, parsed, routes, short
from rso_shared.contracts.permissions import MATRIX, Reach
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.names import SERVICES, ServiceName

WITHOUT_PERMISSION = {"livez", "readyz"}
"""A watchdog has no token."""

STREAMED = "/documents"
"""Its body is awaited piece by piece; every other route runs on a thread."""


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
    """Without a case in the path nobody checks the reach: only lists and submissions, which filter by themselves, may."""
    own_filter = {"case.submit", "case.list", "offer.read", "offer.answer", "honorarium.read"}
    loose = [
        str(owned)
        for owned in routes()
        if "{case_id}" not in owned.route.path
        and any(reach is not Reach.ANY for name in owned.permissions - own_filter for reach in MATRIX[name].values())
    ]
    assert loose == []


def test_internal_commands_are_for_services_alone() -> None:
    for owned in routes():
        if owned.audience == "internal" and "POST" in owned.route.methods and "/parked/" not in owned.route.path:
            (permission,) = owned.permissions
            assert set(MATRIX[permission]) == {Role.SERVICE}, owned


def test_every_path_belongs_to_one_service() -> None:
    owners = defaultdict(set)
    for owned in routes():
        owners[re.sub(r"\{[^}]*\}", "{}", owned.route.path)].add(owned.service.short)
    assert {path: names for path, names in owners.items() if len(names) > 1} == {}
    claims = Counter((method, owned.route.path) for owned in routes() for method in owned.route.methods)
    assert [claim for claim, times in claims.items() if times > 1] == []


def test_no_permission_is_written_that_no_route_asks_for() -> None:
    asked = {name for owned in routes() for name in owned.permissions}
    assert sorted(set(MATRIX) - asked) == []


def test_routes_run_on_threads_except_streams() -> None:
    awaited = [
        str(owned) for owned in routes() if _is_async(owned.route.endpoint) and not owned.route.path.endswith(STREAMED)
    ]
    assert awaited == []


def _is_async(endpoint: object) -> bool:
    return bool(getattr(getattr(endpoint, "__code__", None), "co_flags", 0) & 0x80)


def _commanding(service: ServiceName) -> set[str]:
    """Names of functions of a service in which a command is run, be it in a function they call."""
    calls: dict[str, set[str]] = defaultdict(set)
    for file in (ROOT / "services" / service.folder / "src").rglob("*.py"):
        for function in functions(parsed(file)):
            calls[function.name] |= _called(function)
    found = {name for name, called in calls.items() if ".command" in called}
    while more := {name for name, called in calls.items() if called & found} - found:
        found |= more
    return found


def _called(function: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            called = node.func
            names.add(f".{called.attr}" if isinstance(called, ast.Attribute) else getattr(called, "id", ""))
            names.add(called.attr if isinstance(called, ast.Attribute) else "")
    return names - {""}


def _verbs(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    decorators = [item.func for item in function.decorator_list if isinstance(item, ast.Call)]
    return {item.attr for item in decorators if isinstance(item, ast.Attribute)}


def test_every_post_runs_its_command_under_an_idempotency_key() -> None:
    without = []
    for service in SERVICES:
        commanding = _commanding(service)
        for file in (ROOT / "services" / service.folder / "src").rglob("*.py"):
            for function in functions(parsed(file)):
                if "post" in _verbs(function) and function.name not in commanding:
                    without.append(f"{short(file)}:{function.lineno} {function.name}")
    assert without == []


def test_nothing_is_put_patched_or_deleted() -> None:
    """A change is a command: something that happened, under its own path."""
    verbs = {method for owned in routes() for method in owned.route.methods}
    assert verbs <= {"GET", "POST"}
