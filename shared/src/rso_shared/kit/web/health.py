"""Liveness says the process answers. Readiness tells the truth: database, oldest unsent fact, a heartbeat of every loop."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from rso_shared.kit import parking
from rso_shared.kit.clock import parse_iso
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import Transient, unknown
from rso_shared.kit.service import Service
from rso_shared.kit.tables import OUTBOX
from rso_shared.kit.web.call import INTERNAL, Call, permitted

UNSENT_LIMIT = timedelta(seconds=30)
LAG_LIMIT = 1000
"""Records. A group that keeps up is behind by a few; this many are a backlog worth a look, and no reason to restart anything."""


class Readiness(BaseModel):
    service: str
    ready: bool
    livemode: bool
    problems: dict[str, str]
    unsent: int
    unsent_since: str | None
    """The oldest fact that has not left for the log; None where all have."""
    heartbeats: dict[str, float]
    """Seconds since each loop of this process was last heard of."""
    parked: int
    skipped: dict[str, int]
    set_aside: dict[str, str]
    lag: dict[str, int]


class ParkedKeys(BaseModel):
    parked: list[dict[str, str]]


class Replayed(BaseModel):
    consumer: str
    key: str
    records: int


def readiness(service: Service, *, sends: bool = True) -> Readiness:
    """`sends`: whether facts leave through this process. If not, what waits for the relay is told, and is no problem of this one:
    an api goes on accepting commands while the log is away.
    """
    problems, lags = service.health.problems(), service.health.known_lags()
    problems |= {f"lag.{group}": f"{lag} records behind" for group, lag in lags.items() if lag > LAG_LIMIT}
    problems |= {f"lag.{group}": "unknown" for group in service.health.unknown_lags()}
    unsent = parked = 0
    try:
        with service.db.read() as tx:
            unsent, oldest = tx.conn.execute(
                select(func.count(), func.min(OUTBOX.c.created_at)).where(OUTBOX.c.published_at.is_(None))
            ).one()
            parked = len(parking.listing(tx))
    except (DBAPIError, Transient) as problem:
        problems["database"] = type(problem).__name__
        oldest = None
    # By the clock that wrote the instant: a sandbox's is moved, and only while nothing is unsent.
    if sends and oldest is not None and service.clock.now() - parse_iso(oldest) > UNSENT_LIMIT:
        problems["outbox"] = f"oldest unsent since {oldest}"
    return Readiness(
        service=service.name, ready=not problems, livemode=not service.settings.sandbox, problems=problems,
        unsent=unsent, unsent_since=oldest,
        heartbeats=service.health.ages(), parked=parked, skipped=service.health.skipped, set_aside=dict(service.health.aside),
        lag=lags,
    )  # fmt: skip


def accepting(service: Service) -> dict[str, str]:
    """What keeps this process from taking commands: the database alone. Empty while it can. The log may be away, facts wait."""
    try:
        with service.db.read() as tx:
            tx.conn.execute(select(1)).one()
    except (DBAPIError, Transient) as problem:
        return {"database": type(problem).__name__}
    return {}


def router(short: str) -> APIRouter:
    """Paths of one service's own health and of its parked records."""
    made = APIRouter(prefix=f"/internal/v1/{short}", tags=["health"])

    @made.get("/livez", summary="The process answers", **INTERNAL)
    def livez() -> dict[str, str]:
        return {"status": "alive"}

    @made.get("/readyz", summary="Database, unsent facts and loops", **INTERNAL)
    def readyz(request: Request, response: Response) -> Readiness:
        state = readiness(request.app.state.service)
        response.status_code = 200 if state.ready else 503
        return state

    @made.get("/parked", summary="Records set aside", **INTERNAL)
    def parked(call: Annotated[Call, Depends(permitted("parked.work"))]) -> ParkedKeys:
        with call.read() as tx:
            return ParkedKeys(parked=parking.listing(tx))

    @made.post("/parked/{consumer}/{key}/replay", summary="Try a parked key again", **INTERNAL)
    def replay(consumer: str, key: str, call: Annotated[Call, Depends(permitted("parked.work"))]) -> Response:
        def work(tx: Tx) -> Replayed:
            count = parking.replay(tx, consumer, key)
            if not count:
                raise unknown("parked_key_unknown", "Nothing of this key is parked as poison here.")
            return Replayed(consumer=consumer, key=key, records=count)

        return call.command(work)

    return made
