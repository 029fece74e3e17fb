"""A load client on bare sockets: requests are ready-made bytes, an answer is read to its length and its status kept."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

Request = Callable[[], bytes]
"""Makes the bytes of the next request: each carries its own Idempotency-Key."""


@dataclass(slots=True)
class Load:
    """`latencies` in seconds, of every answered request, `refused` counts answers other than the one expected."""

    latencies: list[float] = field(default_factory=list)
    refused: int = 0

    def quantile(self, part: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def post(path: str, host: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"POST {path} HTTP/1.1", f"host: {host}", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def run(address: tuple[str, int], clients: int, seconds: float, request: Request, expected: int = 201) -> Load:
    """`clients` connections, each with one request under way at any time."""
    load = Load()
    end = time.perf_counter() + seconds
    await asyncio.gather(*(_client(address, end, request, expected, load) for _ in range(clients)))
    return load


async def _client(address: tuple[str, int], end: float, request: Request, expected: int, load: Load) -> None:
    reader, writer = await asyncio.open_connection(*address)
    wanted = f"HTTP/1.1 {expected} ".encode()
    while time.perf_counter() < end:
        sent = request()
        started = time.perf_counter()
        writer.write(sent)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        await reader.readexactly(length)
        load.latencies.append(time.perf_counter() - started)
        load.refused += not head.startswith(wanted)
    writer.close()
    await writer.wait_closed()
