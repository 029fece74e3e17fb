"""Health is asked over the engines' own protocols."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from rso_engines import kafka_probe, temporal_http
from rso_engines.kafka_probe import live_brokers, no_error, request
from rso_engines.ports import LOOPBACK
from rso_engines.temporal_http import is_no_such_workflow


@contextmanager
def listener(says: bytes) -> Iterator[int]:
    """Something that takes one connection, says this and hangs up."""
    with socket.create_server((LOOPBACK, 0)) as server:

        def serve() -> None:
            client, _ = server.accept()
            with client:
                client.recv(1000)
                client.sendall(says)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def test_a_request_is_framed_by_its_length() -> None:
    asked = request((3, 1), 7, b"body")
    assert struct.unpack_from(">ihhih", asked) == (len(asked) - 4, 3, 1, 7, len(b"rso-engines"))
    assert asked.endswith(b"rso-enginesbody")


def test_answers_are_read() -> None:
    assert no_error(struct.pack(">ih", 1, 0))
    assert not no_error(struct.pack(">ih", 1, 35))
    assert not no_error(b"")
    assert live_brokers(struct.pack(">ii", 2, 1)) == 1
    assert live_brokers(struct.pack(">ii", 2, 0)) == 0
    assert live_brokers(b"") == 0


@pytest.mark.parametrize("says", [b"", b"\0\0", b"HTTP/1.1 400 Bad Request\r\n\r\n", struct.pack(">iih", 6, 1, 35)])
def test_whatever_else_listens_is_no_broker(says: bytes) -> None:
    with listener(says) as port:
        assert not kafka_probe.answers(port)


@pytest.mark.parametrize("says", [b"", b"nonsense", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"])
def test_whatever_else_listens_is_no_temporal(says: bytes) -> None:
    with listener(says) as port:
        assert not temporal_http.answers(port)
    with listener(says) as port:
        assert not temporal_http.is_whole(port)


def test_nobody_listens() -> None:
    with socket.socket() as bound:
        bound.bind((LOOPBACK, 0))
        port = bound.getsockname()[1]
        assert not kafka_probe.answers(port)
        assert not temporal_http.answers(port)


def test_a_missing_workflow_proves_more_than_a_missing_namespace() -> None:
    assert is_no_such_workflow(404, {"message": "workflow not found for ID: x"})
    assert not is_no_such_workflow(404, {"message": "Namespace default is not found."})
    assert not is_no_such_workflow(503, {"message": "workflow service unavailable"})
