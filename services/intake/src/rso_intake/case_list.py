"""The list of cases as rows: one per case and viewer, with all that the list shows, filters by and is ordered by.

So a page of the list is a page of one index, however many cases there are and whoever asks. A viewer is the staff as a whole, an
organisation, or one person in one role. The stage comes from the coordinator's facts; all else from the case's own events.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    select,
    update,
)
from sqlalchemy import case as when

from rso_intake.domain.condition import ConditionCoded
from rso_intake.domain.lifecycle import CaseClosed, Phase
from rso_intake.domain.submission import CaseSubmitted
from rso_intake.domain.triage import OwnerAssigned, PriorityChanged
from rso_shared.contracts.base import AccessChange
from rso_shared.contracts.vocabulary import CloseReason, Stage
from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx
from rso_shared.kit.events import Recorded
from rso_shared.kit.rows import Latest, Rows, Tables

METADATA = MetaData()
STAFF = ""
CHANGING = frozenset({OwnerAssigned, PriorityChanged, ConditionCoded, CaseClosed})

CASE_LIST = Table(
    "case_list",
    METADATA,
    Column("case_id", String, nullable=False),
    Column("viewer", String, nullable=False),
    Column("reference_last_four", String, nullable=False),
    Column("client_reference", String),
    Column("program_id", String, nullable=False),
    Column("program_version", Integer, nullable=False),
    Column("condition_group", String, nullable=False),
    Column("country", String, nullable=False),
    Column("state", String, nullable=False),
    Column("priority", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("lifecycle", String, nullable=False),
    Column("stage", String, nullable=False),
    Column("submitted_at", String, nullable=False),
    Column("changed_at", String, nullable=False),
    PrimaryKeyConstraint("case_id", "viewer"),
    Index("case_list_by_change", "viewer", "changed_at", "case_id"),
    Index("case_list_by_stage", "viewer", "stage", "changed_at", "case_id"),
    Index("case_list_by_client_reference", "viewer", "client_reference", "changed_at", "case_id"),
)

CASE_STAGES = Table(
    "case_stages",
    METADATA,
    Column("case_id", String, primary_key=True),
    Column("stage", String, nullable=False),
    Column("entered_at", String, nullable=False),
)
"""The coordinator's newest stage per case, written by the consumer. Not rebuilt: its source is the kept fact."""


def organisation(organisation_id: str) -> str:
    return f"organisation/{organisation_id}"


def person(role: str, subject: str) -> str:
    return f"{role}/{subject}"


def viewers(access: Iterable[AccessChange]) -> Iterator[str]:
    """Intake's own facts only ever grant: a revocation takes nothing from the list."""
    for change in access:
        if change.organisation_id:
            yield organisation(change.organisation_id)
        if change.subject:
            yield person(change.role, change.subject)


def apply(rows: Rows, recorded: Recorded, access: Iterable[AccessChange]) -> None:
    at = iso(recorded.recorded_at)
    if isinstance(recorded.event, CaseSubmitted):
        row = _submitted(recorded.event) | {"viewer": STAFF, "changed_at": at}
        rows.insert(CASE_LIST, row, *({**row, "viewer": viewer} for viewer in sorted(set(viewers(access)))))
        return
    case_id, new = recorded.stream.split("/", 2)[2], set(viewers(access))
    listed = rows.get(CASE_LIST, case_id, STAFF) if new else None
    if listed is not None:
        rows.put(CASE_LIST, *({**listed, "viewer": viewer} for viewer in sorted(new)))
    rows.update(CASE_LIST, case_id, changed_at=Latest(at), **_changes(recorded.event))


def _submitted(event: CaseSubmitted) -> dict[str, Any]:
    return {
        "case_id": event.case_id,
        "reference_last_four": event.reference_number[-4:],
        "client_reference": event.client_reference,
        "program_id": event.program.program_id,
        "program_version": event.program.version,
        "condition_group": event.condition_group.value,
        "country": event.country,
        "state": event.state,
        "priority": event.priority.value,
        "owner": event.owner,
        "lifecycle": Phase.OPEN.value,
        "stage": Stage.SUBMITTED.value,
        "submitted_at": iso(event.submitted_at),
    }


def _changes(event: object) -> dict[str, str]:
    match event:
        case OwnerAssigned(owner=owner):
            return {"owner": owner}
        case PriorityChanged(priority=priority):
            return {"priority": priority.value}
        case ConditionCoded(condition_group=group):
            return {"condition_group": group.value}
        case CaseClosed(close_reason=reason):
            in_error = reason is CloseReason.ENTERED_IN_ERROR
            return {"lifecycle": (Phase.ENTERED_IN_ERROR if in_error else Phase.CLOSED).value}
        case _:
            return {}


def hold(tx: Tx, case_id: str) -> None:
    """Until the commit nobody is given sight of the case: a new viewer's row is a copy of the staff's, with its stage."""
    query = select(CASE_LIST.c.case_id).where(CASE_LIST.c.case_id == case_id, CASE_LIST.c.viewer == STAFF)
    tx.conn.execute(query.with_for_update())


def show_stages(tx: Tx, tables: Tables, *which: ColumnElement[bool]) -> None:
    """Of every case, or of those for which `which` says so."""
    listed, stages = tables[CASE_LIST.name], CASE_STAGES.c
    newest = when((listed.c.changed_at > stages.entered_at, listed.c.changed_at), else_=stages.entered_at)
    query = update(listed).where(listed.c.case_id == stages.case_id, *which)
    tx.conn.execute(query.values(stage=stages.stage, changed_at=newest))
