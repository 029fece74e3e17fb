"""The feed of an organisation: numbered without a gap in the order of commits, and read with a mark for what is withheld."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import insert, select, update

from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx
from rso_subscriptions import sponsors
from rso_subscriptions.domain.filters import Filter
from rso_subscriptions.public.events import MAX_BYTES, Event, Level
from rso_subscriptions.tables import FEED, GRANTS, ORGANISATIONS

FILTERED, NO_GRANT, TOO_SMALL = "filter", "grant", "small"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event stands. `lane`: events of one lane are delivered one after the other."""

    organisation_id: str
    lane: str
    occurred_at: datetime
    sponsor_id: str | None = None
    program_id: str | None = None


def enter(tx: Tx, place: Place, make: Callable[[int], Event], now: datetime) -> int:
    """Takes the organisation's next number and writes what `make` makes of it. The row lock is held until the commit."""
    number = _take(tx, place.organisation_id)
    if number is None:
        sponsors.meet(tx, place.organisation_id, now)
        number = _take(tx, place.organisation_id)
    assert number is not None  # noqa: S101 - the row is there now
    event: Any = make(number)
    payload = event.model_dump_json()
    if len(payload.encode()) > MAX_BYTES:
        raise ValueError(f"an event of type {event.type} is larger than {MAX_BYTES} bytes")
    row = {
        "organisation_id": place.organisation_id, "sequence": number, "event_id": event.id, "type": event.type,
        "level": event.level, "lane": place.lane, "sponsor_id": place.sponsor_id, "program_id": place.program_id,
        "occurred_at": iso(place.occurred_at), "payload": payload,
    }  # fmt: skip
    tx.conn.execute(insert(FEED).values(**row))
    return number


def _take(tx: Tx, organisation_id: str) -> int | None:
    following = (
        update(ORGANISATIONS)
        .where(ORGANISATIONS.c.organisation_id == organisation_id)
        .values(next=ORGANISATIONS.c.next + 1)
        .returning(ORGANISATIONS.c.next)
    )
    taken = tx.conn.execute(following).scalar_one_or_none()
    return None if taken is None else int(taken) - 1


def newest(tx: Tx, organisation_id: str) -> int:
    """The number of the organisation's last event; 0 before the first."""
    query = select(ORGANISATIONS.c.next).where(ORGANISATIONS.c.organisation_id == organisation_id)
    return int(tx.conn.execute(query).scalar_one_or_none() or 1) - 1


@dataclass(frozen=True, slots=True)
class Grant:
    level: str
    effective_from: str
    until: str | None

    def covers(self, instant: str) -> bool:
        return self.effective_from <= instant and (self.until is None or instant < self.until)


Grants = Mapping[str, list[Grant]]
"""By sponsor."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What an organisation may see at an instant, under these grants. `small` tells of a sponsor whether it is too small."""

    organisation_id: str
    now: str
    grants: Grants
    small: Callable[[str], bool]

    def withheld(self, row: Any, wanted: Filter) -> str | None:
        """Why the row is not shown, or None."""
        if row.sponsor_id is not None and row.sponsor_id != self.organisation_id and not self._granted(row):
            return NO_GRANT
        if row.level == Level.STAGE and self.small(row.sponsor_id):
            return TOO_SMALL
        return None if wanted.wants(row.type, row.program_id, row.sponsor_id) else FILTERED

    def until(self, row: Any) -> str | None:
        """The end of the grant under which it may be shown now; None for what needs none, or where no end is known."""
        ends = [each.until for each in self._deep(row) if each.covers(self.now)]
        return ends[0] if ends else None

    def _granted(self, row: Any) -> bool:
        """It happened under a grant, and there is one now."""
        deep = self._deep(row)
        return any(each.covers(row.occurred_at) for each in deep) and any(each.covers(self.now) for each in deep)

    def _deep(self, row: Any) -> list[Grant]:
        known = self.grants.get(row.sponsor_id, [])
        return [each for each in known if row.level != Level.STAGE or each.level == Level.STAGE]


def grants_of(tx: Tx, platform_ids: Iterable[str]) -> dict[str, dict[str, list[Grant]]]:
    """By platform and sponsor."""
    found: dict[str, dict[str, list[Grant]]] = {}
    for row in tx.conn.execute(select(GRANTS).where(GRANTS.c.platform_id.in_(list(platform_ids)))):
        mine = found.setdefault(row.platform_id, {}).setdefault(row.sponsor_id, [])
        mine.append(Grant(row.level, row.effective_from, row.until))
    return found


def sight(tx: Tx, organisation_id: str, now: datetime) -> Sight:
    @cache
    def small(sponsor_id: str) -> bool:
        return sponsors.too_small(tx, sponsor_id, now)

    grants = grants_of(tx, [organisation_id]).get(organisation_id, {})
    return Sight(organisation_id, iso(now), grants, small)


@dataclass(frozen=True, slots=True)
class Item:
    """One number of the feed: the event, or why it is withheld. From `until` on the event may not leave any more."""

    sequence: int
    payload: str | None
    withheld: str | None
    until: str | None = None


def rows(tx: Tx, organisation_id: str, after: int, limit: int, last: int | None = None) -> list[Any]:
    query = select(FEED).where(FEED.c.organisation_id == organisation_id, FEED.c.sequence > after)
    if last is not None:
        query = query.where(FEED.c.sequence <= last)
    return list(tx.conn.execute(query.order_by(FEED.c.sequence).limit(limit)).all())


def read(tx: Tx, organisation_id: str, after: int, limit: int, wanted: Filter, now: datetime) -> Iterator[Item]:
    seen = sight(tx, organisation_id, now)
    for row in rows(tx, organisation_id, after, limit):
        why = seen.withheld(row, wanted)
        yield Item(row.sequence, None, why) if why else Item(row.sequence, row.payload, None, seen.until(row))
