"""The live page, on NiceGUI. It keeps its pages in module globals, so it is mounted once per process."""

from ipaddress import ip_address
from typing import Annotated

from fastapi import FastAPI, HTTPException, Query, Request
from nicegui import run, ui

from rso_operations import board, view
from rso_shared.contracts.vocabulary import Stage
from rso_shared.kit.service import Service

PATH = "/operations"
REFRESH_SECONDS = 1.0


def mount(app: FastAPI, service: Service) -> None:
    """Serves the page, its assets and its socket under `/operations/`. The app's lifespan must run for it to be live."""

    @ui.page("/", title="Cases by stage", dark=None)
    async def cases(request: Request, stage: Annotated[Stage | None, Query()] = None) -> None:
        _refuse_strangers(request)
        ui.add_css(view.STYLE)
        shown = ui.html(await _drawn(service, stage) or "", sanitize=False).classes("ops")

        async def refresh() -> None:
            content = await _drawn(service, stage)
            if content is not None:
                shown.set_content(content)

        ui.timer(REFRESH_SECONDS, refresh)

    ui.run_with(app, mount_path=PATH, title="Operations", dark=None, show_welcome_message=False)


async def _drawn(service: Service, stage: Stage | None) -> str | None:
    """In a thread: the event loop of this process also serves everyone else. None while the process is stopping."""
    return await run.io_bound(_draw, service, stage)


def _draw(service: Service, stage: Stage | None) -> str:
    with service.db.read() as tx:
        snapshot = board.snapshot(tx, stage)
    return view.page(snapshot, service.clock.now(), stage)


def _refuse_strangers(request: Request) -> None:
    """There is no sign-in on this page yet, so it answers on the machine itself and nowhere else."""
    host = request.client.host if request.client else ""
    try:
        near = ip_address(host).is_loopback
    except ValueError:
        near = False
    if not near:
        raise HTTPException(404)
