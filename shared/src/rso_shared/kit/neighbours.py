"""Calls from service to service, with a service token. Synchronous, outside of every transaction."""

from collections.abc import Callable
from typing import Any

import httpx

from rso_shared.kit.errors import DomainError, Transient
from rso_shared.kit.telemetry import traceparent

TIMEOUT_SECONDS = 5.0
FIRST_SERVER_ERROR = 500


class Neighbours:
    """`token` gives a fresh service token; `base_url` leads to every service's internal paths."""

    def __init__(self, base_url: str, token: Callable[[], str]) -> None:
        self._client = httpx.Client(base_url=base_url, timeout=TIMEOUT_SECONDS)
        self._token = token

    def get(self, path: str, **params: str) -> dict[str, Any]:
        """Raises Transient if the neighbour is away or not ready, DomainError with its code if it refuses."""
        headers = {"authorization": f"Bearer {self._token()}"}
        if parent := traceparent():
            headers["traceparent"] = parent
        try:
            answer = self._client.get(path, params=params, headers=headers)
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
