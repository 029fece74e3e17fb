"""The list of cases: what the caller may see, filtered, in the order of the last change, page by page by key."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, literal, select, tuple_

from rso_intake import case_list
from rso_intake.case_list import CASE_LIST
from rso_intake.views import CaseRow
from rso_shared.contracts.permissions import Reach
from rso_shared.contracts.program import ProgramRef
from rso_shared.contracts.vocabulary import Stage
from rso_shared.kit.auth import Principal
from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    client_reference: str | None = None
    stage: Stage | None = None
    updated_after: datetime | None = None
    after: tuple[str, str] | None = None
    """The last row of the page before: (updated_at, case_id)."""
    limit: int


def cases(tx: Tx, reach: Reach, principal: Principal, wanted: Wanted) -> list[CaseRow]:
    listed = CASE_LIST.c
    query = select(CASE_LIST).where(listed.viewer == _viewer(reach, principal), *_filters(wanted))
    query = query.order_by(listed.changed_at, listed.case_id).limit(wanted.limit)
    return [_row(row) for row in tx.conn.execute(query)]


def _viewer(reach: Reach, principal: Principal) -> str:
    """The same rule as for one case."""
    if reach is Reach.ANY:
        return case_list.STAFF
    if reach is Reach.ORGANISATION:
        return case_list.organisation(principal.organisation_id)
    return case_list.person(principal.role.value, principal.subject)


def _filters(wanted: Wanted) -> list[ColumnElement[bool]]:
    filters: list[ColumnElement[bool]] = []
    if wanted.client_reference is not None:
        filters.append(CASE_LIST.c.client_reference == wanted.client_reference)
    if wanted.stage is not None:
        filters.append(CASE_LIST.c.stage == wanted.stage.value)
    if wanted.updated_after is not None:
        filters.append(CASE_LIST.c.changed_at > iso(wanted.updated_after))
    if wanted.after is not None:
        position = tuple_(*(literal(value) for value in wanted.after))
        filters.append(tuple_(CASE_LIST.c.changed_at, CASE_LIST.c.case_id) > position)
    return filters


def _row(row: Row[tuple[object, ...]]) -> CaseRow:
    return CaseRow(
        case_id=row.case_id,
        reference_last_four=row.reference_last_four,
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
