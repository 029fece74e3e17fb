"""The board: one row per case with its stage, since when, and who is waited for. Derived from kept facts alone.

Facts of different services come in any order, so each one writes its own columns and makes the row if it is the first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, MetaData, String, Table, delete, func, insert, select, text, update

from rso_operations.words import parties
from rso_shared.contracts.base import FactModel
from rso_shared.contracts.coordinator import PromiseChanged, StageEntered, WaitingChanged
from rso_shared.contracts.intake import CaseSubmitted, PriorityChanged
from rso_shared.contracts.registry import FACTS as REGISTRY
from rso_shared.contracts.vocabulary import Priority, Stage
from rso_shared.kit.clock import iso, parse_iso
from rso_shared.kit.database import Tx
from rso_shared.kit.facts import Fact
from rso_shared.kit.reactions import Reacting, Reaction
from rso_shared.kit.tables import FACTS

METADATA = MetaData()
ENDED = (Stage.CLOSED, Stage.DECLINED, Stage.WITHDRAWN, Stage.EXPIRED)
UNDER_WAY = text("stage NOT IN ('closed', 'declined', 'withdrawn', 'expired')")
"""Written out, since only so the databases see that the index has every row that is asked for."""

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
    Index("board_by_stage", "stage", "since"),
    Index("board_under_way", "since", "case_id", sqlite_where=UNDER_WAY, postgresql_where=UNDER_WAY),
)
_FIRST = {"stage": Stage.SUBMITTED.value, "waiting_on": "", "priority": Priority.ROUTINE.value}
ROWS = 200


@dataclass(frozen=True, slots=True)
class Row:
    case_id: str
    reference_last_four: str | None
    stage: str
    since: datetime | None
    waiting_on: str
    promised_by: datetime | None
    priority: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Counts of every stage; the longest waiting rows of one stage, or of all that are under way."""

    counts: Mapping[str, int]
    rows: tuple[Row, ...]


def _submitted(fact: CaseSubmitted) -> dict[str, Any]:
    return {"reference_last_four": fact.reference_last_four, "priority": fact.priority.value}


def _columns(fact: FactModel) -> dict[str, Any]:
    match fact:
        case CaseSubmitted():
            return _submitted(fact)
        case PriorityChanged(priority=priority):
            return {"priority": priority.value}
        case StageEntered(stage=stage, entered_at=entered_at):
            return {"stage": stage.value, "since": iso(entered_at)}
        case WaitingChanged(waiting_on=waiting_on):
            return {"waiting_on": parties(waiting_on) if waiting_on else ""}
        case PromiseChanged(promised_by=promised_by):
            return {"promised_by": iso(promised_by) if promised_by else None}
    return {}


def apply(tx: Tx, fact: FactModel) -> None:
    columns = _columns(fact)
    if not tx.conn.execute(update(BOARD).where(BOARD.c.case_id == fact.key()).values(**columns)).rowcount:
        tx.conn.execute(insert(BOARD).values(case_id=fact.key(), **{**_FIRST, **columns}))


def _react(reacting: Reacting, fact: Fact) -> None:
    apply(reacting.tx, fact.data)


SHOWN: tuple[type[FactModel], ...] = (CaseSubmitted, PriorityChanged, StageEntered, WaitingChanged, PromiseChanged)
REACTIONS: Mapping[type[FactModel], Reaction] = dict.fromkeys(SHOWN, _react)


def rebuild(tx: Tx) -> int:
    """From the kept facts in the order of arrival, in one transaction. Returns how many cases stand on the board."""
    tx.conn.execute(delete(BOARD))
    types = [model.fact_type() for model in SHOWN]
    query = select(FACTS.c.type, FACTS.c.data).where(FACTS.c.type.in_(types)).order_by(FACTS.c.position)
    for type_, data in tx.conn.execute(query).all():
        apply(tx, REGISTRY[type_].parse(data))
    return int(tx.conn.execute(select(func.count()).select_from(BOARD)).scalar_one())


def snapshot(tx: Tx, stage: str | None = None) -> Snapshot:
    counts = tx.conn.execute(select(BOARD.c.stage, func.count()).group_by(BOARD.c.stage)).all()
    shown = UNDER_WAY if stage is None else BOARD.c.stage == stage
    query = select(BOARD).where(shown).order_by(BOARD.c.since, BOARD.c.case_id).limit(ROWS)
    rows = tuple(_row(row) for row in tx.conn.execute(query).all())
    return Snapshot({row[0]: row[1] for row in counts}, rows)


def by_stage(tx: Tx) -> dict[str, float]:
    """For the gauge `rso.cases`: every stage, also those where nobody is."""
    counts = tx.conn.execute(select(BOARD.c.stage, func.count()).group_by(BOARD.c.stage)).all()
    return {**dict.fromkeys((stage.value for stage in Stage), 0.0), **{row[0]: float(row[1]) for row in counts}}


def _row(row: Any) -> Row:
    return Row(
        case_id=row.case_id,
        reference_last_four=row.reference_last_four,
        stage=row.stage,
        since=parse_iso(row.since) if row.since else None,
        waiting_on=row.waiting_on,
        promised_by=parse_iso(row.promised_by) if row.promised_by else None,
        priority=row.priority,
    )
