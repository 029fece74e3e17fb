"""Grants: a sponsor lets a platform hear what it may hear itself, from an instant on and until another one."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from sqlalchemy import or_, select

from rso_shared.contracts.permissions import Reach
from rso_shared.kit.clock import parse_iso
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import unknown
from rso_shared.kit.ids import derived_id
from rso_shared.kit.store import stream_id
from rso_shared.kit.web.call import PUBLIC, Call, permitted
from rso_subscriptions.api import owned
from rso_subscriptions.api.models import GrantBody, GrantEndBody, GrantList, GrantVersion, GrantView
from rso_subscriptions.domain import grant as domain
from rso_subscriptions.tables import GRANTS

router = APIRouter(prefix="/v1/grants", tags=["subscriptions"])
Managing = Annotated[Call, Depends(permitted("grant.manage"))]


def _stream(call: Call, sponsor_id: str, platform_id: str) -> str:
    """One stream per pair."""
    return stream_id(call.service.settings.operator_organisation_id, "grant", derived_id(sponsor_id, platform_id))


@router.post("", status_code=201, response_model=GrantVersion, summary="Let a platform hear", **PUBLIC)
def give(body: GrantBody, call: Managing) -> Response:
    """By the sponsor itself. Nothing that happened before the grant begins is told."""
    owned.require_reach(call, body.sponsor_id)
    grant_id = call.new_id()
    begins = owned.instant(body.effective_from, "/effective_from") if body.effective_from else None
    until = owned.instant(body.until, "/until") if body.until else None

    def work(tx: Tx) -> GrantVersion:
        now = call.service.clock.now()
        owned.require_kind(tx, body.sponsor_id, {"sponsor"}, "/sponsor_id")
        owned.require_kind(tx, body.platform_id, {"platform"}, "/platform_id")
        command = domain.Give(
            grant_id=grant_id, sponsor_id=body.sponsor_id, platform_id=body.platform_id, external_id=body.external_id,
            level=body.level, effective_from=begins or now, until=until, now=now,
        )  # fmt: skip
        stream = _stream(call, body.sponsor_id, body.platform_id)
        done = call.service.store.execute(tx, domain.GRANTS, stream, command, call.meta())
        return GrantVersion(grant_id=grant_id, version=done.version)

    return call.command(work)


@router.get("", summary="Grants", **PUBLIC)
def listing(call: Annotated[Call, Depends(permitted("grant.read"))]) -> GrantList:
    """Given by the caller's organisation, or to it."""
    query = select(GRANTS).order_by(GRANTS.c.effective_from, GRANTS.c.grant_id)
    if call.principal.reach(call.permission) is not Reach.ANY:
        mine = call.principal.organisation_id
        query = query.where(or_(GRANTS.c.sponsor_id == mine, GRANTS.c.platform_id == mine))
    with call.read() as tx:
        rows = tx.conn.execute(query).all()
    return GrantList(items=[GrantView.model_validate(row, from_attributes=True) for row in rows])


@router.post("/{grant_id}/end", response_model=GrantView, summary="End a grant", **PUBLIC)
def end(grant_id: str, body: GrantEndBody, call: Managing) -> Response:
    """By the sponsor. From `until` on nothing of this sponsor leaves for the platform: not what is new, and not what is old."""
    asked = owned.instant(body.until, "/until") if body.until else None

    def work(tx: Tx) -> GrantView:
        row = tx.conn.execute(select(GRANTS).where(GRANTS.c.grant_id == grant_id)).one_or_none()
        reach, own = call.principal.reach(call.permission), call.principal.organisation_id
        if row is None or (reach is not Reach.ANY and row.sponsor_id != own):
            raise unknown("grant_unknown", "There is no such grant.")
        command = domain.End(grant_id, asked, call.service.clock.now())
        stream = _stream(call, row.sponsor_id, row.platform_id)
        done = call.service.store.execute(tx, domain.GRANTS, stream, command, call.meta())
        known = next(each for each in done.state if each.grant_id == grant_id)
        return GrantView(
            grant_id=grant_id, sponsor_id=row.sponsor_id, platform_id=row.platform_id, external_id=row.external_id,
            level=row.level, effective_from=parse_iso(row.effective_from), until=known.until,
        )  # fmt: skip

    return call.command(work)
