"""An endpoint: where events go, which ones, under which secrets, and whether it is open."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from rso_shared.kit.decider import Decider
from rso_shared.kit.errors import DomainError, invalid, unknown
from rso_shared.kit.sealed import Sealed
from rso_subscriptions.domain.endpoint_events import (
    CursorMoved,
    EndpointChanged,
    EndpointCreated,
    EndpointPaused,
    EndpointRemoved,
    EndpointResumed,
    Private,
    ProbeAsked,
    RedeliveryAsked,
    Secret,
    SecretRotated,
)
from rso_subscriptions.domain.filters import Filter

OVERLAP = timedelta(hours=24)
MOST_REDELIVERED = 10_000


class Status(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What its owner may change."""

    url: str
    filter: Filter
    rate: int
    """Requests per second at most: a drain after a pause is no faster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    endpoint_id: str
    organisation_id: str
    aim: Aim
    after: int
    private: Sealed[Private]
    now: datetime


@dataclass(frozen=True, slots=True)
class Change:
    aim: Aim


@dataclass(frozen=True, slots=True)
class Rotate:
    secret: Sealed[Secret]
    now: datetime


@dataclass(frozen=True, slots=True)
class Pause:
    reason: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Resume:
    now: datetime


@dataclass(frozen=True, slots=True)
class Remove:
    now: datetime


@dataclass(frozen=True, slots=True)
class MoveCursor:
    after: int


@dataclass(frozen=True, slots=True)
class AskRedelivery:
    first: int
    last: int
    now: datetime


@dataclass(frozen=True, slots=True)
class AskProbe:
    probe_id: str
    now: datetime


Command = Create | Change | Rotate | Pause | Resume | Remove | MoveCursor | AskRedelivery | AskProbe
Happened = (
    EndpointCreated | EndpointChanged | SecretRotated | EndpointPaused | EndpointResumed | EndpointRemoved | CursorMoved
    | RedeliveryAsked | ProbeAsked
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """`old` are secrets that still sign, each with its end, newest first. Secrets are sealed until somebody opens them."""

    endpoint_id: str
    organisation_id: str
    aim: Aim
    private: Sealed[Private]
    status: Status = Status.ACTIVE
    pause_reason: str | None = None
    newest: Sealed[Secret] | None = None
    old: tuple[tuple[Sealed[Secret] | None, datetime], ...] = ()
    """A None stands for the first secret, which lies in `private`."""

    def secrets(self, now: datetime) -> list[str]:
        """Those that sign at this instant, the newest first."""
        sealed = [self.newest, *(one for one, until in self.old if now < until)]
        return [one.open().secret if one is not None else self.private.open().secret for one in sealed]


def decide(command: Command, state: Endpoint | None) -> Sequence[Happened]:
    if isinstance(command, Create):
        return (_created(command),) if state is None else ()
    if state is None or state.status is Status.REMOVED:
        raise unknown("endpoint_unknown", "There is no such endpoint, or it was removed.")
    match command:
        case Change(aim=aim):
            return () if aim == state.aim else (_changed(state, aim),)
        case Rotate(secret=secret, now=now):
            return (SecretRotated(endpoint_id=state.endpoint_id, old_until=now + OVERLAP, secret=secret),)
        case Remove(now=now):
            return (EndpointRemoved(endpoint_id=state.endpoint_id, removed_at=now),)
        case Pause() | Resume():
            return _opened_or_closed(command, state)
        case _:
            return _sent_again(command, state)


def _created(command: Create) -> EndpointCreated:
    aim = command.aim
    return EndpointCreated(
        endpoint_id=command.endpoint_id, organisation_id=command.organisation_id, url=aim.url, types=aim.filter.types,
        programs=aim.filter.programs, sponsors=aim.filter.sponsors, rate=aim.rate, after=command.after,
        created_at=command.now, private=command.private,
    )  # fmt: skip


def _changed(state: Endpoint, aim: Aim) -> EndpointChanged:
    return EndpointChanged(
        endpoint_id=state.endpoint_id, url=aim.url, types=aim.filter.types, programs=aim.filter.programs,
        sponsors=aim.filter.sponsors, rate=aim.rate,
    )  # fmt: skip


def _opened_or_closed(command: Pause | Resume, state: Endpoint) -> Sequence[Happened]:
    """What is so already is absorbed."""
    if isinstance(command, Resume):
        active = state.status is Status.ACTIVE
        return () if active else (EndpointResumed(endpoint_id=state.endpoint_id, resumed_at=command.now),)
    if state.status is Status.PAUSED:
        return ()
    return (EndpointPaused(endpoint_id=state.endpoint_id, reason=command.reason, paused_at=command.now),)


def _sent_again(command: MoveCursor | AskRedelivery | AskProbe, state: Endpoint) -> Sequence[Happened]:
    match command:
        case MoveCursor(after=after):
            return (CursorMoved(endpoint_id=state.endpoint_id, after=after),)
        case AskRedelivery(first=first, last=last, now=now):
            if not first <= last < first + MOST_REDELIVERED:
                detail = f"A range goes from a sequence to a later one, {MOST_REDELIVERED} events at most."
                raise invalid("range_invalid", detail, "/last")
            return (RedeliveryAsked(endpoint_id=state.endpoint_id, first=first, last=last, asked_at=now),)
        case AskProbe(probe_id=probe_id, now=now):
            if state.status is Status.PAUSED:
                raise DomainError("endpoint_paused", "The endpoint is paused: resume it first.")
            return (ProbeAsked(endpoint_id=state.endpoint_id, probe_id=probe_id, asked_at=now),)


def evolve(state: Endpoint | None, event: object) -> Endpoint | None:
    if isinstance(event, EndpointCreated):
        return Endpoint(
            endpoint_id=event.endpoint_id, organisation_id=event.organisation_id, aim=_aim(event), private=event.private
        )  # fmt: skip
    return None if state is None else _changed_by(state, event)


def _changed_by(state: Endpoint, event: object) -> Endpoint:
    changes: dict[str, Any] = {}
    match event:
        case EndpointChanged():
            changes = {"aim": _aim(event)}
        case SecretRotated(secret=secret, old_until=until):
            kept = tuple(one for one in state.old if one[1] > until - OVERLAP)
            changes = {"newest": secret, "old": ((state.newest, until), *kept)}
        case EndpointPaused(reason=reason):
            changes = {"status": Status.PAUSED, "pause_reason": reason}
        case EndpointResumed():
            changes = {"status": Status.ACTIVE, "pause_reason": None}
        case EndpointRemoved():
            changes = {"status": Status.REMOVED}
    return replace(state, **changes)


def _aim(event: EndpointCreated | EndpointChanged) -> Aim:
    return Aim(url=event.url, filter=Filter(event.types, event.programs, event.sponsors), rate=event.rate)


ENDPOINT: Decider[Endpoint | None, Command, Happened] = Decider(lambda: None, decide, evolve)
