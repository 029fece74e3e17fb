"""The staff's pages, on NiceGUI. It keeps its pages in module globals, so they are mounted once per process.

What changes is drawn anew in place; forms stand outside of it, so that nothing that is being typed or chosen is lost.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import FastAPI, Query, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from nicegui import run, ui
from sqlalchemy.exc import SQLAlchemyError

from rso_operations import (
    acting,
    asking,
    banners,
    engine_room,
    listing,
    markup,
    report_pages,
    session,
    today,
    view_case,
    view_cases,
    view_health,
    view_today,
)
from rso_operations.asking import Asked
from rso_operations.casefile import back, casefile
from rso_operations.drawn import Drawn, Lately
from rso_operations.freshness import freshness
from rso_operations.listing import Place, Wanted
from rso_shared.kit import cursor, facts
from rso_shared.kit.auth import Principal
from rso_shared.kit.errors import DomainError, Transient
from rso_shared.kit.service import Service

PATH = "/operations"
REFRESH_SECONDS = 1.0
CSV_PAGE = 1_000
Draw = Callable[[], str]
AWAY = (SQLAlchemyError, Transient)
"""What the database of these pages raises while it is away."""


def mount(app: FastAPI, service: Service) -> None:
    """Serves pages, assets and their socket under `/operations/`. The app's lifespan must run for them to be live."""
    drawn, lately = Drawn(), Lately(asking.SECONDS - 1)

    @ui.page("/", title="Today", dark=None)
    async def today_page(request: Request) -> Response | None:
        return await _shown(
            service,
            request,
            "Today",
            lambda _who: lambda: drawn.of("today", lambda: _today(service)),
            asked=(asking.parked(service, lately),),
        )

    @ui.page("/cases", title="Cases", dark=None)
    async def cases_page(request: Request, after: Annotated[str, Query()] = "") -> Response | None:
        wanted = Wanted.of(request.query_params)
        return await _shown(
            service,
            request,
            "Cases",
            lambda who: _cases_of(service, drawn, wanted, after, pick=bool(acting.allowed(who))),
            lambda who: view_cases.form(wanted) + acting.bulk_forms(who),
        )

    _mount_others(service)
    report_pages.mount(app, service, drawn, _shown, PATH)
    app.include_router(session.router)
    app.add_api_route(f"{PATH}/cases.csv", _csv, include_in_schema=False)
    ui.run_with(app, mount_path=PATH, title="Operations", dark=None, show_welcome_message=False)


def _mount_others(service: Service) -> None:
    @ui.page("/cases/{case_id}", title="Case", dark=None)
    async def case_page(request: Request, case_id: str, at: Annotated[str, Query()] = "") -> Response | None:
        still, past = await run.io_bound(_slider, service, case_id, at) or ("", False)
        now = bool(still) and not past
        return await _shown(
            service,
            request,
            "Case",
            lambda who: lambda: _case(service, case_id, at, who),
            lambda who: still + (acting.forms(case_id, who) if now else ""),
            asked=(asking.match(service, case_id), asking.told(service, case_id)) if now else (),
        )

    @ui.page("/health", title="Health", dark=None)
    async def health_page(request: Request) -> Response | None:
        return await _shown(
            service, request, "Health", lambda _who: lambda: "", _links(service), asked=(asking.health(service),)
        )


async def _shown(
    service: Service,
    request: Request,
    name: str,
    made: Callable[[Principal], Draw],
    still: Callable[[Principal], str] = lambda _who: "",
    entered: Callable[[Principal], None] = lambda _who: None,
    asked: Sequence[Asked] = (),
) -> Response | None:
    """The page for whoever may see it; a stranger is led to the sign-in and back. `still` is not drawn again. `asked` stands below.

    `entered` is done once, in a thread, before anything is shown; what it refuses is not.
    """
    try:
        who = session.who(service, request.cookies)
        if who is not None:
            await run.io_bound(entered, who)
    except DomainError as refusal:
        return Response(refusal.detail, refusal.status, media_type="text/plain")
    if who is None:
        return RedirectResponse(f"{session.SIGN_IN}?next={quote(_address(request))}", 303)
    ui.add_css(markup.STYLE)
    ui.add_body_html(f"<script>{markup.KEYS.read_text()}</script>")
    ui.html(markup.header(name, session.shown(who)), sanitize=False).classes("ops-head")
    with ui.element("main").classes("ops").props("id=content"):
        ui.html(still(who), sanitize=False)
        await _live(service, dict(request.cookies), made(who))
        for each in asked:
            if who.may(each.permission):
                asking.show(service, dict(request.cookies), each)
    return None


async def _live(service: Service, cookies: dict[str, str], draw: Draw) -> None:
    """Drawn anew in a thread: the event loop of this process also serves everyone else. Sent only when it has changed."""
    since = service.clock.now()

    def drawn() -> tuple[str, str | None]:
        """What stands above it, and what is shown; None: as it was."""
        nonlocal since
        try:
            made = banners.above(service), draw()
        except AWAY:
            return banners.away(since), None
        since = service.clock.now()
        return made

    first = await run.io_bound(drawn) or ("", "")  # nothing while the process is stopping
    above, shown = (ui.html(each or "", sanitize=False) for each in first)

    async def refresh() -> None:
        if session.who(service, cookies) is None:
            above.set_content(banners.GONE)
            return
        for place, content in zip((above, shown), await run.io_bound(drawn) or (), strict=False):
            if content is not None and content != place.content:
                place.set_content(content)

    ui.timer(REFRESH_SECONDS, refresh)


def _links(service: Service) -> Callable[[Principal], str]:
    settings = service.settings

    def above(who: Principal) -> str:
        may = who.may(engine_room.PERMISSION)
        return view_health.links(settings.temporal_ui_url, settings.traces_url) + ("" if may else view_health.FORBIDDEN)

    return above


def _address(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{PATH}{request.url.path.removeprefix(PATH)}{query}"


def _today(service: Service) -> str:
    now = service.clock.now()
    with service.db.read() as tx:
        return view_today.page(today.today(tx, now), now, freshness(tx, service.health))


def _cases_of(service: Service, drawn: Drawn, wanted: Wanted, after: str, *, pick: bool) -> Draw:
    return lambda: drawn.of(("cases", wanted, after, pick), lambda: _cases(service, wanted, after, pick=pick))


def _cases(service: Service, wanted: Wanted, after: str, *, pick: bool) -> str:
    try:
        place = Place(*cursor.decode(service.keys, after, 2)) if after else None
    except DomainError:
        place = None  # an address of another time or place: the list begins at its beginning
    now = service.clock.now()
    with service.db.read() as tx:
        if wanted.view == listing.BOARD_VIEW:
            return view_cases.board(listing.columns(tx, wanted, now), wanted, now)
        found = listing.page(tx, wanted, now, place)
    following = cursor.encode(service.keys, found.next.at, found.next.case_id) if found.next else None
    return view_cases.page(found, wanted, now, following, pick=pick)


def _case(service: Service, case_id: str, at: str, who: Principal) -> str:
    known = _known(service, case_id)
    if not known:
        return "<h1>There is no such case</h1><p class='empty'><a href='/operations/cases'>All cases</a></p>"
    then = back(known, at)
    if then and not then.upto:
        return view_case.not_yet(then)
    file = casefile(known, upto=then.upto if then else None, pay=who.may("specialist_pay.read"))
    return view_case.page(file, min(then.at, service.clock.now()) if then else service.clock.now())


def _slider(service: Service, case_id: str, at: str) -> tuple[str, bool]:
    """And whether it is looked back at all."""
    try:
        known = _known(service, case_id)
    except AWAY:
        return "", False
    then = back(known, at)
    return view_case.slider(casefile(known, upto=None, pay=False), then) if known else "", then is not None


def _known(service: Service, case_id: str) -> list[facts.Fact]:
    with service.db.read() as tx:
        return list(facts.all_of(tx, case_id, as_of=None))


def _csv(request: Request) -> Response:
    service: Service = request.app.state.service
    try:
        who = session.who(service, request.cookies)
    except DomainError as refusal:
        return Response(refusal.detail, refusal.status, media_type="text/plain")
    if who is None:
        return Response("Sign in first.", 401, media_type="text/plain")
    named = {"content-disposition": "attachment; filename=cases.csv", "cache-control": "no-store"}
    return StreamingResponse(_lines(service, Wanted.of(request.query_params)), media_type="text/csv", headers=named)


def _lines(service: Service, wanted: Wanted) -> Iterator[Any]:
    """Page by page, so that neither memory nor a transaction grows with the list."""
    place, head, now = None, True, service.clock.now()
    while head or place is not None:
        with service.db.read() as tx:
            found = listing.page(tx, wanted, now, place, CSV_PAGE)
        yield listing.csv_lines(iter(found.rows), head=head)
        place, head = found.next, False
