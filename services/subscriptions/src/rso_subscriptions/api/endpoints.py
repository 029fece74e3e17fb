"""Endpoints: registered, read, changed, paused and removed by those whose they are."""

import base64
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from sqlalchemy import func, insert, select

from rso_shared.contracts.permissions import Reach
from rso_shared.kit.clock import parse_iso
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import DomainError, unknown
from rso_shared.kit.sealed import Sealed
from rso_shared.kit.web.call import PUBLIC, Call, permitted
from rso_subscriptions import feed, queue
from rso_subscriptions.api import owned
from rso_subscriptions.api.models import (
    AimBody,
    Delivering,
    EndpointBody,
    EndpointDetail,
    EndpointList,
    EndpointVersion,
    EndpointView,
    SecretView,
)
from rso_subscriptions.delivery.guard import guard_of
from rso_subscriptions.domain.endpoint import (
    ENDPOINT,
    Aim,
    Change,
    Command,
    Create,
    Pause,
    Remove,
    Resume,
    Rotate,
)
from rso_subscriptions.domain.endpoint_events import Private, Secret
from rso_subscriptions.tables import ENDPOINTS, POSITIONS, QUEUE

router = APIRouter(prefix="/v1/endpoints", tags=["subscriptions"])
Managing = Annotated[Call, Depends(permitted("endpoint.manage"))]
Reading = Annotated[Call, Depends(permitted("endpoint.read"))]
SECRET_BYTES = 32


def new_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


def holder(endpoint_id: str) -> str:
    """Under whose key an endpoint's secrets are sealed: no person's, its own."""
    return f"endpoint/{endpoint_id}"


@router.post("", status_code=201, response_model=EndpointVersion, summary="Register an endpoint", **PUBLIC)
def create(body: EndpointBody, call: Managing) -> Response:
    """Its secret is read by `GET …/secret`. The same url twice is 409 with the endpoint there is."""
    guard_of(call.service.settings).require_url(body.url)
    organisation_id, endpoint_id = owned.organisation(call, body.organisation_id), call.new_id()
    private = Sealed(holder(endpoint_id), Private(new_secret(), body.contact))

    def work(tx: Tx) -> EndpointVersion:
        owned.require_subscriber(call, tx, organisation_id)
        _require_new(tx, organisation_id, body.url)
        owned.require_known(tx, organisation_id, body.filter())
        after = 0 if body.start == "beginning" else feed.newest(tx, organisation_id)
        command = Create(
            endpoint_id=endpoint_id, organisation_id=organisation_id, aim=_aim(body), after=after, private=private,
            now=call.now,
        )  # fmt: skip
        position = {"endpoint_id": endpoint_id, "cursor": after, "generation": 0, "failures": 0}
        tx.conn.execute(insert(POSITIONS).values(**position))
        return executed(call, tx, endpoint_id, command)

    return call.command(work)


def _aim(body: AimBody) -> Aim:
    return Aim(url=body.url, filter=body.filter(), rate=body.rate)


def _require_new(tx: Tx, organisation_id: str, url: str, besides: str = "") -> None:
    mine = (ENDPOINTS.c.organisation_id == organisation_id, ENDPOINTS.c.url == url, ENDPOINTS.c.status != "removed")
    query = select(ENDPOINTS.c.endpoint_id).where(*mine, ENDPOINTS.c.endpoint_id != besides)
    known = tx.conn.execute(query).scalar_one_or_none()
    if known is not None:
        detail = "Your organisation has an endpoint with this url already; change that one."
        raise DomainError("endpoint_exists", detail, pointer="/url", endpoint_id=known)


def executed(call: Call, tx: Tx, endpoint_id: str, command: Command) -> EndpointVersion:
    stream = owned.endpoint_stream(call, endpoint_id)
    done = call.service.store.execute(tx, ENDPOINT, stream, command, call.meta())
    if done.state is None:
        raise unknown("endpoint_unknown", "There is no such endpoint, or it was removed.")
    return EndpointVersion(endpoint_id=endpoint_id, status=done.state.status.value, version=done.version)


@router.get("", summary="Endpoints", **PUBLIC)
def listing(call: Reading) -> EndpointList:
    """Of the caller's organisation; of all for the operator's people."""
    query = select(ENDPOINTS).where(ENDPOINTS.c.status != "removed").order_by(ENDPOINTS.c.created_at)
    if call.principal.reach(call.permission) is not Reach.ANY:
        query = query.where(ENDPOINTS.c.organisation_id == call.principal.organisation_id)
    with call.read() as tx:
        return EndpointList(items=[EndpointView(**_shown(row)) for row in tx.conn.execute(query)])


@router.get("/{endpoint_id}", summary="An endpoint, and how far it is", **PUBLIC)
def read(endpoint_id: str, call: Reading) -> EndpointDetail:
    with call.read() as tx:
        row = owned.endpoint(call, tx, endpoint_id)
        return EndpointDetail(**_shown(row), delivering=_delivering(tx, row))


def _shown(row: Any) -> dict[str, Any]:
    wanted = owned.filter_of(row)
    lists = {"types": list(wanted.types), "programs": list(wanted.programs), "sponsors": list(wanted.sponsors)}
    return {**row._mapping, **lists}  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


def _delivering(tx: Tx, row: Any) -> Delivering:
    at = tx.conn.execute(select(POSITIONS).where(POSITIONS.c.endpoint_id == row.endpoint_id)).one()
    waiting = select(QUEUE.c.state, func.count()).where(QUEUE.c.endpoint_id == row.endpoint_id).group_by(QUEUE.c.state)
    by_state = {row[0]: int(row[1]) for row in tx.conn.execute(waiting).all()}
    return Delivering(
        cursor=at.cursor, newest=feed.newest(tx, row.organisation_id), queued=by_state.get(queue.PENDING, 0),
        dead_letters=by_state.get(queue.DEAD, 0), failures=at.failures,
        failing_since=parse_iso(at.failing_since) if at.failing_since else None,
        next_try=parse_iso(at.rest_until) if at.rest_until else None,
    )  # fmt: skip


@router.post("/{endpoint_id}/changes", response_model=EndpointVersion, summary="Change an endpoint", **PUBLIC)
def change(endpoint_id: str, body: AimBody, call: Managing) -> Response:
    """The whole of it: what is left out is as in a new one."""
    guard_of(call.service.settings).require_url(body.url)

    def work(tx: Tx) -> EndpointVersion:
        row = owned.endpoint(call, tx, endpoint_id)
        _require_new(tx, row.organisation_id, body.url, endpoint_id)
        owned.require_known(tx, row.organisation_id, body.filter())
        return executed(call, tx, endpoint_id, Change(_aim(body)))

    return call.command(work)


def _told(call: Call, endpoint_id: str, command: Command) -> Response:
    def work(tx: Tx) -> EndpointVersion:
        owned.endpoint(call, tx, endpoint_id)
        if isinstance(command, Resume):
            queue.wake(tx, endpoint_id, call.now)
        return executed(call, tx, endpoint_id, command)

    return call.command(work)


@router.post("/{endpoint_id}/pause", response_model=EndpointVersion, summary="Pause an endpoint", **PUBLIC)
def pause(endpoint_id: str, call: Managing) -> Response:
    """It keeps its cursor: nothing is lost."""
    return _told(call, endpoint_id, Pause("asked", call.now))


@router.post("/{endpoint_id}/resumption", response_model=EndpointVersion, summary="Resume an endpoint", **PUBLIC)
def resume(endpoint_id: str, call: Managing) -> Response:
    """What waited is sent in order per case, no faster than the endpoint's rate."""
    return _told(call, endpoint_id, Resume(call.now))


@router.post("/{endpoint_id}/removal", response_model=EndpointVersion, summary="Remove an endpoint", **PUBLIC)
def remove(endpoint_id: str, call: Managing) -> Response:
    return _told(call, endpoint_id, Remove(call.now))


@router.get("/{endpoint_id}/secret", summary="The secret that signs", **PUBLIC)
def secret(endpoint_id: str, call: Annotated[Call, Depends(permitted("endpoint.secret"))]) -> SecretView:
    with call.read() as tx:
        owned.endpoint(call, tx, endpoint_id)
        state = call.service.store.fold(tx, ENDPOINT, owned.endpoint_stream(call, endpoint_id)).state
    if state is None:
        raise unknown("endpoint_unknown", "There is no such endpoint, or it was removed.")
    return SecretView(endpoint_id=endpoint_id, secret=state.secrets(call.now)[0])


@router.post(
    "/{endpoint_id}/secret-rotations",
    status_code=201,
    response_model=EndpointVersion,
    summary="Rotate the secret",
    **PUBLIC,
)
def rotate(endpoint_id: str, call: Annotated[Call, Depends(permitted("endpoint.secret"))]) -> Response:
    """For 24 hours both the new and the old one sign."""
    made = Sealed(holder(endpoint_id), Secret(new_secret()))
    return _told(call, endpoint_id, Rotate(made, call.now))
