"""Ports are kept, given or found."""

import random
import socket
from pathlib import Path

import pytest

from rso_engines.datadir import DataDir
from rso_engines.errors import EngineError
from rso_engines.ports import LOOPBACK, RANGE, assign, draw, is_free, refuse_taken, remembered

CHOOSE = random.Random(7)  # noqa: S311 - ports are no secrets


def test_a_port_is_kept(tmp_path: Path) -> None:
    data = DataDir.at(tmp_path)
    first = assign(data, {"one": 0, "two": 0}, CHOOSE)
    assert first["one"] != first["two"]
    assert assign(data, {"two": 0}, CHOOSE) == {"two": first["two"]}
    assert remembered(data) == first


def test_a_given_port_replaces_the_kept_one(tmp_path: Path) -> None:
    data = DataDir.at(tmp_path)
    assign(data, {"one": 0}, CHOOSE)
    assert assign(data, {"one": 1234}, CHOOSE) == {"one": 1234}
    assert assign(data, {"one": 0}, CHOOSE) == {"one": 1234}


def test_drawn_ports_are_not_those_of_outgoing_connections() -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert RANGE[0] <= draw(set(), CHOOSE) < RANGE[1] <= lowest


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not is_free(port)
        with pytest.raises(EngineError, match=rf"another program listens on port {port} \(kafka\)"):
            refuse_taken("kafka", {"kafka": port})
