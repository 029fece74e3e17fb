"""Loopback ports: given, remembered, or found free."""

import random
import socket
from collections.abc import Mapping

from rso_engines.datadir import DataDir, read_json, write_json
from rso_engines.errors import EngineError

LOOPBACK = "127.0.0.1"
RANGE = (20000, 30000)
"""Below the range the kernel takes outgoing ports from: there a client that retries may sit on a stopped engine's port."""
_ATTEMPTS = 200


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def draw(taken: set[int], choose: random.Random) -> int:
    for _ in range(_ATTEMPTS):
        port = choose.randrange(*RANGE)
        if port not in taken and is_free(port):
            return port
    raise EngineError(f"no free port between {RANGE[0]} and {RANGE[1]}")


def remembered(data: DataDir) -> dict[str, int]:
    return read_json(data.ports_file)


def assign(data: DataDir, wanted: Mapping[str, int], choose: random.Random) -> dict[str, int]:
    """The port of every name: the given one, else the one of last time, else a free one. Remembered from now on."""
    ports = remembered(data)
    for name, port in wanted.items():
        if port:
            ports[name] = port
        elif name not in ports:
            ports[name] = draw(set(ports.values()), choose)
    write_json(data.ports_file, dict(ports))
    return {name: ports[name] for name in wanted}


def refuse_taken(engine: str, ports: Mapping[str, int]) -> None:
    for name, port in ports.items():
        if not is_free(port):
            raise EngineError(
                f"{engine} cannot start: another program listens on port {port} ({name}). Stop it, or choose "
                f"another port with --port {name}=N (0 is not enough here: the remembered port is kept)"
            )
