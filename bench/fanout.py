"""Webhooks: events of 200 feeds to 200 endpoints in order per case, beside plain posts by the same client; and a dead one among 100.

The receiver is a process of its own that checks the order of each case. Stores are files. `python bench/fanout.py` runs this alone.
"""

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from pydantic import SecretStr
from rows import Row, interleaved, ratio_at_least, ratio_at_most, reported, table

from rso_shared.kit import service, tables
from rso_shared.kit.auth import Issuer, make_private_pem
from rso_shared.kit.clock import WallClock
from rso_shared.kit.database import Tx
from rso_shared.kit.events import Actor, Meta
from rso_shared.kit.local_broker import LocalBroker
from rso_shared.kit.sealed import Sealed
from rso_shared.kit.service import Service
from rso_shared.kit.settings import ServiceSettings
from rso_shared.kit.store import stream_id
from rso_subscriptions import feed
from rso_subscriptions.app import SPEC
from rso_subscriptions.delivery import guard
from rso_subscriptions.delivery.clients import Clients
from rso_subscriptions.delivery.loop import Delivery
from rso_subscriptions.domain.endpoint import ENDPOINT, Aim, Create
from rso_subscriptions.domain.endpoint_events import Private
from rso_subscriptions.domain.filters import Filter
from rso_subscriptions.public.events import Level, PublicType
from rso_subscriptions.public.mapping import Envelope, shaped
from rso_subscriptions.tables import POSITIONS

EVENTS, ENDPOINTS, CASES, ROUNDS = 10_000, 200, 10, 3
NEIGHBOURS, ROUND_EVENTS, SPACING = 100, 30, 0.25
RECEIVER = Path(__file__).with_name("fanout_receiver.py")
META = Meta(actor=Actor(type="service", id="bench", role="service", organisation_id="operator"), correlation_id="bench")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - of nobody


@contextmanager
def receiver() -> Iterator[str]:
    """Its address. It is asked for what it got by GET."""
    with subprocess.Popen([sys.executable, str(RECEIVER)], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield next(iter(process.stdout or ())).strip()
        finally:
            process.terminate()


@contextmanager
def subscriptions() -> Iterator[Service]:
    with TemporaryDirectory() as folder:
        pem = make_private_pem()
        settings = ServiceSettings(
            database_url=f"sqlite:///{folder}/store.db", keys_url=f"sqlite:///{folder}/keys.db",
            access_log_url=f"sqlite:///{folder}/access.db", blobs_url=f"file://{folder}/blobs",
            ledger_url=f"file://{folder}/ledger", master_key=SecretStr("07" * 32),
            issuer_public_key=Issuer(pem, "bench").public_pem().decode(), mail_folder=f"{folder}/mail",
            webhook_networks="127.0.0.0/8",
        )  # fmt: skip
        with closing(LocalBroker(Path(folder) / "broker.db")) as broker:
            made = service.build(SPEC, settings, broker=broker, clock=WallClock())
            with made.db.write() as tx:
                tables.METADATA.create_all(tx.conn)
                SPEC.metadata.create_all(tx.conn)
            made.access_log.prepare()
            yield made
            made.close()


def register(made: Service, number: int, organisation: str, url: str) -> None:
    id_ = f"endpoint-{organisation}-{number}"
    private = Sealed(f"endpoint/{id_}", Private(SECRET, "bench@example.org"))
    aim = Aim(url=url, filter=Filter(), rate=500)
    create = Create(
        endpoint_id=id_, organisation_id=organisation, aim=aim, after=0, private=private, now=made.clock.now()
    )
    with made.db.write() as tx:
        made.store.execute(tx, ENDPOINT, stream_id("operator", "endpoint", id_), create, META)
        tx.conn.execute(POSITIONS.insert().values(endpoint_id=id_, cursor=0, generation=0, failures=0))


def enter(tx: Tx, organisation: str, number: int, case: str) -> None:
    now = datetime.now(UTC)
    data = {"case_id": case, "client_reference": f"order-{case}", "stage": "matching", "entered_at": now}
    moved = PublicType.CASE_STAGE_CHANGED

    def make(sequence: int) -> Any:
        around = Envelope(f"{organisation}-{number}", sequence, organisation, livemode=True)
        return shaped(moved, Level.PARTNER, around, now, data)

    feed.enter(tx, feed.Place(organisation, case, now), make, now)


def filled(made: Service) -> float:
    """Seconds for entering all events into their feeds, a hundred in a transaction."""
    began = time.perf_counter()
    for start in range(0, EVENTS, 100):
        with made.db.write() as tx:
            for number in range(start, start + 100):
                organisation = f"org-{number % ENDPOINTS}"
                enter(tx, organisation, number, f"{organisation}-case-{number // ENDPOINTS % CASES}")
    return time.perf_counter() - began


async def _running(made: Service, address: str, enough: int) -> None:
    """The loop, until the receiver has so many."""
    delivery = asyncio.create_task(Delivery(made).run())
    async with httpx.AsyncClient() as asking:
        while (await asking.get(address)).json()["got"] < enough:
            if delivery.done():
                delivery.result()
            await asyncio.sleep(0.05)
    delivery.cancel()
    await asyncio.gather(delivery, return_exceptions=True)


def delivered() -> float:
    """Deliveries per second, from the start of the loop to the last event received; in order, and none twice."""
    with ExitStack() as stack:
        made, address = stack.enter_context(subscriptions()), stack.enter_context(receiver())
        for number in range(ENDPOINTS):
            register(made, number, f"org-{number}", f"{address}/{number}")
        filled(made)
        began = time.perf_counter()
        asyncio.run(_running(made, address, EVENTS))
        said = httpx.get(address).json()
        if (said["got"], said["disorder"]) != (EVENTS, 0):
            raise RuntimeError(f"the receiver says {said['got']} events, {said['disorder']} out of order")
        return EVENTS / (said["last"] - began)


def posted() -> float:
    """The same clients, one post at a time to each endpoint, and nothing else."""
    with receiver() as address:

        async def work() -> None:
            clients, left = Clients(guard.Guard(["127.0.0.0/8"]), guard.look_up), iter(range(EVENTS))
            body = b'{"sequence": 1, "data": {"case_id": "x"}}' + b" " * 250

            async def post() -> None:
                for number in left:
                    await clients.of(str(number % ENDPOINTS)).post(f"{address}/{number % ENDPOINTS}", content=body)

            await asyncio.gather(*(post() for _ in range(ENDPOINTS)))
            await clients.aclose()

        began = time.perf_counter()
        asyncio.run(work())
        return EVENTS / (time.perf_counter() - began)


def latency(*, dead: bool) -> float:
    """Median milliseconds from an event's commit to its receipt, over the endpoints that live."""
    with ExitStack() as stack:
        made, address = stack.enter_context(subscriptions()), stack.enter_context(receiver())
        for number in range(NEIGHBOURS - 1):
            register(made, number, "shared", f"{address}/{number}")
        if dead:
            register(made, NEIGHBOURS, "shared", f"{address}/hang")
        committed: dict[str, float] = {}

        def commit() -> None:
            for number in range(ROUND_EVENTS):
                time.sleep(SPACING)
                with made.db.write() as tx:
                    enter(tx, "shared", number, f"case-{number}")
                    tx.after_commit(made.db.signals)
                committed[f"shared-{number}"] = time.perf_counter()

        with ThreadPoolExecutor(1) as pool:
            pool.submit(commit)
            asyncio.run(_running(made, address, ROUND_EVENTS * (NEIGHBOURS - 1)))
        times = httpx.get(f"{address}/times").json()
        return statistics.median(1000 * (at - committed[id_]) for id_, at in times)


def main() -> list[Row]:
    with subscriptions() as made:
        entering = filled(made)
    rates = interleaved(delivered, posted, ROUNDS)
    alive = interleaved(lambda: latency(dead=True), lambda: latency(dead=False), ROUNDS)
    name = f"webhooks: {EVENTS:,} events, {ENDPOINTS} endpoints, in order per case, raw posts"
    return [
        ratio_at_least(name, *rates, "posts/s", 0.6),
        reported("events entered into feeds, one writer", EVENTS / entering, "events/s"),
        ratio_at_most(f"webhooks: one dead endpoint among {NEIGHBOURS}, none dead", *alive, "ms", 1.05),
    ]


if __name__ == "__main__":
    print(table(main()))
