"""Open deadlines: what the sandbox's clock moves along, and what the staff's pages count down to."""

from sqlalchemy import Column, MetaData, PrimaryKeyConstraint, String, Table, delete, insert, select

from rso_coordinator.domain.case_log import DeadlineSet, RungFired, StageEntered
from rso_shared.contracts.vocabulary import Stage
from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx
from rso_shared.kit.events import Recorded
from rso_shared.kit.projections import Projection, Tables

METADATA = MetaData()
OVER = {Stage.CLOSED, Stage.DECLINED, Stage.WITHDRAWN, Stage.EXPIRED}

CASES = Table(
    "open_cases",
    METADATA,
    Column("case_id", String, primary_key=True),
    Column("stage", String, nullable=False),
)

DEADLINES = Table(
    "deadlines",
    METADATA,
    Column("case_id", String, nullable=False),
    Column("deadline", String, nullable=False),
    Column("due_at", String, nullable=False),
    PrimaryKeyConstraint("case_id", "deadline"),
)


def _apply(tx: Tx, tables: Tables, recorded: Recorded) -> None:
    event = recorded.event
    cases, deadlines = tables[CASES.name], tables[DEADLINES.name]
    match event:
        case StageEntered():
            tx.conn.execute(delete(cases).where(cases.c.case_id == event.case_id))
            tx.conn.execute(delete(deadlines).where(deadlines.c.case_id == event.case_id))
            if event.stage not in OVER:
                tx.conn.execute(insert(cases).values(case_id=event.case_id, stage=event.stage.value))
        case DeadlineSet():
            same = (deadlines.c.case_id == event.case_id, deadlines.c.deadline == event.deadline)
            tx.conn.execute(delete(deadlines).where(*same))
            row = {"case_id": event.case_id, "deadline": event.deadline, "due_at": iso(event.due_at)}
            tx.conn.execute(insert(deadlines).values(**row))
        case RungFired():
            passed = (deadlines.c.case_id == event.case_id, deadlines.c.due_at <= iso(event.due_at))
            tx.conn.execute(delete(deadlines).where(*passed))


PROJECTIONS = (Projection("open_cases", (CASES, DEADLINES), _apply),)


def open_cases(tx: Tx) -> list[str]:
    return list(tx.conn.execute(select(CASES.c.case_id)).scalars())


def next_due(tx: Tx, after: str, until: str) -> str | None:
    """The earliest open deadline in the half-open span, as ISO text."""
    query = select(DEADLINES.c.due_at).where(DEADLINES.c.due_at > after, DEADLINES.c.due_at <= until)
    return tx.conn.execute(query.order_by(DEADLINES.c.due_at).limit(1)).scalar_one_or_none()
