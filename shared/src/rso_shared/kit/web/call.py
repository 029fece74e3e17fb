"""One request as a route sees it: who calls, what they may, and the one way to run a command."""

import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from anyio import sleep, to_thread
from fastapi import Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

from rso_shared.contracts.permissions import MATRIX, Reach
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit import idempotency, parties, retrying, telemetry
from rso_shared.kit.access_log import Access
from rso_shared.kit.auth import Principal
from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import Transient, forbidden, unknown
from rso_shared.kit.events import Actor, Meta
from rso_shared.kit.service import Service
from rso_shared.kit.web import as_of
from rso_shared.kit.web.problems import Problem

LOOK_AGAIN_SECONDS = 0.02


class Purpose(StrEnum):
    """Why identified data is looked at (45 CFR 164.528 asks for it)."""

    CARE = "care"
    RECORDS_WORK = "records_work"
    REVIEW = "review"
    QUALITY_REVIEW = "quality_review"
    RENDER_REPORT = "render_report"
    NOTIFY = "notify"
    OWN_DATA = "own_data"
    BILLING = "billing"
    PRIVACY = "privacy"


class Call:
    def __init__(self, request: Request, service: Service, principal: Principal, permission: str) -> None:
        self.request, self.service, self.principal, self.permission = request, service, principal, permission
        self.now: datetime = service.clock.now()
        self.request_id: str = request.scope["rso_request_id"]

    def new_id(self) -> str:
        return self.service.ids()

    def meta(self, reason: str | None = None) -> Meta:
        """`reason` is a code, never free text."""
        p = self.principal
        actor = Actor("service" if p.role is Role.SERVICE else "user", p.subject, p.role.value, p.organisation_id)
        correlation = self.request.headers.get("x-correlation-id", "")[:64] or self.request_id
        return Meta(actor=actor, correlation_id=correlation, reason=reason, traceparent=telemetry.traceparent())

    @contextmanager
    def read(self) -> Iterator[Tx]:
        with self.service.db.read() as tx:
            yield tx

    def command(
        self, work: Callable[[Tx], BaseModel], *, status: int | None = None, content: bytes | None = None
    ) -> Response:
        """Runs `work` in one write transaction under the caller's Idempotency-Key and answers what it returns.

        The whole unit is retried when another writer was faster. `content` stands for the body where it was streamed.
        `status` defaults to the route's own.
        """
        key = idempotency.checked_key(self.request.headers.get("idempotency-key"))
        client = idempotency.client_id(self.principal.organisation_id, self.principal.subject)
        body = self.request.scope.get("rso_body", b"") if content is None else content
        url = self.request.url
        mark = idempotency.fingerprint(
            self.service.settings.master(), self.request.method.encode(), url.path.encode(), url.query.encode(), body
        )
        code = status or getattr(self.request.scope.get("route"), "status_code", None) or 200
        try:
            return retrying.again(lambda turn: self._once(work, turn, client, key, mark, code))
        except retrying.FASTER as clash:
            raise Transient("contended") from clash

    def _once(
        self, work: Callable[[Tx], BaseModel], turn: str | None, client: str, key: str, mark: str, status: int
    ) -> Response:
        with self.service.db.write(turn) as tx:
            stored = idempotency.find(tx, client, key, mark)
            if stored is not None:
                return Response(stored.body, stored.status, {"Idempotency-Replayed": "true"}, "application/json")
            body = work(tx).model_dump_json()
            idempotency.remember(tx, client, key, mark, idempotency.Answer(status, body), self.service.clock.now())
        return Response(body, status, media_type="application/json")

    def reveal(self, *, what: str, purpose: Purpose, case_id: str | None = None, person_id: str | None = None) -> None:
        """Writes the access log and waits. Call it before identified data is returned: no log, no data."""
        p = self.principal
        self.service.access_log.record(
            Access(
                at=iso(self.now), subject=p.subject, role=p.role.value, organisation_id=p.organisation_id, case_id=case_id,
                person_id=person_id, what=what, purpose=purpose.value, request_id=self.request_id,
            )
        )  # fmt: skip

    def may_act_for(self, organisation_id: str) -> None:
        """Raises 403 unless what belongs to this organisation is the caller's to change, on a path that names no case."""
        reach = self.principal.reach(self.permission)
        if reach is not Reach.ANY and organisation_id != self.principal.organisation_id:
            raise forbidden("organisation_foreign", "This belongs to another organisation than yours.")

    def reaches(self, case_id: str) -> bool:
        """Whether the caller's reach covers the case, as far as this service has heard."""
        reach, p = self.principal.reach(self.permission), self.principal
        with self.read() as tx:
            return parties.reaches(
                tx, reach, case_id, role=p.role, subject=p.subject, organisation_id=p.organisation_id
            )


async def _may_see(call: Call, case_id: str) -> None:
    """Raises 404 unless the caller's reach covers the case; an unknown case and a foreign one look the same.

    A case that was opened a moment ago may not have been heard of here yet: whoever waits for that waits without a thread.
    """
    until = time.monotonic() + call.service.settings.access_patience_seconds
    while not await to_thread.run_sync(call.reaches, case_id):
        if time.monotonic() >= until:
            raise unknown("case_unknown", "There is no such case, or none that you may see.")
        await sleep(LOOK_AGAIN_SECONDS)


_bearer = HTTPBearer(auto_error=False, description="EdDSA JWT: sub, org, role, scope")


def permitted(permission: str) -> Callable[..., Coroutine[Any, Any, Call]]:
    """A dependency: verifies the token, asks the matrix and, where the path names a case, checks that the caller may see it."""
    if permission not in MATRIX:
        raise KeyError(f"{permission} is not in the permission matrix")

    async def dependency(
        request: Request, _token: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> Call:
        """A thread is changed only where a database is asked: who calls is read from the token alone."""
        service: Service = request.app.state.service
        principal = service.verifier.verify(request.headers.get("authorization"))
        principal.reach(permission)
        call = Call(request, service, principal, permission)
        case_id = request.path_params.get("case_id")
        if case_id is not None:
            await _may_see(call, case_id)
        as_of.refuse_if_not_taken(request)
        return call

    dependency.__dict__["permission"] = permission
    return dependency


def audience(name: str) -> dict[str, Any]:
    codes = (400, 401, 403, 404, 409, 413, 415, 422, 503)
    described = {code: {"model": Problem, "content": {"application/problem+json": {}}} for code in codes}
    return {"openapi_extra": {"x-audience": name}, "responses": described}


PUBLIC = audience("public")
STAFF = audience("staff")
INTERNAL = audience("internal")
