"""The month's numbers of every sponsor, told once, a day after the month is over; and the delivery log's end."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, func, insert, select

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
    for organisation_id, external_id in sorted(_hearing(tx, sponsor_id, iso(now))):
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


def _hearing(tx: Tx, sponsor_id: str, at: str) -> list[tuple[str, str]]:
    """The sponsor itself, and every platform with a grant of any level."""
    query = select(GRANTS).where(GRANTS.c.sponsor_id == sponsor_id, GRANTS.c.effective_from <= at)
    granted = [row for row in tx.conn.execute(query).all() if row.until is None or at < row.until]
    return [(sponsor_id, ""), *((row.platform_id, row.external_id) for row in granted)]


def first_of(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def following(month: datetime) -> datetime:
    return first_of(month + timedelta(days=32))


def name(month: datetime) -> str:
    return f"{month:%Y-%m}"
