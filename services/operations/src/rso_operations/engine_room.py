"""How the services are, as they themselves tell it: readiness, what each has set aside, and which subscribers do not hear.

Asked anew for every look, by paths that no outsider reaches, with the token of whoever looks. A service that does not answer is a line
of the answer, not the end of it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from rso_operations.commands import send
from rso_shared.kit.errors import unknown
from rso_shared.kit.names import SERVICES
from rso_shared.kit.neighbours import address
from rso_shared.kit.settings import ServiceSettings

PERMISSION = "parked.work"
SECONDS, NOT_READY = 3.0, 503
MOST, AT_ONCE = 100, 8
"""Endpoints whose deliveries are asked for, those that are not served first; and so many of them at once."""
SHORTS = tuple(service.short for service in SERVICES)


@dataclass(frozen=True, slots=True)
class State:
    """Of one service; `told` is its readiness, empty where it did not answer; `parked` None where it did not say."""

    service: str
    told: Mapping[str, Any] = field(default_factory=dict)
    parked: tuple[Mapping[str, Any], ...] | None = None


@dataclass(frozen=True, slots=True)
class EngineRoom:
    """`endpoints`: None where subscriptions did not say. Each has its `delivering`, but for those over `MOST`."""

    states: tuple[State, ...]
    endpoints: tuple[Mapping[str, Any], ...] | None


async def look(settings: ServiceSettings, token: str) -> EngineRoom:
    async with _asking(token) as client:
        states, endpoints = await asyncio.gather(
            _states(client, settings, keys=True), _endpoints(client, f"{settings.public_url}/v1/endpoints")
        )
    return EngineRoom(states, endpoints)


async def _endpoints(client: httpx.AsyncClient, url: str) -> tuple[Mapping[str, Any], ...] | None:
    listed = await _body(client, url)
    if listed is None:
        return None
    known = sorted(listed["items"], key=lambda each: bool(each["status"] == "active"))
    few = asyncio.Semaphore(AT_ONCE)

    async def whole(endpoint: Mapping[str, Any]) -> Mapping[str, Any]:
        async with few:
            return await _body(client, f"{url}/{endpoint['endpoint_id']}") or endpoint

    return (*await asyncio.gather(*map(whole, known[:MOST])), *known[MOST:])


async def parked(settings: ServiceSettings, token: str, *, keys: bool) -> tuple[State, ...]:
    """What each service has set aside: `keys`, which ones, for whoever may know; how many is part of its readiness."""
    async with _asking(token) as client:
        return await _states(client, settings, keys=keys)


def _asking(token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=SECONDS, trust_env=False, headers={"authorization": f"Bearer {token}"})


async def _states(client: httpx.AsyncClient, settings: ServiceSettings, *, keys: bool) -> tuple[State, ...]:
    return tuple(await asyncio.gather(*(_state(client, settings, short, keys=keys) for short in SHORTS)))


async def _state(client: httpx.AsyncClient, settings: ServiceSettings, short: str, *, keys: bool) -> State:
    names = ("readyz", "parked") if keys else ("readyz",)
    paths = (f"/internal/v1/{short}/{name}" for name in names)
    told, *aside = await asyncio.gather(*(_body(client, address(settings.internal_url, path)) for path in paths))
    listed = tuple(aside[0]["parked"]) if aside and aside[0] is not None else None
    return State(short, told or {}, listed)


async def _body(client: httpx.AsyncClient, url: str) -> dict[str, Any] | None:
    """None from whoever does not answer, or refuses. Not being ready is an answer."""
    try:
        answer = await client.get(url)
        body: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError):
        return None
    return body if answer.is_success or (answer.status_code == NOT_READY and "problems" in body) else None


async def replay(settings: ServiceSettings, token: str, short: str, consumer: str, key: str, idempotency: str) -> str:
    """Says that a parked key is to be tried again. Raises DomainError: the service's own refusal, or 503 where it does not answer."""
    if short not in SHORTS:
        raise unknown("service_unknown", "There is no such service.")
    path = f"/internal/v1/{short}/parked/{quote(consumer, safe='')}/{quote(key, safe='')}/replay"
    body = await send(address(settings.internal_url, path), token, idempotency)
    return f"Done: {body['records']} to be tried again."
