"""The month's numbers of every sponsor, told once, a day after the month is over; and the delivery log's end."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, delete, func, insert, select

from rso_shared.kit.clock import iso, parse_iso
from rso_shared.kit.database import Tx
from rso_shared.kit.ids import derived_id
from rso_shared.kit.service import Service
from rso_subscriptions import feed
from rso_subscriptions.domain.small import cell
from rso_subscriptions.public.events import Event, Level, PublicType, Sponsor
from rso_subscriptions.public.mapping import Envelope, shaped
from rso_subscriptions.tables import ATTEMPTS, CASES, GRANTS, MONTHS, ORGANISATIONS

SETTLED = timedelta(days=1)
"""What happened in the last minutes of a month has arrived by then."""
FOREVER = "9"
"""After every instant, as text."""
LOG_KEPT = timedelta(days=30)


def tell_and_forget(service: Service) -> None:
    now = service.clock.now()
    with service.db.read() as tx:
        untold = months(tx, now)
    for sponsor_id, month in untold:
        with service.db.write() as tx:
            tell(tx, sponsor_id, month, livemode=service.store.livemode, now=now)
    with service.db.read() as tx:
        old = tx.conn.execute(select(ATTEMPTS.c.id).where(ATTEMPTS.c.at < iso(now - LOG_KEPT)).limit(1)).first()
    if old is not None:
        with service.db.write() as tx:
            tx.conn.execute(delete(ATTEMPTS).where(ATTEMPTS.c.at < iso(now - LOG_KEPT)))


def months(tx: Tx, now: datetime) -> list[tuple[str, datetime]]:
    """(sponsor, first instant of a month) that are over and were not told."""
    sponsors = select(ORGANISATIONS.c.organisation_id, ORGANISATIONS.c.since).where(ORGANISATIONS.c.kind == "sponsor")
    told = {(row.sponsor_id, row.month) for row in tx.conn.execute(select(MONTHS))}
    found = []
    for sponsor_id, since in tx.conn.execute(sponsors).all():
        month = first_of(parse_iso(since))
        while following(month) + SETTLED <= now:
            if (sponsor_id, name(month)) not in told:
                found.append((sponsor_id, month))
            month = following(month)
    return found


def tell(tx: Tx, sponsor_id: str, month: datetime, *, livemode: bool, now: datetime) -> None:
    tx.conn.execute(insert(MONTHS).values(sponsor_id=sponsor_id, month=name(month)))
    begin, end = iso(month), iso(following(month))

    def counted(column: ColumnElement[Any]) -> int | str:
        mine = (CASES.c.sponsor_id == sponsor_id, column >= begin, column < end)
        return cell(int(tx.conn.execute(select(func.count()).select_from(CASES).where(*mine)).scalar_one()))

    columns = {"cases_opened": "opened_at", "opinions_delivered": "delivered_at", "cases_ended": "ended_at"}
    data = {"month": name(month), **{told: counted(_column(CASES, column)) for told, column in columns.items()}}
    for organisation_id, external_id in sorted(_hearing(tx, sponsor_id, begin, end, iso(now))):
        sponsor = Sponsor(sponsor_id=sponsor_id, external_id=external_id or None)
        id_ = derived_id(sponsor_id, name(month), organisation_id)

        def make(
            number: int, id_: str = id_, organisation_id: str = organisation_id, sponsor: Sponsor = sponsor
        ) -> Event:
            envelope = Envelope(id_, number, organisation_id, livemode, sponsor)
            return shaped(PublicType.COUNTS_MONTHLY, Level.COUNTS, envelope, now, data)

        feed.enter(tx, feed.Place(organisation_id, f"counts/{sponsor_id}", now, sponsor_id), make, now)


def _column(table: Table, column: str) -> ColumnElement[Any]:
    return table.c[column]


def _hearing(tx: Tx, sponsor_id: str, begin: str, end: str, at: str) -> list[tuple[str, str]]:
    """The sponsor itself, and every platform that has a grant of any level now and had one for the whole of the month."""
    given: dict[str, list[Row[Any]]] = defaultdict(list)
    query = select(GRANTS).where(GRANTS.c.sponsor_id == sponsor_id).order_by(GRANTS.c.effective_from)
    for row in tx.conn.execute(query):
        given[row.platform_id].append(row)
    heard = [(sponsor_id, "")]
    for platform_id, grants in given.items():
        now = next((each for each in grants if _covers(each, at)), None)
        if now is not None and _covered(grants, begin) >= end:
            heard.append((platform_id, now.external_id))
    return heard


def _covers(grant: Row[Any], at: str) -> bool:
    return bool(grant.effective_from <= at < (grant.until or FOREVER))


def _covered(grants: Sequence[Row[Any]], begin: str) -> str:
    """Until when there was a grant from `begin` on, without a gap. They are in order and never overlap."""
    to = begin
    for each in grants:
        if _covers(each, to):
            to = each.until or FOREVER
    return to


def first_of(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def following(month: datetime) -> datetime:
    return first_of(month + timedelta(days=32))


def name(month: datetime) -> str:
    return f"{month:%Y-%m}"
