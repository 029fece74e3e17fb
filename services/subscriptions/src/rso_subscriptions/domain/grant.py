"""A grant: from when until when a platform hears what a sponsor may hear. One stream per pair, so that two never overlap."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rso_shared.kit.decider import Decider
from rso_shared.kit.errors import DomainError, invalid, unknown
from rso_shared.kit.events import event

NOTICE = timedelta(seconds=2)
"""A grant that is taken back ends this much later: whoever sends looks at the grants more often than that."""


@event("subscriptions.grant_given")
class GrantGiven:
    """`until` is the first instant that is not covered; `level` counts or stage; `external_id` the platform's name for the sponsor."""

    grant_id: str
    sponsor_id: str
    platform_id: str
    external_id: str
    level: str
    effective_from: datetime
    until: datetime | None


@event("subscriptions.grant_ended")
class GrantEnded:
    grant_id: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Give:
    grant_id: str
    sponsor_id: str
    platform_id: str
    external_id: str
    level: str
    effective_from: datetime
    until: datetime | None
    now: datetime


@dataclass(frozen=True, slots=True)
class End:
    """`until` None: as soon as it can be."""

    grant_id: str
    until: datetime | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Interval:
    grant_id: str
    effective_from: datetime
    until: datetime | None

    def overlaps(self, start: datetime, end: datetime | None) -> bool:
        return (end is None or self.effective_from < end) and (self.until is None or start < self.until)


Grants = tuple[Interval, ...]


def decide(command: Give | End, state: Grants) -> Sequence[GrantGiven | GrantEnded]:
    return _given(command, state) if isinstance(command, Give) else _ended(command, state)


def _given(command: Give, state: Grants) -> Sequence[GrantGiven]:
    if any(each.grant_id == command.grant_id for each in state):
        return ()
    if command.effective_from < command.now:
        raise invalid("grant_in_the_past", "A grant begins now or later.", "/effective_from")
    if command.until is not None and command.until <= command.effective_from:
        raise invalid("grant_ends_first", "A grant ends after it begins.", "/until")
    if any(each.overlaps(command.effective_from, command.until) for each in state):
        raise DomainError("grant_overlaps", "The platform has a grant of this sponsor for a part of that time already.")
    given = GrantGiven(
        grant_id=command.grant_id, sponsor_id=command.sponsor_id, platform_id=command.platform_id,
        external_id=command.external_id, level=command.level, effective_from=command.effective_from, until=command.until,
    )  # fmt: skip
    return (given,)


def _ended(command: End, state: Grants) -> Sequence[GrantEnded]:
    """Only ever earlier: a grant that has ended, or ends sooner, stays as it is."""
    known = next((each for each in state if each.grant_id == command.grant_id), None)
    if known is None:
        raise unknown("grant_unknown", "There is no such grant.")
    soonest = command.now + NOTICE
    until = max(command.until or soonest, soonest)
    if known.until is not None and known.until <= until:
        return ()
    return (GrantEnded(grant_id=command.grant_id, until=until),)


def evolve(state: Grants, event: object) -> Grants:
    match event:
        case GrantGiven():
            return (*state, Interval(event.grant_id, event.effective_from, event.until))
        case GrantEnded(grant_id=grant_id, until=until):
            return tuple(replace(each, until=until) if each.grant_id == grant_id else each for each in state)
    return state


GRANTS: Decider[Grants, Give | End, GrantGiven | GrantEnded] = Decider(tuple, decide, evolve)
