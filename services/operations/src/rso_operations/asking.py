"""The parts of pages that other services are asked for, with the token of whoever looks: each comes when it comes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from nicegui import run, ui

from rso_operations import engine_room, ranking, session, telling, view_health, view_parked
from rso_operations.drawn import Lately
from rso_shared.kit.service import Service

SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Asked:
    """For those who have the permission."""

    permission: str
    answer: Callable[[str], Awaitable[str]]


def show(service: Service, cookies: dict[str, str], asked: Asked) -> None:
    shown = ui.html("<p class='empty' role='status'>Asking the services …</p>", sanitize=False)

    async def refresh() -> None:
        try:
            known = await run.io_bound(session.who, service, cookies)
        except session.AWAY:
            known = None  # the page says so above
        if known is None:
            return
        content = await asked.answer(cookies[session.COOKIE])
        if content != shown.content:
            shown.set_content(content)

    ui.timer(0.1, refresh, once=True)
    ui.timer(SECONDS, refresh)


def told(service: Service, case_id: str) -> Asked:
    return Asked(telling.PERMISSION, lambda token: telling.told(service.settings.public_url, token, case_id))


def match(service: Service, case_id: str) -> Asked:
    return Asked(ranking.PERMISSION, lambda token: ranking.decided(service.settings.public_url, token, case_id))


def health(service: Service) -> Asked:
    async def answer(token: str) -> str:
        return view_health.page(await engine_room.look(service.settings, token), service.clock.now())

    return Asked(engine_room.PERMISSION, answer)


def parked(service: Service, lately: Lately) -> Asked:
    """Asked once for all who look and may see the same."""

    async def answer(token: str) -> str:
        keys = service.verifier.verify(f"Bearer {token}").may(engine_room.PERMISSION)

        async def ask() -> str:
            states = await engine_room.parked(service.settings, token, keys=keys)
            return view_parked.keys(states, service.clock.now()) if keys else view_parked.counts(states)

        return await lately.of(keys, ask)

    return Asked(session.SEES, answer)
