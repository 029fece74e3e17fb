"""Ids. UUIDv4 for what the outside sees (no time in them), UUIDv7 for event ids, UUIDv5 for what must come out the same twice."""

import os
import time
import uuid
from collections.abc import Callable

Ids = Callable[[], str]

_NAMESPACE = uuid.UUID("8f8a3a52-7c59-5bb2-9d0c-6f1f7d9f2a10")


def random_id() -> str:
    return str(uuid.uuid4())


def event_id() -> str:
    """UUIDv7 (RFC 9562): milliseconds, then randomness."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    text = f"{value & ~(0xF << 76 | 0x3 << 62) | 0x7 << 76 | 0x2 << 62:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def derived_id(*parts: object) -> str:
    """The same parts give the same id, in every process and for ever."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(str(part) for part in parts)))
