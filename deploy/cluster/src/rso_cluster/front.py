"""`python -m rso_cluster.front FOLDER PORT`: what the whole answers by itself. Health of all processes, and the API's documents."""

import asyncio
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from rso_cluster.folder import Folder, Running, read_running
from rso_cluster.ports import LOOPBACK
from rso_cluster.topology import READY_PATH
from rso_onebox.datadir import DataDir

ASK_SECONDS = 2.0
KEPT_SECONDS = 1.0
READY = 200


@dataclass(frozen=True, slots=True)
class Whole:
    """`waiting` are the parts of which no replica is ready; `replicas` says of each process what it says of itself."""

    waiting: tuple[str, ...]
    replicas: dict[str, str]

    @property
    def ready(self) -> bool:
        return not self.waiting


def composed(states: dict[str, tuple[str, str]]) -> Whole:
    """`states`: process -> (its part, `ready` or what stands in the way). A part is ready when one of its replicas is."""
    parts = {part for part, _ in states.values()}
    ready = {part for part, state in states.values() if state == "ready"}
    return Whole(tuple(sorted(parts - ready)), {name: state for name, (_, state) in states.items()})


class Front:
    def __init__(self, folder: Folder, http: httpx.AsyncClient) -> None:
        self._folder, self._http = folder, http
        self._asked: tuple[float, Whole] | None = None
        self._one_asks = asyncio.Lock()

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/livez", self._livez),
                Route("/readyz", self._readyz),
                Route("/docs", self._docs),
                Route("/docs/{audience:str}", self._docs),
                Route("/openapi-{audience:str}.json", self._openapi),
            ]
        )

    async def _livez(self, _request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def _readyz(self, _request: Request) -> Response:
        async with self._one_asks:
            if self._asked is None or time.monotonic() - self._asked[0] > KEPT_SECONDS:
                self._asked = time.monotonic(), await self._ask()
        whole = self._asked[1]
        body = {"ready": whole.ready, "waiting": whole.waiting, "replicas": whole.replicas}
        return JSONResponse(body, 200 if whole.ready else 503)

    async def _ask(self) -> Whole:
        everyone = [one for one in read_running(self._folder.processes) if one.service]
        said = await asyncio.gather(*(self._state(one) for one in everyone))
        return composed(
            {one.name: (f"{one.service}-{one.role}", state) for one, state in zip(everyone, said, strict=True)}
        )

    async def _state(self, one: Running) -> str:
        try:
            answer = await self._http.get(f"http://{LOOPBACK}:{one.port}{READY_PATH}")
        except httpx.HTTPError as away:
            return type(away).__name__
        if answer.status_code == READY:
            return "ready"
        return "; ".join(f"{name}: {what}" for name, what in answer.json().get("problems", {}).items())

    async def _docs(self, request: Request) -> Response:
        return self._file(f"docs-{request.path_params.get('audience', 'public')}.html")

    async def _openapi(self, request: Request) -> Response:
        return self._file(f"openapi-{request.path_params['audience']}.json")

    def _file(self, name: str) -> Response:
        """Only what was made for serving: a name is looked up, never put together to a path that leads elsewhere."""
        known = {file.name: file for file in self._folder.ingress.glob("*") if file.suffix in {".html", ".json"}}
        return FileResponse(known[name]) if name in known else Response(status_code=404)


def main(folder: Path, port: int) -> None:
    front = Front(Folder(DataDir(folder)), httpx.AsyncClient(timeout=ASK_SECONDS, trust_env=False))
    uvicorn.run(front.app(), host=LOOPBACK, port=port, log_config=None, access_log=False, server_header=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
