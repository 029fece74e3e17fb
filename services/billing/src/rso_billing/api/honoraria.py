"""What specialists are owed: finance sees and approves all, a specialist sees their own."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response

from rso_billing import projections
from rso_billing.api.models import Honoraria, HonorariumState, HonorariumView
from rso_billing.api.work import honorarium_state
from rso_billing.domain.honorarium import HONORARIUM, ApproveHonorarium
from rso_shared.contracts.permissions import Reach
from rso_shared.kit import cursor
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import unknown
from rso_shared.kit.web.call import PUBLIC, STAFF, Call, permitted

router = APIRouter(prefix="/v1/honoraria", tags=["billing"])


@router.get("", summary="Honoraria, oldest first", **PUBLIC)
def honoraria(
    call: Annotated[Call, Depends(permitted("honorarium.read"))],
    case_id: Annotated[str | None, Query(max_length=64)] = None,
    status: Literal["accrued", "approved"] | None = None,
    cursor_: Annotated[str | None, Query(alias="cursor", max_length=400)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Honoraria:
    """A specialist's token carries the specialist's id as its subject."""
    everyone = call.principal.reach(call.permission) is Reach.ANY
    wanted = projections.Wanted(
        case_id=case_id,
        specialist_id=None if everyone else call.principal.subject,
        status=status,
        after=cursor.decode(call.service.keys, cursor_, 2) if cursor_ else None,
        limit=limit,
    )
    with call.read() as tx:
        rows = projections.honoraria(tx, wanted)
    last = rows[-1] if len(rows) == limit else None
    follows = cursor.encode(call.service.keys, last.accrued_at, last.honorarium_id) if last else None
    return Honoraria(honoraria=[_view(row) for row in rows], next_cursor=follows)


def _view(row: Any) -> HonorariumView:
    return HonorariumView(
        case_id=row.case_id,
        honorarium_id=row.honorarium_id,
        specialist_id=row.specialist_id,
        amount_minor=row.amount_minor,
        currency=row.currency,
        status="approved" if row.approved_at else "accrued",
        accrued_at=row.accrued_at,
        approved_at=row.approved_at,
    )


@router.post("/{honorarium_id}/approval", response_model=HonorariumState, summary="Approve an honorarium", **STAFF)
def approval(honorarium_id: str, call: Annotated[Call, Depends(permitted("honorarium.approve"))]) -> Response:
    def work(tx: Tx) -> HonorariumState:
        stream = projections.stream_of_honorarium(tx, honorarium_id)
        if stream is None:
            raise unknown("honorarium_unknown", "There is no such honorarium.")
        command = ApproveHonorarium(now=call.now)
        return honorarium_state(call.service.store.execute(tx, HONORARIUM, stream, command, call.meta()))

    return call.command(work)
