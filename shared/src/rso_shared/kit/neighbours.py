"""Calls from service to service, with a service token. Synchronous, outside of every transaction."""

from collections.abc import Callable
from typing import Any

import httpx

from rso_shared.kit.errors import DomainError, Transient
from rso_shared.kit.telemetry import client_span

TIMEOUT_SECONDS = 5.0
FIRST_SERVER_ERROR = 500


def address(internal_url: str, path: str) -> str:
    """Where `/internal/v1/<service>/…` is asked: one address for all, or each service's own where the url says `{service}`."""
    return internal_url.replace("{service}", path.split("/")[3]) + path


class Neighbours:
    """`token` gives a fresh service token; `internal_url` leads to every service's internal paths."""

    def __init__(self, internal_url: str, token: Callable[[], str]) -> None:
        self._client = httpx.Client(timeout=TIMEOUT_SECONDS)
        self._internal_url = internal_url
        self._token = token

    def get(self, path: str, **params: str) -> dict[str, Any]:
        """Raises Transient if the neighbour is away or not ready, DomainError with its code if it refuses."""
        headers = {"authorization": f"Bearer {self._token()}"}
        try:
            with client_span("GET", path, headers) as span:
                answer = self._client.get(address(self._internal_url, path), params=params, headers=headers)
                span.set_attribute("http.response.status_code", answer.status_code)
        except httpx.HTTPError as problem:
            raise Transient("neighbour") from problem
        if answer.status_code >= FIRST_SERVER_ERROR:
            raise Transient("neighbour")
        body: dict[str, Any] = answer.json()
        if answer.is_error:
            raise DomainError(body["code"], body["detail"], status=answer.status_code)
        return body

    def close(self) -> None:
        self._client.close()
