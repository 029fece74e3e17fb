"""What the process itself answers: health of all services together and the API's documents. The rest goes to the services."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Iterable

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from rso_onebox.api_page import page
from rso_onebox.composing import AUDIENCES, openapi
from rso_shared.kit.service import Service
from rso_shared.kit.web.health import readiness
from rso_shared.kit.web.problems import problem


class Outside:
    """Paths between services do not exist here."""

    def __init__(self, apps: dict[str, FastAPI], services: Iterable[Service], inner: ASGIApp) -> None:
        self._services, self._inner = tuple(services), inner
        self._own: dict[str, Callable[[Request], Awaitable[Response]]] = {
            "/livez": self._livez,
            "/readyz": self._readyz,
        }
        documents = {name: openapi(apps, name, f"Remote second opinion: {name} API") for name in AUDIENCES}
        self._fixed: dict[str, Response] = {
            f"/openapi-{name}.json": JSONResponse(made) for name, made in documents.items()
        }
        for name, made in documents.items():
            others = tuple(other for other in AUDIENCES if other != name)
            self._fixed[f"/docs/{name}"] = HTMLResponse(page(made, name, others))
        self._fixed["/docs"] = self._fixed["/docs/public"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._answer(scope) if scope["type"] == "http" else None
        await (answer or self._inner)(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response | None:
        path = scope["path"]
        scope["rso_request_id"] = str(uuid.uuid4())
        if path in self._own:
            return await self._own[path](Request(scope))
        if path.startswith("/internal/"):
            return problem(
                Request(scope), 404, "route_unknown", "There is no such path; the OpenAPI document lists them all."
            )
        return self._fixed.get(path)

    async def _livez(self, _request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def _readyz(self, _request: Request) -> Response:
        states = await asyncio.gather(*(asyncio.to_thread(readiness, service) for service in self._services))
        ready = all(state.ready for state in states)
        body = {"ready": ready, "services": [json.loads(state.model_dump_json()) for state in states]}
        return JSONResponse(body, 200 if ready else 503)
