"""The callers of a load: the demo's, on bare connections, and patient: a request is sent until it is answered, under one key."""

import http.client
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from rso_onebox.client import OPERATOR, Api, ApiError
from rso_onebox.demo_people import Cast
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.auth import Issuer

PATIENCE_SECONDS = 600.0
SHORT_OF_PATIENCE = {404: 60.0, 500: 60.0}
"""A service that has not yet heard of a case answers 404 for a while, and one whose database dies under it may answer 500.
For longer than this the one is a case that does not exist, and the other a fault that no waiting mends."""
LATE, LATE_SECONDS = frozenset({"authorization_missing"}), 120.0
"""Refusals by a service that has not yet heard what another one recorded. A refusal is not kept under its key."""
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
TIMEOUT_SECONDS = 20.0
TOKEN_SECONDS = 1800.0
BAD_REQUEST, CONFLICT, SERVER_ERROR = 400, 409, 500


class GaveUpError(Exception):
    """A request was not answered in all the time that was given to it."""


@dataclass(slots=True)
class Tally:
    """How often each thing happened, over all callers. Counting is not exact to the last one across threads: it is for people."""

    requests: int = 0
    again: int = 0
    refused: Counter[int] = field(default_factory=Counter)
    """Status of 400 and more -> how often it was answered, also where the request was sent again and then done."""


class LoadApi(Api):
    """httpx costs a load more than the system it loads: requests go through http.client, answers come back as httpx's."""

    def __init__(
        self, base_url: str, issuer: Issuer, role: Role, subject: str, organisation: str, tally: Tally
    ) -> None:
        self.role, self.subject, self.organisation = role, subject, organisation
        self._issuer, self._tally = issuer, tally
        self._at = urlsplit(base_url)
        self._line: http.client.HTTPConnection | None = None
        self._token, self._token_until = "", 0.0

    def close(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = None

    def _send(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        """Raises ApiError for a refusal, GaveUpError when nothing but silence and 5xx came."""
        started, pause = time.monotonic(), FIRST_PAUSE
        while True:
            answer = self._once(method, path, headers or {}, more)
            waited = time.monotonic() - started
            if answer is not None and not _late(answer, waited) and _settles(answer.status_code, waited):
                break
            if waited > PATIENCE_SECONDS:
                last = answer.status_code if answer is not None else "no answer"
                raise GaveUpError(f"{method} {path}: {last} for {waited:.0f} s")
            self._tally.again += 1
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)
        if answer.is_error:
            raise ApiError(method, path, answer)
        return answer

    def _once(self, method: str, path: str, headers: dict[str, str], more: dict[str, Any]) -> httpx.Response | None:
        """None if the connection broke: whether the command was done is then unknown, and the same key asks."""
        query = urlencode({name: value for name, value in (more.get("params") or {}).items() if value is not None})
        head = {**headers, "authorization": f"Bearer {self._bearer()}"}
        self._tally.requests += 1
        try:
            line = self._connection()
            line.request(method, f"{path}?{query}" if query else path, body=more.get("content"), headers=head)
            got = line.getresponse()
            content = got.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return None
        if got.status >= BAD_REQUEST:
            self._tally.refused[got.status] += 1
        return httpx.Response(got.status, headers=dict(got.getheaders()), content=content)

    def _connection(self) -> http.client.HTTPConnection:
        if self._line is None:
            self._line = http.client.HTTPConnection(
                self._at.hostname or "localhost", self._at.port, timeout=TIMEOUT_SECONDS
            )
        return self._line

    def _bearer(self) -> str:
        if time.monotonic() > self._token_until:
            self._token = self._issuer.token(self.subject, self.role, self.organisation)
            self._token_until = time.monotonic() + TOKEN_SECONDS
        return self._token


@dataclass(slots=True)
class LoadCast(Cast):
    """One connection for the whole cast of a case: they speak one after the other."""

    tally: Tally = field(kw_only=True)

    def caller(self, role: Role, subject: str, organisation: str = OPERATOR) -> Api:
        key = (role, subject)
        if key not in self.callers:
            self.callers[key] = LoadApi(self.address, self.issuer, role, subject, organisation, self.tally)
        return self.callers[key]


def _late(answer: httpx.Response, waited: float) -> bool:
    return answer.status_code == CONFLICT and waited < LATE_SECONDS and answer.json().get("code") in LATE


def _settles(status: int, waited: float) -> bool:
    """Whether this answer is the one to go by."""
    return waited > SHORT_OF_PATIENCE[status] if status in SHORT_OF_PATIENCE else status < SERVER_ERROR
