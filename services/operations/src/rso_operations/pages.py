"""The staff's pages, on NiceGUI. It keeps its pages in module globals, so they are mounted once per process.

What changes is drawn anew in place; forms stand outside of it, so that nothing that is being typed or chosen is lost.
"""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.responses import Response, StreamingResponse
from nicegui import ui

from rso_operations import (
    acting,
    asking,
    engine_room,
    listing,
    looks,
    report_pages,
    session,
    today,
    view_case,
    view_cases,
    view_health,
    view_today,
)
from rso_operations.casefile import back, casefile
from rso_operations.drawn import Drawn, Lately
from rso_operations.freshness import freshness
from rso_operations.listing import Place, Wanted
from rso_operations.showing import PATH, Content, Draw, show
from rso_shared.contracts.intake import CaseSubmitted
from rso_shared.kit import cursor, facts
from rso_shared.kit.auth import Principal
from rso_shared.kit.errors import DomainError
from rso_shared.kit.logs import is_id
from rso_shared.kit.service import Service

CSV_PAGE = 1_000


def mount(app: FastAPI, service: Service) -> None:
    """Serves pages, assets and their socket under `/operations/`. The app's lifespan must run for them to be live."""
    drawn = Drawn()
    _mount_lists(service, drawn)
    _mount_others(service)
    report_pages.mount(app, service, drawn)
    app.include_router(session.router)
    app.add_api_route(f"{PATH}/cases.csv", _csv, include_in_schema=False)
    ui.run_with(app, mount_path=PATH, title="Operations", dark=None, show_welcome_message=False)


def _mount_lists(service: Service, drawn: Drawn) -> None:
    lately = Lately(asking.SECONDS - 1)

    @ui.page("/", title="Today", dark=None)
    async def today_page(request: Request) -> Response | None:
        def opened(who: Principal) -> Content:
            looks.note(service, request, who, "today", looks.purpose(who.role))
            return Content(lambda: drawn.of("today", lambda: _today(service)), asked=(asking.parked(service, lately),))

        return await show(service, request, "Today", opened)

    @ui.page("/cases", title="Cases", dark=None)
    async def cases_page(request: Request, after: Annotated[str, Query()] = "") -> Response | None:
        wanted = Wanted.of(request.query_params)

        def opened(who: Principal) -> Content:
            looks.note(service, request, who, "cases", looks.purpose(who.role))
            draw = _cases_of(service, drawn, wanted, after, pick=bool(acting.allowed(who)))
            return Content(draw, view_cases.form(wanted) + acting.bulk_forms(who))

        return await show(service, request, "Cases", opened)


def _mount_others(service: Service) -> None:
    @ui.page("/cases/{case_id}", title="Case", dark=None)
    async def case_page(request: Request, case_id: str, at: Annotated[str, Query()] = "") -> Response | None:
        return await show(service, request, "Case", lambda who: _opened(service, request, who, case_id, at))

    @ui.page("/health", title="Health", dark=None)
    async def health_page(request: Request) -> Response | None:
        asked = (asking.health(service),)
        return await show(
            service, request, "Health", lambda who: Content(lambda: "", _links(service, who), asked=asked)
        )


def _opened(service: Service, request: Request, who: Principal, case_id: str, at: str) -> Content:
    try:
        known = _known(service, case_id)
    except session.AWAY:
        known = []
    if known or is_id(case_id):  # it may come to be known while the page is open
        why, person = looks.purpose(who.role), _person(known)
        looks.note(service, request, who, "case", why, case_id=case_id, person_id=person)
    then = back(known, at)
    still = view_case.slider(casefile(known, upto=None, pay=False), then) if known else ""
    if not still or then is not None:
        return Content(lambda: _case(service, case_id, at, who), still)
    asked = (asking.match(service, case_id), asking.told(service, case_id))
    return Content(lambda: _case(service, case_id, at, who), still + acting.forms(case_id, who), asked)


def _person(known: list[facts.Fact]) -> str | None:
    return next((fact.data.person_id for fact in known if isinstance(fact.data, CaseSubmitted)), None)


def _links(service: Service, who: Principal) -> str:
    links = view_health.links(service.settings.temporal_ui_url, service.settings.traces_url)
    return links + ("" if who.may(engine_room.PERMISSION) else view_health.FORBIDDEN)


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


def _known(service: Service, case_id: str) -> list[facts.Fact]:
    with service.db.read() as tx:
        return list(facts.all_of(tx, case_id, as_of=None))


def _csv(request: Request) -> Response:
    service: Service = request.app.state.service
    try:
        who = session.staff(service, request.cookies)
        looks.note(service, request, who, "cases", looks.purpose(who.role))
    except DomainError as refusal:
        return Response(refusal.detail, refusal.status, media_type="text/plain")
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
