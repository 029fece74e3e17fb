"""What a service says of a case, asked of its public API with the token of whoever looks."""

from typing import Any

import httpx

SECONDS = 5.0
UNHEARD = 404


async def fetched(public_url: str, token: str, path: str) -> dict[str, Any] | None:
    """None where the service has nothing of it. Raises httpx.HTTPError from one that is away or refuses."""
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=public_url, timeout=SECONDS, trust_env=False) as client:
        answer = await client.get(path, headers=headers)
    if answer.status_code == UNHEARD:
        return None
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
