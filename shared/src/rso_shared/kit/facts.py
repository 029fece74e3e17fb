"""Facts of other services that this one keeps: written in the inbox's transaction, read by deciders' callers and by views."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import bindparam, func, insert, select

from rso_shared.contracts.base import FactModel
from rso_shared.contracts.registry import FACTS as REGISTRY
from rso_shared.kit.broker import Record
from rso_shared.kit.clock import iso, parse_iso
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import NotYet
from rso_shared.kit.hot import Hot
from rso_shared.kit.tables import FACTS

F = TypeVar("F", bound=FactModel)


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact as received. `time` is when its producer recorded it; `actor` a role, or role:id of the operator's own people."""

    event_id: str
    type: str
    key: str
    time: datetime
    data: FactModel
    stream: str
    version: int
    correlation_id: str
    traceparent: str | None = None
    actor: str | None = None
    causation_id: str | None = None


def parse(record: Record) -> Fact | None:
    """None for a type that this build does not know: it is skipped and counted, never an error."""
    model = REGISTRY.get(record.headers["ce_type"])
    if model is None:
        return None
    return Fact(
        event_id=record.headers["ce_id"],
        type=record.headers["ce_type"],
        key=record.key,
        time=parse_iso(record.headers["ce_time"]),
        data=model.parse(record.value),
        stream=record.headers["ce_stream"],
        version=int(record.headers["ce_streamversion"]),
        correlation_id=record.headers["ce_correlationid"],
        traceparent=record.headers.get("traceparent"),
        actor=record.headers.get("ce_actor"),
        causation_id=record.headers.get("ce_causationid"),
    )


_NEXT = select(func.coalesce(func.max(FACTS.c.position), 0) + 1).scalar_subquery()
_GIVEN: dict[str, Any] = {
    column.name: bindparam(column.name) for column in FACTS.columns if column is not FACTS.c.position
}
_KEEP = Hot(insert(FACTS).values(**_GIVEN, position=_NEXT))
_OF_TYPE = select(FACTS.c.data).where(FACTS.c.key == bindparam("key"), FACTS.c.type == bindparam("type"))
_LATEST = Hot(_OF_TYPE.order_by(FACTS.c.position.desc()).limit(1))
_EVERY = Hot(_OF_TYPE.order_by(FACTS.c.position))


def keep(tx: Tx, fact: Fact, now: datetime) -> None:
    _KEEP.run(
        tx, event_id=fact.event_id, type=fact.type, key=fact.key, stream=fact.stream, version=fact.version,
        occurred_at=iso(fact.time), kept_at=iso(now), actor=fact.actor, causation_id=fact.causation_id,
        data=fact.data.model_dump_json(),
    )  # fmt: skip


def latest(tx: Tx, model: type[F], key: str) -> F | None:
    """The newest kept fact of this type about this key."""
    found = _LATEST.first(tx, key=key, type=model.fact_type())
    return None if found is None else model.parse(found[0])


def require(tx: Tx, model: type[F], key: str) -> F:
    """As `latest`; raises NotYet if it has not arrived here."""
    found = latest(tx, model, key)
    if found is None:
        raise NotYet(f"{model.TYPE} of {key}")
    return found


def every(tx: Tx, model: type[F], key: str) -> list[F]:
    """All kept facts of this type about this key, oldest first."""
    return [model.parse(data) for (data,) in _EVERY.run(tx, key=key, type=model.fact_type())]


def all_of(tx: Tx, key: str, *models: type[FactModel], as_of: datetime | None = None) -> list[Fact]:
    """Kept facts about this key in the order of arrival, of these types or of any."""
    query = select(FACTS).where(FACTS.c.key == key).order_by(FACTS.c.position)
    if models:
        query = query.where(FACTS.c.type.in_([model.fact_type() for model in models]))
    if as_of is not None:
        query = query.where(FACTS.c.occurred_at <= iso(as_of))
    return [_fact(row) for row in tx.conn.execute(query).mappings() if row["type"] in REGISTRY]


def in_order(tx: Tx, *models: type[FactModel], size: int = 1_000) -> Iterator[Fact]:
    """Every kept fact of these types in the order of arrival, `size` at a time: for whoever builds a read model anew."""
    types, last = [model.fact_type() for model in models], 0
    while True:
        query = select(FACTS).where(FACTS.c.position > last, FACTS.c.type.in_(types)).order_by(FACTS.c.position)
        rows = tx.conn.execute(query.limit(size)).mappings().all()
        for row in rows:
            yield _fact(row)
        if len(rows) < size:
            return
        last = rows[-1]["position"]


def _fact(row: Any) -> Fact:
    return Fact(
        event_id=row["event_id"],
        type=row["type"],
        key=row["key"],
        time=parse_iso(row["occurred_at"]),
        data=REGISTRY[row["type"]].model_validate(json.loads(row["data"])),
        stream=row["stream"],
        version=row["version"],
        correlation_id="",
        actor=row["actor"],
        causation_id=row["causation_id"],
    )
