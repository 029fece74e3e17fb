"""Reading cases: one, composed from the facts of every service, and the list."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime

from rso_intake import listing, queries
from rso_intake.api.models import ClientReference
from rso_intake.casework import folded
from rso_intake.composition import Own, compose
from rso_intake.subscribe import SHOWN
from rso_intake.views import CasePage, CaseView
from rso_shared.contracts.vocabulary import Stage
from rso_shared.kit import cursor, facts
from rso_shared.kit.clock import iso
from rso_shared.kit.web.call import PUBLIC, Call, permitted

router = APIRouter(tags=["cases"])

PAGE = 50
PAGE_MAX = 200


@router.get("/v1/cases/{case_id}", response_model=CaseView, summary="Read a case", **PUBLIC)
def read(case_id: str, call: Annotated[Call, Depends(permitted("case.read"))]) -> CaseView:
    """Where the case stands, who is waited for since when and until when, and what was promised."""
    with call.read() as tx:
        found = folded(call, tx, case_id)
        program = queries.program_of(tx, found.case)
        kept = [fact.data for fact in facts.all_of(tx, case_id, *SHOWN)]
    return compose(Own(case=found.case, version=found.version, program=program, now=call.now), kept)


@router.get("/v1/cases", response_model=CasePage, summary="List cases", **PUBLIC)
def list_cases(
    call: Annotated[Call, Depends(permitted("case.list"))],
    client_reference: Annotated[ClientReference | None, Query()] = None,
    stage: Annotated[Stage | None, Query()] = None,
    updated_after: Annotated[AwareDatetime | None, Query()] = None,
    cursor_: Annotated[str | None, Query(alias="cursor", max_length=400)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE,
) -> CasePage:
    """In the order of the last change, oldest first: whoever keeps the last cursor misses no change."""
    after = cursor.decode(call.service.keys, cursor_, 2) if cursor_ else None
    wanted = listing.Wanted(
        client_reference=client_reference,
        stage=stage,
        updated_after=updated_after,
        after=(after[0], after[1]) if after else None,
        limit=limit + 1,
    )
    with call.read() as tx:
        rows = listing.cases(tx, call.principal.reach(call.permission), call.principal, wanted)
    page, more = rows[:limit], len(rows) > limit
    last = page[-1] if more else None
    follows = cursor.encode(call.service.keys, iso(last.updated_at), last.case_id) if last else None
    return CasePage(items=page, next_cursor=follows)
