"""Ports that stay the same from start to start, below the range from which the kernel gives ports to outgoing connections.

A port in that range could be taken by any connection while its process is down, and the process could not come back.
"""

import json
import random
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from rso_engines.ports import RANGE

LOOPBACK = "127.0.0.1"
FIRST, LAST = RANGE[1], 32_000
"""Above the engines' range: theirs are drawn at another time, and neither looks at what the other only means to use."""


def free(port: int) -> bool:
    with socket.socket() as asked:
        asked.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            asked.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def assigned(
    names: Sequence[str], known: dict[str, int], start: int, is_free: Callable[[int], bool] = free
) -> dict[str, int]:
    """The known ones where they are still free; for the others the next free ports from `start` on."""
    kept = {name: known[name] for name in names if name in known and is_free(known[name])}
    taken, port = set(known.values()), start
    for name in names:
        if name in kept:
            continue
        while port in taken or not is_free(port):
            port = FIRST + (port + 1 - FIRST) % (LAST - FIRST)
        kept[name] = port
        taken.add(port)
    return kept


def remembered(path: Path, names: Sequence[str], chance: random.Random) -> dict[str, int]:
    known = json.loads(path.read_text()) if path.exists() else {}
    made = assigned(names, known, chance.randrange(FIRST, LAST))
    path.write_text(json.dumps({**known, **made}, indent=1) + "\n")
    return made
