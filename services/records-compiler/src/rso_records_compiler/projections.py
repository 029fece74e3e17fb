"""The one read model: which requests a case has, and in which stream each lives. All else is folded from the case's own streams."""

from sqlalchemy import Column, Index, MetaData, String, Table, select

from rso_records_compiler.domain.request_events import RecordHolderIdentified
from rso_shared.contracts.vocabulary import RecordKind
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import unknown
from rso_shared.kit.events import Recorded
from rso_shared.kit.projections import Projection
from rso_shared.kit.rows import Rows

METADATA = MetaData()

REQUESTS = Table(
    "record_requests",
    METADATA,
    Column("request_id", String, primary_key=True),
    Column("case_id", String, nullable=False),
    Column("stream", String, nullable=False),
    Column("kind", String, nullable=False),
    Index("record_requests_by_case", "case_id"),
)


def _apply(rows: Rows, recorded: Recorded) -> None:
    event = recorded.event
    if isinstance(event, RecordHolderIdentified):
        row = {
            "request_id": event.request_id,
            "case_id": event.case_id,
            "stream": recorded.stream,
            "kind": event.kind.value,
        }
        rows.insert(REQUESTS, row)


PROJECTIONS = (Projection(name="record_requests", tables=(REQUESTS,), apply=_apply, aggregate="record_request"),)


def request_streams(tx: Tx, case_id: str, kind: RecordKind | None = None) -> list[str]:
    """The streams of the case's requests, each once: one that was opened anew has several ids and one stream."""
    query = select(REQUESTS.c.stream).where(REQUESTS.c.case_id == case_id).distinct().order_by(REQUESTS.c.stream)
    if kind is not None:
        query = query.where(REQUESTS.c.kind == kind.value)
    return list(tx.conn.execute(query).scalars())


def stream_of_request(tx: Tx, case_id: str, request_id: str) -> str:
    """Raises 404 `record_request_unknown` for an id of another case as for none."""
    query = select(REQUESTS.c.stream).where(REQUESTS.c.case_id == case_id, REQUESTS.c.request_id == request_id)
    stream: str | None = tx.conn.execute(query).scalar_one_or_none()
    if stream is None:
        raise unknown("record_request_unknown", "There is no such record request in this case.")
    return stream
