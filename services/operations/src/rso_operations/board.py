"""The board: one row per case with its stage, since when, and who is waited for. Derived from kept facts alone.

Facts of different services come in any order, so each one writes its own columns and makes the row if it is the first.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, MetaData, String, Table, func, select, text

from rso_operations.words import parties
from rso_shared.contracts.base import FactModel
from rso_shared.contracts.coordinator import EscalationRaised, PromiseChanged, StageEntered, WaitingChanged
from rso_shared.contracts.intake import CaseHeld, CaseResumed, CaseSubmitted, OwnerAssigned, PriorityChanged
from rso_shared.contracts.matching import AssignmentReleased, OfferAccepted
from rso_shared.contracts.vocabulary import Priority, Stage
from rso_shared.kit.clock import iso, parse_iso
from rso_shared.kit.database import Tx
from rso_shared.kit.facts import Fact
from rso_shared.kit.rows import Written
from rso_shared.kit.tables import COUNTER

METADATA = MetaData()
ENDED = (Stage.CLOSED, Stage.DECLINED, Stage.WITHDRAWN, Stage.EXPIRED)
UNDER_WAY = text("stage NOT IN ('closed', 'declined', 'withdrawn', 'expired')")
"""Written out, since only so the databases see that the index has every row that is asked for."""
ON_HOLD = text("held IS NOT NULL")

BOARD = Table(
    "board",
    METADATA,
    Column("case_id", String, primary_key=True),
    Column("reference_last_four", String),
    Column("stage", String, nullable=False),
    Column("since", String),
    Column("waiting_on", String, nullable=False),
    Column("promised_by", String),
    Column("priority", String, nullable=False),
    Column("client_reference", String),
    Column("partner_id", String),
    Column("program_id", String),
    Column("specialist_id", String),
    Column("owner", String),
    Column("held", String),
    Column("escalation", String),
    Column("due_at", String),
    Column("submitted_at", String),
    Column("delivered_at", String),
    Column("took_seconds", COUNTER),
    Index("board_by_partner", "partner_id", "since"),
    Index("board_by_program", "program_id", "since"),
    Index("board_by_specialist", "specialist_id", "since"),
    Index("board_by_client_reference", "client_reference"),
    Index("board_by_number", "reference_last_four", "since"),
    Index("board_by_due", "due_at", "case_id"),
    Index("board_by_promise", "promised_by", "case_id"),
    Index("board_by_delivery", "delivered_at", "took_seconds", "promised_by"),
    Index("board_by_submission", "submitted_at"),
    Index("board_by_stage", "stage", "since"),
    Index("board_held", "held", "case_id", sqlite_where=ON_HOLD, postgresql_where=ON_HOLD),
    *(
        Index(f"board_under_way{suffix}", column, "case_id", sqlite_where=UNDER_WAY, postgresql_where=UNDER_WAY)
        for suffix, column in (("", "since"), ("_by_due", "due_at"), ("_by_promise", "promised_by"))
    ),
)
MARKS = Table("rebuilding", METADATA, Column("since", String, primary_key=True))
"""One row while what the pages show is rebuilt."""
_FIRST = {"stage": Stage.SUBMITTED.value, "waiting_on": "", "priority": Priority.ROUTINE.value}
INSTANTS = ("since", "promised_by", "due_at", "submitted_at", "delivered_at")


@dataclass(frozen=True, slots=True)
class Row:
    """One case as the staff's lists show it: ids, codes and instants. `held` are the reasons why it is on hold."""

    case_id: str
    reference_last_four: str | None
    stage: str
    since: datetime | None
    waiting_on: str
    promised_by: datetime | None
    priority: str
    client_reference: str | None = None
    partner_id: str | None = None
    program_id: str | None = None
    specialist_id: str | None = None
    owner: str | None = None
    held: tuple[str, ...] = ()
    escalation: str | None = None
    due_at: datetime | None = None
    submitted_at: datetime | None = None
    delivered_at: datetime | None = None
    took_seconds: int | None = None
    """From the submission to the newest delivery."""


def _submitted(fact: CaseSubmitted) -> dict[str, Any]:
    return {
        "reference_last_four": fact.reference_last_four, "priority": fact.priority.value, "owner": fact.owner,
        "client_reference": fact.client_reference, "partner_id": fact.partner_organisation_id,
        "program_id": fact.program.program_id, "submitted_at": iso(fact.submitted_at),
    }  # fmt: skip


def _columns(fact: FactModel) -> dict[str, Any]:
    match fact:
        case CaseSubmitted():
            return _submitted(fact)
        case PriorityChanged(priority=priority):
            return {"priority": priority.value}
        case OwnerAssigned(owner=owner):
            return {"owner": owner}
        case OfferAccepted(specialist_id=specialist_id):
            return {"specialist_id": specialist_id}
        case AssignmentReleased():
            return {"specialist_id": None}
    return _by_the_coordinator(fact)


def _by_the_coordinator(fact: FactModel) -> dict[str, Any]:
    """A stage that is entered leaves its escalation behind."""
    match fact:
        case StageEntered(stage=stage, entered_at=entered_at):
            delivered = {"delivered_at": iso(entered_at)} if stage is Stage.DELIVERED else {}
            return {"stage": stage.value, "since": iso(entered_at), "escalation": None, **delivered}
        case WaitingChanged(waiting_on=waiting_on):
            due = min((one.due for one in waiting_on if one.due), default=None)
            return {"waiting_on": parties(waiting_on) if waiting_on else "", "due_at": iso(due) if due else None}
        case PromiseChanged(promised_by=promised_by):
            return {"promised_by": iso(promised_by) if promised_by else None}
        case EscalationRaised(reason=reason):
            return {"escalation": reason}
    return {}


def apply(tx: Tx, fact: Fact) -> None:
    data = fact.data
    columns = _held(tx, data) if isinstance(data, CaseHeld | CaseResumed) else _columns(data)
    if "submitted_at" in columns or "delivered_at" in columns:
        columns |= _took(tx, data.key(), columns)
    Written(tx).merge(BOARD, {"case_id": data.key(), **_FIRST}, columns)


def _took(tx: Tx, case_id: str, columns: dict[str, Any]) -> dict[str, Any]:
    """Whichever of the two comes last knows how long it was."""
    known = {**(Written(tx).get(BOARD, case_id) or {}), **columns}
    if not (known.get("submitted_at") and known.get("delivered_at")):
        return {}
    took = parse_iso(known["delivered_at"]) - parse_iso(known["submitted_at"])
    return {"took_seconds": round(took.total_seconds())}


def _held(tx: Tx, fact: CaseHeld | CaseResumed) -> dict[str, Any]:
    """A case may be on hold for several reasons at once."""
    known = Written(tx).get(BOARD, fact.case_id)
    reasons = set(known["held"].split(",") if known and known["held"] else ())
    reasons = reasons | {fact.reason.value} if isinstance(fact, CaseHeld) else reasons - {fact.reason.value}
    return {"held": ",".join(sorted(reasons)) or None}


SHOWN: tuple[type[FactModel], ...] = (
    CaseSubmitted, PriorityChanged, OwnerAssigned, CaseHeld, CaseResumed, OfferAccepted, AssignmentReleased, StageEntered,
    WaitingChanged, PromiseChanged, EscalationRaised,
)  # fmt: skip


def counted(tx: Tx) -> dict[str, int]:
    """Cases by stage, every stage named."""
    counts = tx.conn.execute(select(BOARD.c.stage, func.count()).group_by(BOARD.c.stage)).all()
    return {**dict.fromkeys((stage.value for stage in Stage), 0), **{row[0]: row[1] for row in counts}}


def by_stage(tx: Tx) -> dict[str, float]:
    """For the gauge `rso.cases`: every stage, also those where nobody is."""
    return {stage: float(count) for stage, count in counted(tx).items()}


def row(found: Any) -> Row:
    columns = dict(found._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    instants = {name: parse_iso(columns[name]) if columns[name] else None for name in INSTANTS}
    return Row(**{**columns, **instants, "held": tuple(columns["held"].split(",")) if columns["held"] else ()})
