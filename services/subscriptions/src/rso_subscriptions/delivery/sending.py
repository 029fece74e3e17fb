"""One attempt: signed as Standard Webhooks says, sent, and what came of it. Nothing of an answer but its status is kept."""

import asyncio
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpcore
import httpx
from standardwebhooks import Webhook

from rso_subscriptions.delivery.guard import AddressRefusedError, NameUnknownError

SECONDS = 15.0
"""From the beginning of the connection to the status line."""
BODY_SECONDS = 1.0
BODY_BYTES = 4096
"""An answer's body is read so far, that the connection can be used again, and dropped."""
OK, REDIRECT, REFUSED, GONE = 200, 300, 400, 410
DELIVERED = "delivered"
WRITING = frozenset({"http11.send_request_headers.started", "http11.send_request_body.started"})
"""What httpcore calls the last moments before something is written."""
FAILED = (httpx.HTTPError, httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError)


TROUBLES: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((AddressRefusedError,), "address_refused"),
    ((NameUnknownError,), "name_unknown"),
    ((TimeoutError, httpcore.TimeoutException, httpx.TimeoutException), "timeout"),
    ((ssl.SSLError,), "tls_failed"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`code`: delivered, or a word for what went wrong. `asked`: how long the endpoint wants to be left alone."""

    code: str
    ms: int
    status: int | None = None
    asked: timedelta | None = None

    @property
    def delivered(self) -> bool:
        return self.code == DELIVERED


def signature(secrets: Sequence[str], event_id: str, at: datetime, payload: str) -> str:
    """One for each secret, the newest first, separated by spaces."""
    return " ".join(Webhook(secret).sign(event_id, at, payload) for secret in secrets)


def headers(secrets: Sequence[str], event_id: str, at: datetime, payload: str) -> dict[str, str]:
    """`at` is real time, in a sandbox too: receivers refuse what is older than five minutes."""
    return {
        "content-type": "application/json",
        "user-agent": "rso-webhooks/1",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature(secrets, event_id, at, payload),
    }


class HeldBackError(Exception):
    """Between its judgement and the moment when it was to be written, the event ceased to be one that may be sent. Nothing of it was."""


async def send(
    client: httpx.AsyncClient,
    url: str,
    secrets: Sequence[str],
    event_id: str,
    payload: str,
    *,
    may: Callable[[], bool] = lambda: True,
    seconds: float = SECONDS,
) -> Outcome:
    """Never raises for what the other side does. `may` is asked once more when there is a connection: that may have taken long."""
    started = time.perf_counter()
    named = headers(secrets, event_id, datetime.now(UTC), payload)
    code, status, asked = await _posted(client, url, named, payload, seconds, may)
    return Outcome(code, round((time.perf_counter() - started) * 1000), status, asked)


async def _posted(
    client: httpx.AsyncClient, url: str, named: dict[str, str], payload: str, seconds: float, may: Callable[[], bool]
) -> tuple[str, int | None, timedelta | None]:
    async def traced(step: str, _info: object) -> None:
        if step in WRITING and not may():
            raise HeldBackError

    try:
        request = client.build_request(
            "POST", url, content=payload.encode(), headers=named, timeout=seconds, extensions={"trace": traced}
        )
        async with asyncio.timeout(seconds):
            answer = await client.send(request, stream=True)
        await _drop_body(answer)
        return _code(answer.status_code), answer.status_code, _asked(answer)
    except (AddressRefusedError, NameUnknownError, *FAILED) as problem:
        return _trouble(problem), None, None


def _trouble(problem: BaseException) -> str:
    if isinstance(problem, httpcore.ConnectError):
        return "tls_failed" if any(isinstance(each, ssl.SSLError) for each in _causes(problem)) else "connect_failed"
    return next((word for kinds, word in TROUBLES if isinstance(problem, kinds)), "connection_broken")


def _causes(problem: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = problem
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


async def _drop_body(answer: httpx.Response) -> None:
    """The status has said all. A body that is long, slow or broken costs the connection and nothing else."""
    read = 0
    try:
        with suppress(TimeoutError, *FAILED):
            async with asyncio.timeout(BODY_SECONDS):
                async for part in answer.aiter_raw():
                    read += len(part)
                    if read > BODY_BYTES:
                        break
    finally:
        with suppress(*FAILED):
            await answer.aclose()


def _code(status: int) -> str:
    if OK <= status < REDIRECT:
        return DELIVERED
    if REDIRECT <= status < REFUSED:
        return "redirect_not_followed"
    return "gone" if status == GONE else "refused"


def _asked(answer: httpx.Response) -> timedelta | None:
    """Retry-After in seconds; a date is not looked at."""
    text = answer.headers.get("retry-after", "")
    return timedelta(seconds=min(int(text), 86_400)) if text.isascii() and text.isdigit() and len(text) < 10 else None  # noqa: PLR2004
