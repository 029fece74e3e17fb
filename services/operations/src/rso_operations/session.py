"""Who looks at the pages: a bearer token in a cookie that scripts cannot read and other sites cannot send.

The token is verified for every view and every refresh, as it is for the API. Nothing about a session is kept on this side but that its
owner ended it, so that any replica can show any page. A development deployment signs tokens for named roles itself, for callers on the
machine alone.
"""

import math
import secrets
import time
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from rso_operations import acting, engine_room, signed_out
from rso_operations.markup import STYLE, text, words
from rso_shared.contracts.permissions import MATRIX, Reach
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.auth import Issuer, Principal
from rso_shared.kit.errors import DomainError, Transient
from rso_shared.kit.service import Service

COOKIE, HOME, SIGN_IN = "rso_session", "/operations/", "/operations/sign-in"
SHIFT_SECONDS = 8 * 3600
SEES = "case.list"
"""Whoever may list every case may see these pages; what else a page shows it asks the matrix for."""
ROLES = {
    role: does
    for role, does in (
        (Role.OPERATIONS, "sees everything that runs, and its trouble"),
        (Role.CARE_COORDINATOR, "owns cases, keeps everyone to their promise"),
        (Role.NURSE_CARE_MANAGER, "judges records, writes summaries"),
        (Role.RECORDS_SPECIALIST, "asks facilities for records"),
        (Role.QUALITY_REVIEWER, "reviews opinions"),
        (Role.MEDICAL_DIRECTOR, "decides what only a physician may"),
        (Role.FINANCE, "charges, invoices, honoraria"),
    )
    if MATRIX[SEES].get(role) is Reach.ANY
}
AWAY = (SQLAlchemyError, Transient)
"""What the database of these pages raises while it is away."""
router = APIRouter(include_in_schema=False)


def who(service: Service, cookies: Mapping[str, str]) -> Principal | None:
    """None for a stranger: nobody signed in, or not any more. Raises DomainError 403 for one who may not see cases. Asks the database."""
    token = cookies.get(COOKIE, "")
    try:
        principal = service.verifier.verify(f"Bearer {token}")
    except DomainError:
        return None
    with service.db.read() as tx:
        if signed_out.ended(tx, token):
            return None
    if principal.reach(SEES) is not Reach.ANY:
        raise DomainError("forbidden", "These pages are for the staff of the program.", status=403)
    return principal


def staff(service: Service, cookies: Mapping[str, str]) -> Principal:
    """For a file, where nobody can be led to the sign-in. Raises DomainError 401 or 403."""
    principal = who(service, cookies)
    if principal is None:
        raise DomainError("token_missing", "Sign in first.", status=401)
    return principal


def shown(principal: Principal) -> str:
    return f"{principal.subject}, {str(principal.role).replace('_', ' ')}"


@router.get(SIGN_IN)
def sign_in(request: Request, next: str = HOME) -> HTMLResponse:  # noqa: A002 - the name stands in the address
    return HTMLResponse(_page(request, next), headers={"Cache-Control": "no-store"})


@router.post(SIGN_IN)
async def enter(request: Request) -> Response:
    """Takes a token, or in development a role. A token that is not valid leads back to the form, which says so."""
    form = _form(await request.body())
    service: Service = request.app.state.service
    token = form.get("token", "").strip() or _signed(request, form.get("role", ""))
    try:
        found = await run_in_threadpool(who, service, {COOKIE: token})
    except DomainError as refusal:
        return HTMLResponse(_page(request, form.get("next", HOME), refusal.detail), refusal.status)
    if found is None:
        said = "This token is not valid here, or it has expired or was signed out. <code>rso token operations</code> makes one."
        return HTMLResponse(_page(request, form.get("next", HOME), said), 401)
    answer = RedirectResponse(_inside(form.get("next", HOME)), 303)
    secure = service.settings.public_url.startswith("https:")
    answer.set_cookie(
        COOKIE, token, path="/operations", httponly=True, samesite="strict", secure=secure, max_age=SHIFT_SECONDS
    )
    return answer


@router.post("/operations/act/{name}/{case_id}")
async def do(request: Request, name: str, case_id: str) -> JSONResponse:
    return await _told(_done(request, name, case_id))


@router.post("/operations/replay/{short}/{consumer}/{key}")
async def try_again(request: Request, short: str, consumer: str, key: str) -> JSONResponse:
    """For a key that a service has set aside."""
    return await _told(_replayed(request, short, consumer, key))


async def _told(doing: Awaitable[str]) -> JSONResponse:
    """A refusal, here or at the owning service, comes back in words with its status and code."""
    try:
        return JSONResponse({"done": await doing})
    except DomainError as refusal:
        return JSONResponse({"code": refusal.code, "detail": refusal.detail}, refusal.status)


async def _replayed(request: Request, short: str, consumer: str, key: str) -> str:
    token, service = await run_in_threadpool(_signed_in, request), request.app.state.service
    sent = request.headers.get("idempotency-key", "")
    return await engine_room.replay(service.settings, token, short, consumer, key, sent)


async def _done(request: Request, name: str, case_id: str) -> str:
    token, service = await run_in_threadpool(_signed_in, request), request.app.state.service
    key, given = request.headers.get("idempotency-key", ""), _form(await request.body())
    return await acting.act(service.settings.public_url, token, case_id, name, given, key)


def _signed_in(request: Request) -> str:
    """The token. Raises DomainError 401."""
    if who(request.app.state.service, request.cookies) is None:
        said = "You are signed out. Sign in again in another tab; what you typed is kept."
        raise DomainError("token_expired", said, status=401)
    return request.cookies[COOKIE]


@router.post("/operations/sign-out")
def leave(request: Request) -> RedirectResponse:
    """Ends the session in every window of it, and for whoever has copied its cookie."""
    with suppress(DomainError):  # nobody was signed in any more
        _end(request.app.state.service, request.cookies.get(COOKIE, ""))
    answer = RedirectResponse(SIGN_IN, 303)
    answer.delete_cookie(COOKIE, path="/operations")
    return answer


def _end(service: Service, token: str) -> None:
    until = math.ceil(service.verifier.expires(f"Bearer {token}"))
    with service.db.write() as tx:
        signed_out.end(tx, token, until, int(time.time()))


def _form(body: bytes) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}


def _inside(address: str) -> str:
    """Only to a page of ours: an address from outside would lead whoever has just signed in to anywhere."""
    parts = urlsplit(address)
    ours = not parts.scheme and not parts.netloc and parts.path.startswith(HOME) and "\\" not in address
    return address if ours else HOME


def _development(request: Request) -> bool:
    """A deployment that signs its own tokens, and a caller on the machine itself."""
    service: Service = request.app.state.service
    host = request.client.host if request.client else ""
    try:
        near = ip_address(host).is_loopback
    except ValueError:
        near = False
    return near and service.settings.development_sign_in and service.settings.service_token_key is not None


def _signed(request: Request, code: str) -> str:
    service: Service = request.app.state.service
    role, key = next((role for role in ROLES if role == code), None), service.settings.service_token_key
    if role is None or key is None or not _development(request):
        return ""
    issuer = Issuer(key.get_secret_value().encode(), service.settings.issuer)
    operator = service.settings.operator_organisation_id
    subject = f"dev-{role.value.replace('_', '-')}"
    return issuer.token(subject, role, operator, seconds=SHIFT_SECONDS, token_id=secrets.token_hex(16))


def _page(request: Request, next_: str, trouble: str = "") -> str:
    hidden = f"<input type='hidden' name='next' value='{text(_inside(next_))}'>"
    roles = "".join(
        f"<button name='role' value='{role.value}'><b>{words(role)}</b><span>{does}</span></button>"
        for role, does in ROLES.items()
    )
    development = (
        f"<form method='post' class='roles'>{hidden}<h2>Development: continue as</h2>{roles}</form>"
        if _development(request)
        else ""
    )
    said = f"<p role='alert' class='late'>{trouble}</p>" if trouble else ""
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        "<link rel='icon' href='data:,'>"
        f"<title>Sign in</title><style>{STYLE.read_text()}</style></head><body class='alone'><main class='ops'>"
        f"<h1>Second opinions</h1><p class='sum'>The pages of the program's staff.</p>{said}{development}"
        f"<form method='post' class='token'>{hidden}<h2>With a token</h2><label>Token of your organisation's sign-in"
        "<textarea name='token' rows='4' spellcheck='false' autocomplete='off' required></textarea></label>"
        "<button>Sign in</button></form></main></body></html>"
    )
