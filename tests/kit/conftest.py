"""The backends and brokers that one suite each is run on."""

import importlib
import io
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from kit import rooms
from kit.web import SPEC
from rso_shared.kit import logs
from rso_shared.kit.local_broker import LocalBroker
from support.harness import Harness

BACKENDS = ["sqlite", *(["postgresql"] if "RSO_TEST_POSTGRES" in os.environ else [])]
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


@pytest.fixture(params=BROKERS)
def open_broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """Called twice it opens the same log a second time, as a restarted process would."""
    opened: list[Any] = []

    def opening() -> Any:
        opened.append(LocalBroker(tmp_path / "broker.db") if request.param == "local" else _kafka())
        return opened[-1]

    yield opening
    for broker in opened:
        broker.close()


def _kafka() -> Any:
    side = importlib.import_module("rso_shared.kit.kafka_broker")
    return side.KafkaBroker(os.environ["RSO_TEST_KAFKA"])


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
