"""The source tree as the architecture tests see it."""

import ast
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi.routing import APIRoute

from rso_shared.kit.names import SERVICES, ServiceName
from rso_shared.kit.spec import ServiceSpec
from rso_shared.kit.web import health

ROOT = Path(__file__).parents[2]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources() -> list[Path]:
    """Every Python file that is shipped, except generated migrations."""
    folders = [ROOT / "shared/src", ROOT / "deploy/onebox/src", *sorted(ROOT.glob("services/*/src"))]
    files = [file for folder in folders for file in sorted(folder.rglob("*.py"))]
    return [file for file in files if "versions" not in file.parts]


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def short(file: Path) -> str:
    return str(file.relative_to(ROOT))


def functions(tree: ast.AST) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imports(tree: ast.AST) -> Iterator[str]:
    """Dotted names of everything that is imported, also inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@dataclass(frozen=True, slots=True)
class Owned:
    """One route of one service."""

    service: ServiceName
    route: APIRoute

    @property
    def audience(self) -> str | None:
        return (self.route.openapi_extra or {}).get("x-audience")

    @property
    def permissions(self) -> set[str]:
        calls = [dependency.call for dependency in self.route.dependant.dependencies]
        return {call.__dict__["permission"] for call in calls if "permission" in getattr(call, "__dict__", {})}

    def __str__(self) -> str:
        return f"{'/'.join(sorted(self.route.methods))} {self.route.path} ({self.service.short})"


@cache
def spec(service: ServiceName) -> ServiceSpec:
    found: ServiceSpec = importlib.import_module(f"{service.package}.app").SPEC
    return found


def _api(route: APIRoute) -> bool:
    """Pages for people are not part of the API; they show no data of a case."""
    return route.include_in_schema


@cache
def routes() -> tuple[Owned, ...]:
    found = []
    for service in SERVICES:
        for router in (*spec(service).routers, health.router(service.short)):
            found += [Owned(service, route) for route in router.routes if isinstance(route, APIRoute) and _api(route)]
    return tuple(found)
