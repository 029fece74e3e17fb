"""The HTTP side of a process: its service's routes where it has any, and its own health and metrics."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator

import uvicorn
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from rso_shared.kit import metrics
from rso_shared.kit.service import Service
from rso_shared.kit.web.health import accepting, readiness

KEEP_ALIVE_SECONDS = 60
GRACE_SECONDS = 25
"""How long requests in hand may take after the process was told to end."""
Answer = Callable[[], Awaitable[Response]]


class Listener(uvicorn.Server):
    """Signals belong to the process, not to its listener."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Face:
    """`/livez`, `/readyz`, `/acceptz` and `/metrics` of this process; everything else is `inner`'s, or nobody's.

    `/acceptz` is for whoever sends requests here: 503 only while no command could be taken.
    """

    def __init__(self, service: Service, inner: ASGIApp | None, *, sends: bool) -> None:
        self._service, self._inner, self._sends = service, inner, sends
        self._own: dict[str, Answer] = {
            "/livez": self._livez,
            "/readyz": self._readyz,
            "/acceptz": self._acceptz,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._own.get(scope["path"]) if scope["type"] == "http" else None
        if answer is not None:
            await (await answer())(scope, receive, send)
        elif self._inner is not None:
            await self._inner(scope, receive, send)
        else:
            await Response(status_code=404)(scope, receive, send)

    async def _livez(self) -> Response:
        return JSONResponse({"status": "alive"})

    async def _acceptz(self) -> Response:
        problems = await asyncio.to_thread(accepting, self._service)
        return JSONResponse({"accepting": not problems, "problems": problems}, 503 if problems else 200)

    async def _readyz(self) -> Response:
        state = await asyncio.to_thread(readiness, self._service, sends=self._sends)
        return JSONResponse(state.model_dump(mode="json"), 200 if state.ready else 503)


def listener(service: Service, app: ASGIApp | None, *, sends: bool) -> Listener | None:
    """An api listens on its port; any other role on its health port, if it was given one."""
    settings = service.settings
    port = settings.health_port if app is None else settings.port
    if port is None:
        return None
    config = uvicorn.Config(
        metrics.beside(Face(service, app, sends=sends)), host=settings.host, port=port,
        log_config=None, access_log=False, server_header=False,
        lifespan="off" if app is None else "on", timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )  # fmt: skip
    return Listener(config)
