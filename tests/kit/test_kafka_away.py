"""Kafka is not there, or is there and says nothing: every call ends with Transient and leaves no thread, task or warning behind."""

import asyncio
import gc
import socket
import threading
from collections.abc import Iterator
from contextlib import aclosing

import pytest

from kit import kafka
from rso_shared.kit import kafka_admin, kafka_consumer
from rso_shared.kit.errors import Transient
from rso_shared.kit.kafka_broker import KafkaBroker

pytestmark = pytest.mark.asyncio
TOPIC = "rso.test.v1"


@pytest.fixture(params=["refuses", "says nothing"])
def away(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a port that nobody listens on, or whose listener never answers."""
    for module, name in (
        (kafka_consumer, "START_SECONDS"),
        (kafka_admin, "ASK_SECONDS"),
        (kafka_admin, "PREPARE_SECONDS"),
    ):
        monkeypatch.setattr(module, name, 0.5)
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        if request.param == "says nothing":
            port.listen()
        yield f"127.0.0.1:{port.getsockname()[1]}"


@pytest.fixture
def broker(away: str) -> Iterator[KafkaBroker]:
    with kafka.opened(TOPIC, servers=away, batch_seconds=0.5) as broker:
        yield broker
    gc.collect()
    left = [thread for thread in threading.enumerate() if thread.name.startswith("kafka")]
    for thread in left:
        thread.join(10)
    assert not any(thread.is_alive() for thread in left)


async def test_publishing(broker: KafkaBroker) -> None:
    for _ in range(3):
        with pytest.raises(Transient):
            await broker.publish(kafka.numbered(TOPIC, "aa"))


async def test_reading(broker: KafkaBroker) -> None:
    for _ in range(2):
        with pytest.raises(Transient):
            async with aclosing(broker.subscribe("g", [TOPIC])) as batches:
                await anext(batches)


async def test_asking(broker: KafkaBroker) -> None:
    with pytest.raises(Transient):
        await broker.lag("g", [TOPIC])
    with pytest.raises(Transient):
        await broker.prepare()


async def test_a_publisher_that_is_stopped_does_not_wait(broker: KafkaBroker) -> None:
    publishing = asyncio.ensure_future(broker.publish(kafka.numbered(TOPIC, "aa")))
    await asyncio.sleep(0)
    publishing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await publishing
