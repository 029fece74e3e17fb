"""One address for all services: the routing table is generated from the services' own paths. No logic lives here."""

import re
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

_PARAMETER = re.compile(r"\{[^}]+\}")


class RouteClashError(Exception):
    """Two services claim one path."""


@dataclass(frozen=True, slots=True)
class Route:
    pattern: re.Pattern[str]
    service: str
    internal: bool


def normal(template: str) -> str:
    """Two templates that match the same paths are the same: parameter names do not matter."""
    return _PARAMETER.sub("{}", template)


def routing_table(apps: dict[str, FastAPI]) -> list[Route]:
    """Every path of every service, literal segments before parameters. Raises RouteClashError."""
    owners: dict[str, str] = {}
    for name, app in apps.items():
        for template in app.openapi()["paths"]:
            owner = owners.setdefault(normal(template), name)
            if owner != name:
                raise RouteClashError(f"{template} is claimed by {owner} and by {name}")
    ordered = sorted(owners.items(), key=lambda item: (item[0].count("{}"), item[0]))
    return [_route(template, service) for template, service in ordered]


def _route(template: str, service: str) -> Route:
    pattern = re.compile("^" + re.escape(template).replace(r"\{\}", "[^/]+") + "$")
    return Route(pattern, service, template.startswith("/internal/"))


class Dispatcher:
    """Hands each request to the service that owns its path; the rest goes to `fallback` (the pages)."""

    def __init__(self, apps: dict[str, FastAPI], fallback: ASGIApp, *, internal: bool) -> None:
        self._apps, self._fallback, self._internal = apps, fallback, internal
        self._routes = [route for route in routing_table(apps) if internal or not route.internal]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._target(scope)(scope, receive, send)

    def _target(self, scope: Scope) -> ASGIApp:
        if scope["type"] == "http":
            for route in self._routes:
                if route.pattern.match(scope["path"]):
                    return self._apps[route.service]
        return self._fallback
