"""Asks a broker over its own protocol whether it serves: ApiVersions, then Metadata, whose answer lists the live brokers."""

import contextlib
import socket
import struct

from rso_engines.ports import LOOPBACK

_API_VERSIONS = (18, 0)
_METADATA = (3, 1)
_TIMEOUT_SECONDS = 3.0
_CLIENT = b"rso-engines"
_NO_TOPICS = struct.pack(">i", 0)


def request(api: tuple[int, int], correlation: int, body: bytes = b"") -> bytes:
    """Header version 1: key, version, correlation id, client id; a length before it all."""
    key, version = api
    header = struct.pack(">hhih", key, version, correlation, len(_CLIENT)) + _CLIENT
    return struct.pack(">i", len(header) + len(body)) + header + body


def no_error(answer: bytes) -> bool:
    """ApiVersions 0: correlation id, then an error code."""
    return len(answer) >= 6 and struct.unpack_from(">h", answer, 4)[0] == 0  # noqa: PLR2004 - 4 + 2 bytes


def live_brokers(answer: bytes) -> int:
    """Metadata 1: correlation id, then the array of brokers. A broker that is still fenced is not in it."""
    return int(struct.unpack_from(">i", answer, 4)[0]) if len(answer) >= 8 else 0  # noqa: PLR2004 - 4 + 4 bytes


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=_TIMEOUT_SECONDS) as broker:
        return no_error(_ask(broker, request(_API_VERSIONS, 1))) and (
            live_brokers(_ask(broker, request(_METADATA, 2, _NO_TOPICS))) > 0
        )
    return False


def _ask(broker: socket.socket, message: bytes) -> bytes:
    broker.sendall(message)
    (length,) = struct.unpack(">i", _read(broker, 4))
    return _read(broker, length)


def _read(broker: socket.socket, count: int) -> bytes:
    read = b""
    while len(read) < count:
        more = broker.recv(count - len(read))
        if not more:
            raise ConnectionError("the broker hung up")
        read += more
    return read
