"""The pages Specialists and Reports, and what of them is CSV. Who sees what is asked of the one matrix, for every view and every file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Annotated
from urllib.parse import urlencode

from fastapi import FastAPI, Query, Request
from fastapi.responses import Response, StreamingResponse
from nicegui import ui

from rso_operations import employer, looks, session, specialists, view_reports, view_specialists
from rso_operations.addresses import told
from rso_operations.drawn import Drawn
from rso_operations.reporting import Asked, Report, Row
from rso_operations.reports import REPORTS
from rso_operations.sheets import sheet
from rso_operations.showing import PATH, Content, show
from rso_operations.specialists import Place, Wanted
from rso_shared.kit import cursor
from rso_shared.kit.auth import Principal
from rso_shared.kit.errors import DomainError, unknown
from rso_shared.kit.service import Service
from rso_shared.kit.web.call import Purpose

CSV_PAGE = 500
DIRECTORY, MONEY = "specialist.read", "money_report.read"


def mount(app: FastAPI, service: Service, drawn: Drawn) -> None:
    @ui.page("/specialists", title="Specialists", dark=None)
    async def specialists_page(request: Request, after: Annotated[str, Query()] = "") -> Response | None:
        wanted = Wanted.of(request.query_params)

        def opened(who: Principal) -> Content:
            _read(service, request, who, DIRECTORY, "specialists")
            shown = ("specialists", wanted, after)
            draw = partial(drawn.of, shown, lambda: _specialists(service, wanted, after))
            return Content(draw, view_specialists.form(wanted))

        return await show(service, request, "Specialists", opened)

    @ui.page("/reports", title="Reports", dark=None)
    async def reports_page(request: Request) -> Response | None:
        now = service.clock.now()
        asked, of = Asked.of(request.query_params, now), Employer.of(request.query_params, now)

        def opened(who: Principal) -> Content:
            _read(service, request, who, session.SEES, "reports")
            return Content(cache(lambda: _reports(service, asked, of, who)), _form(service, asked, of))

        return await show(service, request, "Reports", opened)

    app.add_api_route(f"{PATH}/specialists.csv", _specialists_csv, include_in_schema=False)
    app.add_api_route(f"{PATH}/reports/{{name}}.csv", _report_csv, include_in_schema=False)


def _read(service: Service, request: Request, who: Principal, permission: str, what: str) -> None:
    """Raises 403 for those who may not see it."""
    who.reach(permission)
    looks.note(service, request, who, what, Purpose.QUALITY_REVIEW)


def _specialists(service: Service, wanted: Wanted, after: str) -> str:
    now = service.clock.now()
    try:
        place = Place(*cursor.decode(service.keys, after, 2)) if after else None
    except DomainError:
        place = None  # an address of another time or place: the list begins at its beginning
    with service.db.read() as tx:
        found = specialists.page(tx, wanted, now, place)
    following = cursor.encode(service.keys, found.next.key, found.next.specialist_id) if found.next else None
    return view_specialists.page(found, wanted, now, following)


@dataclass(frozen=True, slots=True)
class Employer:
    """Of whom, and of which month: none that is not over by the instant the reports are as of."""

    sponsor: str
    month: employer.Month

    @classmethod
    def of(cls, query: Mapping[str, str], now: datetime) -> "Employer":
        known = min(now, Asked.of(query, now).known)
        return cls(told(query, "sponsor"), employer.month(query.get("month", ""), known))

    def address(self) -> str:
        return "?" + urlencode({"sponsor": self.sponsor, "month": self.month.name})


def _form(service: Service, asked: Asked, of: Employer) -> str:
    with service.db.read() as tx:
        known = employer.sponsors(tx)
    return view_reports.form(asked, known, of.sponsor, of.month.name)


def _reports(service: Service, asked: Asked, of: Employer, who: Principal) -> str:
    """Drawn once per look: what is counted may be a year of cases."""
    with service.db.read() as tx:
        made = [
            view_reports.report(report, counted(tx, asked), asked.address())
            for report, counted in REPORTS.values()
            if who.may(MONEY) or not report.money
        ]
        if of.sponsor:
            rows = employer.employer(tx, of.sponsor, of.month)
            made.append(view_reports.employer(rows, of.sponsor, of.month, of.address()))
    return view_reports.head(asked) + "".join(made)


def _specialists_csv(request: Request) -> Response:
    service: Service = request.app.state.service
    try:
        _read(service, request, session.staff(service, request.cookies), DIRECTORY, "specialists")
    except DomainError as refusal:
        return Response(refusal.detail, refusal.status, media_type="text/plain")
    return _file(_specialist_lines(service, Wanted.of(request.query_params)), "specialists")


def _report_csv(request: Request, name: str) -> Response:
    service: Service = request.app.state.service
    try:
        who = session.staff(service, request.cookies)
        report = _report(name)
        _read(service, request, who, MONEY if report.money else session.SEES, f"report_{report.name}")
    except DomainError as refusal:
        return Response(refusal.detail, refusal.status, media_type="text/plain")
    return _file(_report_lines(service, report, request.query_params), report.name)


def _report(name: str) -> Report:
    if name == employer.EMPLOYER.name:
        return employer.EMPLOYER
    if name not in REPORTS:
        raise unknown("report_unknown", "There is no such report.")
    return REPORTS[name][0]


def _file(lines: Iterator[str], name: str) -> Response:
    named = {"content-disposition": f"attachment; filename={name}.csv", "cache-control": "no-store"}
    return StreamingResponse(lines, media_type="text/csv", headers=named)


def _specialist_lines(service: Service, wanted: Wanted) -> Iterator[str]:
    """Page by page, so that neither memory nor a transaction grows with the list."""
    place, head = None, True
    while head or place is not None:
        with service.db.read() as tx:
            found = specialists.page(tx, wanted, service.clock.now(), place, CSV_PAGE)
        yield specialists.csv_lines(iter(found.rows), head=head)
        place, head = found.next, False


def _report_lines(service: Service, report: Report, query: Mapping[str, str]) -> Iterator[str]:
    """The head at once; what is counted follows when it is."""
    yield sheet([[column.name for column in report.columns]])
    rows = _counted(service, report, query)
    for at in range(0, len(rows), CSV_PAGE):
        yield sheet(rows[at : at + CSV_PAGE])


def _counted(service: Service, report: Report, query: Mapping[str, str]) -> list[Row]:
    now = service.clock.now()
    with service.db.read() as tx:
        if report is employer.EMPLOYER:
            of = Employer.of(query, now)
            return employer.employer(tx, of.sponsor, of.month)
        return list(REPORTS[report.name][1](tx, Asked.of(query, now)))
