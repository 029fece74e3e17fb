"""A client of the public REST API, as the demo and the loaders use it: nothing but HTTP and tokens of the development issuer."""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

import httpx

from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.auth import Issuer

T = TypeVar("T")
OPERATOR = "operator"
RETRIES = 40
RETRY_SECONDS = 0.25
AWAY = 503


class ApiError(Exception):
    """The API refused. `code` is the problem's stable code."""

    def __init__(self, method: str, path: str, answer: httpx.Response) -> None:
        body = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        self.code = body.get("code", f"http_{answer.status_code}")
        self.status = answer.status_code
        fields = "; ".join(f"{error['pointer']}: {error['detail']}" for error in body.get("errors", []))
        super().__init__(
            f"{method} {path} answered {answer.status_code} {self.code}: {body.get('detail', '')} {fields}".strip()
        )


class Api:
    """One caller: a role, a subject, an organisation."""

    def __init__(
        self,
        base_url: str,
        issuer: Issuer,
        role: Role,
        subject: str,
        organisation: str = OPERATOR,
        http: httpx.Client | None = None,
    ) -> None:
        """`http`: connections that are shared with other callers, and stay open when this one is closed."""
        self.role, self.subject, self.organisation = role, subject, organisation
        self._issuer, self._shares = issuer, http is not None
        self._http = http or httpx.Client(base_url=base_url, timeout=60.0)

    def get(self, path: str, **params: Any) -> Any:
        return self._send("GET", path, params=params).json()

    def download(self, path: str, **params: Any) -> bytes:
        return self._send("GET", path, params=params).content

    def post(self, path: str, body: Any = None, *, key: str | None = None, **params: Any) -> Any:
        content = json.dumps(body if body is not None else {}).encode()
        headers = {"content-type": "application/json", "idempotency-key": key or str(uuid.uuid4())}
        return self._send("POST", path, params=params, content=content, headers=headers).json()

    def upload(self, path: str, content: bytes, media_type: str, *, key: str | None = None, **params: Any) -> Any:
        headers = {"content-type": media_type, "idempotency-key": key or str(uuid.uuid4())}
        return self._send("POST", path, params=params, content=content, headers=headers).json()

    def close(self) -> None:
        if not self._shares:
            self._http.close()

    def _send(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        """Tries again while something is on its way (503) or the server restarts: the same Idempotency-Key makes that safe."""
        for attempt in range(RETRIES):
            head = {
                **(headers or {}),
                "authorization": f"Bearer {self._issuer.token(self.subject, self.role, self.organisation)}",
            }
            try:
                answer = self._http.request(method, path, headers=head, **more)
            except httpx.TransportError:
                if attempt + 1 == RETRIES:
                    raise
            else:
                if answer.status_code != AWAY:
                    break
            time.sleep(RETRY_SECONDS)
        if answer.is_error:
            raise ApiError(method, path, answer)
        return answer


def until(get: Callable[[], T], enough: Callable[[T], bool], *, what: str, seconds: float = 60.0) -> T:
    """Asks again and again until the answer is what is waited for. Raises TimeoutError naming what did not come."""
    end = time.monotonic() + seconds
    while not enough(found := get()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come within {seconds:.0f} s")
        time.sleep(0.05)
    return found
