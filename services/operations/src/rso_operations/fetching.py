"""What a service says of a case, asked of its public API with the token of whoever looks."""

from collections.abc import Callable, Sequence
from typing import Any

import httpx

from rso_operations.markup import table
from rso_shared.kit.logs import is_id

SECONDS = 5.0
UNHEARD = 404


async def _fetched(public_url: str, token: str, path: str) -> dict[str, Any] | None:
    """None where the service has nothing of it. Raises httpx.HTTPError from one that is away or refuses."""
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=public_url, timeout=SECONDS, trust_env=False) as client:
        answer = await client.get(path, headers=headers)
    if answer.status_code == UNHEARD:
        return None
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


async def section(
    public_url: str, token: str, case_id: str, part: str, *,
    page: Callable[[dict[str, Any] | None], str], service: str, caption: str, heads: Sequence[str] = (),
) -> str:  # fmt: skip
    """A section of the case's page: `page` of what `/v1/cases/…/part` answers. A service that is away costs this section alone."""
    if not is_id(case_id):
        return ""
    try:
        found = await _fetched(public_url, token, f"/v1/cases/{case_id}/{part}")
    except httpx.HTTPError:
        away = f"The {service} service does not answer; everything else on this page is as it is."
        return table(caption, heads, (), empty=f"<span role='status' class='late'>{away}</span>")
    return page(found)
