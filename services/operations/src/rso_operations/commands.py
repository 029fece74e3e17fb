"""A command of another service, sent with the token of whoever acts. That service decides; a refusal keeps its code and its words."""

from typing import Any

import httpx

from rso_shared.kit.errors import DomainError

SECONDS = 10.0
REFUSED, AWAY = 400, 500


async def send(url: str, token: str, key: str, body: Any = None, *, away: str) -> dict[str, Any]:
    """The answer. Raises DomainError: the service's own, or 503 `service_away` with the sentence `away` where it gives none."""
    headers = {"authorization": f"Bearer {token}", "idempotency-key": key}
    try:
        async with httpx.AsyncClient(timeout=SECONDS, trust_env=False) as client:
            answer = await client.post(url, json=body, headers=headers)
            told: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as lost:
        raise DomainError("service_away", away, status=503) from lost
    if answer.status_code >= AWAY:
        raise DomainError("service_away", away, status=503)
    if answer.status_code >= REFUSED:
        raise _refusal(told, answer.status_code)
    return told


def _refusal(problem: dict[str, Any], status: int) -> DomainError:
    fields = [f"{each['pointer'].strip('/')}: {each['detail']}" for each in problem.get("errors", ())]
    return DomainError(problem["code"], "; ".join([problem["detail"], *fields]), status=status)
