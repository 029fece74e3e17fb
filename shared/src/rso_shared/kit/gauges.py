"""What only a database or the log can tell, asked every few seconds by one loop per service. Whatever is away is left out."""

import asyncio
from collections.abc import Mapping, Sequence

from sqlalchemy import case, func, select

from rso_shared.kit import metrics, parking
from rso_shared.kit.clock import parse_iso
from rso_shared.kit.database import Tx
from rso_shared.kit.service import Service
from rso_shared.kit.tables import OUTBOX, PARKED

LOOP = "gauges"
PERIOD_SECONDS = 10.0
PATIENCE_SECONDS = 5.0


class Gauges:
    """`groups`: the consumer groups that run beside this loop, and their topics."""

    def __init__(self, service: Service, groups: Mapping[str, Sequence[str]]) -> None:
        self._service, self._groups = service, groups

    async def run(self) -> None:
        health = self._service.health
        for group in self._groups:
            health.expect_lag(group)
        while True:
            for sample in (self._from_database, self._from_log):
                try:
                    async with asyncio.timeout(PATIENCE_SECONDS):
                        await sample()
                except Exception:  # noqa: BLE001 - telemetry never breaks work: the gauge goes stale and disappears
                    metrics.dropped("gauges", 1)
            health.beat(LOOP)
            await asyncio.sleep(PERIOD_SECONDS)

    async def _from_database(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._service.executor, self.read)

    async def _from_log(self) -> None:
        lags: dict[tuple[str, ...], float] = {}
        for group, topics in self._groups.items():
            for topic in topics:
                lags[group, topic] = await self._service.broker.lag(group, [topic])
        metrics.show("rso.consumer.lag", self._service.name, lags)
        for group in self._groups:
            self._service.health.lag(group, int(sum(lag for (of, _), lag in lags.items() if of == group)))

    def read(self) -> None:
        """One short transaction, on the thread of the service's own loops."""
        service, show, mine = self._service, metrics.show, self._service.name
        with service.db.read() as tx:
            pending, oldest = _outbox(tx)
            parked = _parked(tx)
            own = {gauge.name: gauge.read(tx) for gauge in service.spec.gauges}
        age = (service.clock.now() - parse_iso(oldest)).total_seconds() if oldest else 0.0
        show("rso.outbox.pending", mine, {(mine,): pending})
        show("rso.outbox.age", mine, {(mine,): max(age, 0.0)})
        show("rso.parked.keys", mine, {(mine, *labels): count for labels, count in parked.items()})
        show("rso.skipped", mine, {(mine, type_): count for type_, count in dict(service.health.skipped).items()})
        for name, counts in own.items():
            show(name, mine, {(label,): count for label, count in counts.items()})


def of(service: Service, groups: Mapping[str, Sequence[str]] | None = None) -> Gauges:
    """By default the service's own group; `groups` names it together with others."""
    return Gauges(service, groups if groups is not None else {service.name: service.topics()})


def _outbox(tx: Tx) -> tuple[int, str | None]:
    query = select(func.count(), func.min(OUTBOX.c.created_at)).where(OUTBOX.c.published_at.is_(None))
    count, oldest = tx.conn.execute(query).one()
    return count, oldest


def _parked(tx: Tx) -> dict[tuple[str, str], float]:
    """Keys by consumer; one is poison as soon as one of its records is."""
    poison = func.max(case((PARKED.c.state == parking.POISON, 1), else_=0)).label("poison")
    keys = select(PARKED.c.consumer, poison).group_by(PARKED.c.consumer, PARKED.c.key).subquery()
    rows = tx.conn.execute(
        select(keys.c.consumer, keys.c.poison, func.count()).group_by(keys.c.consumer, keys.c.poison)
    )
    return {(row[0], parking.POISON if row[1] else parking.NOT_YET): row[2] for row in rows}
