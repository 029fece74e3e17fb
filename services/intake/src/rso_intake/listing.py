"""The list of cases: what the caller may see, filtered, in the order of the last change, page by page by key."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, Select, case, func, literal, select, tuple_

from rso_intake.projections import CASE_STAGES, CASES
from rso_intake.views import CaseRow
from rso_shared.contracts.permissions import Reach
from rso_shared.contracts.program import ProgramRef
from rso_shared.contracts.vocabulary import Stage
from rso_shared.kit.auth import Principal
from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx
from rso_shared.kit.tables import PARTIES

stage_now: ColumnElement[str] = func.coalesce(CASE_STAGES.c.stage, Stage.SUBMITTED.value)
changed_at: ColumnElement[str] = case(
    (CASE_STAGES.c.entered_at > CASES.c.updated_at, CASE_STAGES.c.entered_at), else_=CASES.c.updated_at
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    client_reference: str | None = None
    stage: Stage | None = None
    updated_after: datetime | None = None
    after: tuple[str, str] | None = None
    """The last row of the page before: (updated_at, case_id)."""
    limit: int


def cases(tx: Tx, reach: Reach, principal: Principal, wanted: Wanted) -> list[CaseRow]:
    query = select(CASES, stage_now.label("stage"), changed_at.label("changed_at")).select_from(
        CASES.outerjoin(CASE_STAGES, CASES.c.case_id == CASE_STAGES.c.case_id)
    )
    query = query.where(*_seen(reach, principal), *_filters(wanted))
    return [_row(row) for row in tx.conn.execute(_page(query, wanted))]


def _page(query: Select[tuple[object, ...]], wanted: Wanted) -> Select[tuple[object, ...]]:
    if wanted.after is not None:
        position = tuple_(*(literal(value) for value in wanted.after))
        query = query.where(tuple_(changed_at, CASES.c.case_id) > position)
    return query.order_by(changed_at, CASES.c.case_id).limit(wanted.limit)


def _filters(wanted: Wanted) -> list[ColumnElement[bool]]:
    filters: list[ColumnElement[bool]] = []
    if wanted.client_reference is not None:
        filters.append(CASES.c.client_reference == wanted.client_reference)
    if wanted.stage is not None:
        filters.append(stage_now == wanted.stage.value)
    if wanted.updated_after is not None:
        filters.append(changed_at > iso(wanted.updated_after))
    return filters


def _seen(reach: Reach, principal: Principal) -> list[ColumnElement[bool]]:
    """The same rule as for one case, as a condition on the list."""
    if reach is Reach.ANY:
        return []
    parties = select(PARTIES.c.case_id).where(PARTIES.c.granted)
    if reach is Reach.ORGANISATION:
        parties = parties.where(PARTIES.c.organisation_id == principal.organisation_id)
    else:
        parties = parties.where(PARTIES.c.role == principal.role.value, PARTIES.c.subject == principal.subject)
    return [CASES.c.case_id.in_(parties)]


def _row(row: Row[tuple[object, ...]]) -> CaseRow:
    return CaseRow(
        case_id=row.case_id,
        reference_last_four=row.reference_number[-4:],
        client_reference=row.client_reference,
        program=ProgramRef(program_id=row.program_id, version=row.program_version),
        condition_group=row.condition_group,
        country=row.country,
        state=row.state,
        priority=row.priority,
        owner=row.owner,
        lifecycle=row.lifecycle,
        stage=row.stage,
        submitted_at=row.submitted_at,
        updated_at=row.changed_at,
    )
