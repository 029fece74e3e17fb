"""The backends and brokers that one suite each is run on."""

import io
import logging
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import uuid4

import pytest
import structlog

from kit import kafka, rooms
from kit.rooms import BACKENDS
from kit.web import SPEC
from rso_shared.kit import logs
from rso_shared.kit.broker import Broker
from rso_shared.kit.local_broker import LocalBroker
from support.harness import Harness

OpenBroker = Callable[[], Awaitable[Broker]]
BROKERS = ["local", *(["kafka"] if "RSO_TEST_KAFKA" in os.environ else [])]


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The url of an empty database."""
    with rooms.database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def room(backend: str, tmp_path: Path) -> Iterator[rooms.Room]:
    with rooms.furnished(backend, tmp_path) as room:
        yield room


@pytest.fixture
def topic() -> str:
    return f"rso.test-{uuid4().hex[:8]}.v1"


@pytest.fixture(params=BROKERS)
def open_broker(request: pytest.FixtureRequest, tmp_path: Path, topic: str) -> Iterator[OpenBroker]:
    """Called twice it opens the same log a second time, as a restarted process would. `topic` and `topic`.later are there."""
    with ExitStack() as stack:

        async def opening() -> Broker:
            broker: Broker
            if request.param == "local":
                broker = stack.enter_context(closing(LocalBroker(tmp_path / "broker.db")))
            else:
                broker = stack.enter_context(kafka.opened(topic, f"{topic}.later"))
            await broker.prepare()
            return broker

        yield opening


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[kafka.OwnKafka]:
    with kafka.own(tmp_path / "engines") as started:
        yield started


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    made = Harness(SPEC, tmp_path)
    yield made
    made.close()


@pytest.fixture
def stream(capsys: pytest.CaptureFixture[str]) -> Iterator[io.StringIO]:
    """Logs as a running process writes them; nothing may take another way out."""
    handlers, level, made = logging.root.handlers[:], logging.root.level, io.StringIO()
    logs.configure(stream=made)
    yield made
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()
    captured = capsys.readouterr()
    assert captured.err + captured.out == ""
