"""Read models: the journal of the ledger, and the honoraria. Both are written in the transaction of the append."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Row,
    RowMapping,
    String,
    Table,
    func,
    literal,
    select,
    text,
    tuple_,
)
from sqlalchemy import case as when

from rso_billing.domain.honorarium import HonorariumAccrued, HonorariumApproved
from rso_billing.domain.ledger import LedgerEntryPosted
from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx
from rso_shared.kit.events import Recorded
from rso_shared.kit.projections import Projection
from rso_shared.kit.rows import Rows

METADATA = MetaData()
OPEN = text("approved_at IS NULL")

JOURNAL = Table(
    "journal",
    METADATA,
    Column("entry_id", String, nullable=False),
    Column("line", Integer, nullable=False),
    Column("case_id", String, nullable=False),
    Column("cause", String, nullable=False),
    Column("account", String, nullable=False),
    Column("currency", String, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("posted_at", String, nullable=False),
    PrimaryKeyConstraint("entry_id", "line"),
    Index("journal_by_account", "account", "currency"),
    Index("journal_by_case", "case_id"),
)

HONORARIA = Table(
    "honoraria",
    METADATA,
    Column("honorarium_id", String, primary_key=True),
    Column("stream", String, nullable=False),
    Column("case_id", String, nullable=False),
    Column("specialist_id", String, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String, nullable=False),
    Column("accrued_at", String, nullable=False),
    Column("approved_at", String),
    Index("honoraria_by_case", "case_id"),
    Index("honoraria_by_time", "accrued_at", "honorarium_id"),
    Index("honoraria_by_specialist", "specialist_id", "accrued_at", "honorarium_id"),
    Index("honoraria_to_approve", "accrued_at", "honorarium_id", sqlite_where=OPEN, postgresql_where=OPEN),
)


@dataclass(frozen=True, slots=True)
class Balance:
    """One account in one currency: everything debited and everything credited, both as positive minor units."""

    account: str
    currency: str
    debit_minor: int
    credit_minor: int


def _apply_journal(rows: Rows, recorded: Recorded) -> None:
    entry = recorded.event
    if not isinstance(entry, LedgerEntryPosted):
        return
    lines = [
        {
            "entry_id": entry.entry_id,
            "line": line,
            "case_id": entry.case_id,
            "cause": entry.cause,
            "account": posting.account,
            "currency": posting.amount.currency,
            "amount_minor": posting.amount.amount_minor,
            "posted_at": iso(recorded.recorded_at),
        }
        for line, posting in enumerate(entry.postings, 1)
    ]
    rows.insert(JOURNAL, *lines)


def _apply_honoraria(rows: Rows, recorded: Recorded) -> None:
    match recorded.event:
        case HonorariumAccrued() as accrued:
            row = {
                "honorarium_id": accrued.honorarium_id,
                "stream": recorded.stream,
                "case_id": accrued.case_id,
                "specialist_id": accrued.specialist_id,
                "amount_minor": accrued.amount.amount_minor,
                "currency": accrued.amount.currency,
                "accrued_at": iso(accrued.accrued_at),
            }
            rows.insert(HONORARIA, row)
        case HonorariumApproved(honorarium_id=honorarium_id, approved_at=approved_at):
            rows.update(HONORARIA, honorarium_id, approved_at=iso(approved_at))


PROJECTIONS = (
    Projection(name="journal", tables=(JOURNAL,), apply=_apply_journal),
    Projection(name="honoraria", tables=(HONORARIA,), apply=_apply_honoraria, aggregate="honorarium"),
)


def balances(tx: Tx, *, as_of: datetime | None = None) -> list[Balance]:
    """Every account ever touched. The journal only grows, so two writers never wait for one account's row."""
    amount = JOURNAL.c.amount_minor
    query = select(
        JOURNAL.c.account,
        JOURNAL.c.currency,
        func.sum(when((amount > 0, amount), else_=0)),
        func.sum(when((amount < 0, -amount), else_=0)),
    )
    if as_of is not None:
        query = query.where(JOURNAL.c.posted_at <= iso(as_of))
    query = query.group_by(JOURNAL.c.account, JOURNAL.c.currency).order_by(JOURNAL.c.currency, JOURNAL.c.account)
    return [
        Balance(account, currency, int(debit), int(credit))
        for account, currency, debit, credit in tx.conn.execute(query)
    ]


def journal(tx: Tx, case_id: str) -> Sequence[RowMapping]:
    query = select(JOURNAL).where(JOURNAL.c.case_id == case_id)
    return tx.conn.execute(query.order_by(JOURNAL.c.posted_at, JOURNAL.c.entry_id, JOURNAL.c.line)).mappings().all()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    case_id: str | None = None
    specialist_id: str | None = None
    status: str | None = None
    after: tuple[str, ...] | None = None
    """(accrued_at, honorarium_id) of the last row of the page before."""
    limit: int


def honoraria(tx: Tx, wanted: Wanted) -> Sequence[Row[Any]]:
    """Oldest first."""
    owed = HONORARIA.c
    query = select(HONORARIA).order_by(owed.accrued_at, owed.honorarium_id).limit(wanted.limit)
    if wanted.case_id is not None:
        query = query.where(owed.case_id == wanted.case_id)
    if wanted.specialist_id is not None:
        query = query.where(owed.specialist_id == wanted.specialist_id)
    if wanted.status is not None:
        query = query.where(
            owed.approved_at.is_not(None) if wanted.status == "approved" else owed.approved_at.is_(None)
        )
    if wanted.after is not None:
        query = query.where(tuple_(owed.accrued_at, owed.honorarium_id) > tuple_(*map(literal, wanted.after)))
    return tx.conn.execute(query).all()


def stream_of_honorarium(tx: Tx, honorarium_id: str) -> str | None:
    query = select(HONORARIA.c.stream).where(HONORARIA.c.honorarium_id == honorarium_id)
    return tx.conn.execute(query).scalar_one_or_none()
