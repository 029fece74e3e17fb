"""Open cases: those whose workflows a moved clock has to reach."""

from sqlalchemy import Column, MetaData, String, Table, select

from rso_coordinator.domain.case_log import StageEntered
from rso_shared.contracts.vocabulary import Stage
from rso_shared.kit.database import Tx
from rso_shared.kit.events import Recorded
from rso_shared.kit.projections import Projection
from rso_shared.kit.rows import Rows

METADATA = MetaData()
OVER = {Stage.CLOSED, Stage.DECLINED, Stage.WITHDRAWN, Stage.EXPIRED}

CASES = Table(
    "open_cases",
    METADATA,
    Column("case_id", String, primary_key=True),
    Column("stage", String, nullable=False),
)


def _apply(rows: Rows, recorded: Recorded) -> None:
    event = recorded.event
    if isinstance(event, StageEntered):
        if event.stage in OVER:
            rows.delete(CASES, event.case_id)
        else:
            rows.put(CASES, {"case_id": event.case_id, "stage": event.stage.value})


PROJECTIONS = (Projection("open_cases", (CASES,), _apply),)


def open_cases(tx: Tx) -> list[str]:
    return list(tx.conn.execute(select(CASES.c.case_id)).scalars())
