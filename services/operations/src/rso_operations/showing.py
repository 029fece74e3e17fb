"""How every page is shown: its sign-in, its frame, what of it stays as it is and what follows the facts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from nicegui import run, ui

from rso_operations import asking, banners, markup, session
from rso_operations.asking import Asked
from rso_shared.kit.auth import Principal
from rso_shared.kit.errors import DomainError
from rso_shared.kit.service import Service

PATH = "/operations"
REFRESH_SECONDS = 1.0
Draw = Callable[[], str]
UNKNOWN = "The database of these pages does not answer, so nobody knows who may see them. Try again."


@dataclass(frozen=True, slots=True)
class Content:
    """`draw` again and again; `still` once, so that nothing typed in it is lost; `asked` stands below."""

    draw: Draw
    still: str = ""
    asked: Sequence[Asked] = ()


Open = Callable[[Principal], Content]
"""Done once per view, in a thread, for whoever is signed in; what it refuses is not shown."""


async def show(service: Service, request: Request, name: str, opened: Open) -> Response | None:
    """The page for whoever may see it. A stranger is led to the sign-in and back, and nothing is read or drawn for one."""

    def entered() -> tuple[Principal, Content] | None:
        who = session.who(service, request.cookies)
        return None if who is None else (who, opened(who))

    try:
        found = await run.io_bound(entered)
    except DomainError as refusal:
        return Response(refusal.detail, refusal.status, media_type="text/plain")
    except session.AWAY:
        return Response(UNKNOWN, 503, media_type="text/plain")
    if found is None:
        return RedirectResponse(f"{session.SIGN_IN}?next={quote(_address(request))}", 303)
    who, content = found
    ui.add_css(markup.STYLE)
    ui.add_body_html(markup.script(f"{who.organisation_id}/{who.subject}"))
    ui.html(markup.header(name, session.shown(who)), sanitize=False).classes("ops-head")
    with ui.element("main").classes("ops").props("id=content"):
        ui.html(content.still, sanitize=False)
        await _live(service, dict(request.cookies), content.draw)
        for each in content.asked:
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
        except session.AWAY:
            return banners.away(since), None
        since = service.clock.now()
        return made

    def again() -> tuple[str, str | None]:
        try:
            known = session.who(service, cookies)
        except session.AWAY:
            return banners.away(since), None
        return drawn() if known else (banners.GONE, None)

    first = await run.io_bound(drawn) or ("", "")  # nothing while the process is stopping
    above, shown = (ui.html(each or "", sanitize=False) for each in first)

    async def refresh() -> None:
        for place, content in zip((above, shown), await run.io_bound(again) or (), strict=False):
            if content is not None and content != place.content:
                place.set_content(content)
        if above.content == banners.GONE:
            timer.cancel()  # a session that has ended stays so

    timer = ui.timer(REFRESH_SECONDS, refresh)


def _address(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{PATH}{request.url.path.removeprefix(PATH)}{query}"
