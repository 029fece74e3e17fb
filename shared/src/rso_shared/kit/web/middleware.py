"""What surrounds every request: an id, a span, one log line, and the body limit. Plain ASGI, so that uploads stay streams."""

import time
import uuid
from typing import Any

from opentelemetry.trace import Span
from opentelemetry.util.types import AttributeValue
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rso_shared.kit import logs, metrics, telemetry
from rso_shared.kit.logs import logger
from rso_shared.kit.web.problems import problem

STREAMED_SUFFIX = "/documents"
"""POSTs to paths ending so are read by their route as a stream; every other body is read here, whole, up to the JSON limit."""


METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
"""Any other word is the caller's own: it names neither a span nor a metric."""
FIRST_REFUSAL, FIRST_SERVER_ERROR = 400, 500


class RequestContext:
    def __init__(self, app: ASGIApp, *, service: str, json_limit: int) -> None:
        self._app, self._service, self._limit = app, service, json_limit
        self._log = logger(service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        token = logs.REQUEST.set(scope)
        try:
            await self._handle(scope, receive, send)
        finally:
            logs.REQUEST.reset(token)

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        scope["rso_request_id"] = str(uuid.uuid4())
        started, status, replayed = time.perf_counter(), 500, False

        async def noted(message: Message) -> None:
            nonlocal status, replayed
            if message["type"] == "http.response.start":
                status = message["status"]
                replayed = any(name == b"idempotency-replayed" for name, _ in message["headers"])
                message["headers"] = [*message["headers"], (b"x-request-id", scope["rso_request_id"].encode())]
            await send(message)

        method = scope["method"] if scope["method"] in METHODS else metrics.OTHER
        with telemetry.server_span(method, headers.get("traceparent"), {"rso.service": self._service}) as span:
            try:
                await self._limited(scope, receive, noted, headers)
            finally:
                route, seconds = getattr(scope.get("route"), "path", ""), time.perf_counter() - started
                if span.is_recording():
                    _tell(span, method, route, status, logs.case_of(scope))
                metrics.request(self._service, method, route, _outcome(status, replayed=replayed), seconds)
                self._log.info(
                    "request", method=method, route=route, status=status, request_id=scope["rso_request_id"],
                    ms=round(seconds * 1000, 1),
                )  # fmt: skip

    async def _limited(self, scope: Scope, receive: Receive, send: Send, headers: dict[str, str]) -> None:
        if scope["method"] in {"GET", "HEAD", "OPTIONS"} or scope["path"].endswith(STREAMED_SUFFIX):
            await self._app(scope, receive, send)
            return
        try:
            body = await self._body(receive, headers)
        except ClientDisconnect:
            return  # nobody is left to answer
        if body is None:
            answer = problem(
                Request(scope),
                413,
                "body_too_large",
                f"A JSON body has at most {self._limit} bytes.",
                facts={"limit": self._limit},
            )
            await answer(scope, receive, send)
            return
        scope["rso_body"] = body
        await self._app(scope, _replay(body, receive), send)

    async def _body(self, receive: Receive, headers: dict[str, str]) -> bytes | None:
        """None if the body is over the limit: before reading where Content-Length tells, else at the byte.

        Raises ClientDisconnect in the middle of it: a part must not pass for the whole.
        """
        declared = headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self._limit:
            return None
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            body += message.get("body", b"")
            if len(body) > self._limit:
                return None
            if not message.get("more_body", False):
                return bytes(body)


def _tell(span: Span, method: str, route: str, status: int, case_id: str | None) -> None:
    span.update_name(f"{method} {route}".rstrip())
    told: dict[str, AttributeValue] = {
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": status,
    }
    if case_id is not None:
        told["rso.case_id"] = case_id
    span.set_attributes(told)


def _outcome(status: int, *, replayed: bool) -> str:
    if status >= FIRST_SERVER_ERROR:
        return "failed"
    if status >= FIRST_REFUSAL:
        return "refused"
    return "replayed" if replayed else "done"


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def again() -> dict[str, Any]:
        nonlocal sent
        if sent:
            return dict(await receive())
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
