"""A command of another service, sent with the token of whoever acts. That service decides; a refusal keeps its code and its words."""

from typing import Any

import httpx

from rso_shared.kit.errors import DomainError

SECONDS = 10.0
REFUSED, AWAY = 400, 500


async def send(url: str, token: str, key: str, body: Any = None) -> dict[str, Any]:
    """The answer. Raises DomainError: the service's own, or 503 `service_away` where it gives none."""
    headers = {"authorization": f"Bearer {token}", "idempotency-key": key}
    try:
        async with httpx.AsyncClient(timeout=SECONDS, trust_env=False) as client:
            answer = await client.post(url, json=body, headers=headers)
            told: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as lost:
        raise _away() from lost
    if answer.status_code >= AWAY:
        raise _away()
    if answer.status_code >= REFUSED:
        raise _refusal(told, answer.status_code)
    return told


def _away() -> DomainError:
    return DomainError("service_away", "The service does not answer. What you typed is kept: try again.", status=503)


def _refusal(problem: dict[str, Any], status: int) -> DomainError:
    fields = [f"{each['pointer'].strip('/')}: {each['detail']}" for each in problem.get("errors", ())]
    return DomainError(problem["code"], "; ".join([problem["detail"], *fields]), status=status)
