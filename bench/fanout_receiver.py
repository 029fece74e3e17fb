"""A receiver that costs as little as it can: takes posts, checks each case's order, tells by GET what it got. `/hang` never answers."""

import asyncio
import json
import re
import sys
import time
from typing import Any

SEQUENCE, CASE, ID = (
    re.compile(rb'"sequence": ?(\d+)'),
    re.compile(rb'"case_id": ?"([^"]+)"'),
    re.compile(rb'"id":"([^"]+)"'),
)
LENGTH = re.compile(rb"content-length: ?(\d+)", re.IGNORECASE)
TAKEN = b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n"


class Got:
    def __init__(self) -> None:
        self.count, self.disorder, self.last = 0, 0, 0.0
        self.newest: dict[tuple[bytes, bytes], int] = {}
        self.times: list[tuple[str, float]] = []

    def take(self, path: bytes, body: bytes) -> None:
        self.count, self.last = self.count + 1, time.perf_counter()
        sequence, case, id_ = SEQUENCE.search(body), CASE.search(body), ID.search(body)
        if sequence and case and id_:
            lane, number = (path, case[1]), int(sequence[1])
            self.disorder += number <= self.newest.get(lane, 0)
            self.newest[lane] = number
            self.times.append((id_[1].decode(), self.last))

    def told(self, path: bytes) -> bytes:
        shown: Any = {"got": self.count, "disorder": self.disorder, "last": self.last}
        body = json.dumps(self.times if path == b"/times" else shown).encode()
        return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


async def serve(got: Got, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            break
        method, path, _ = head.split(b" ", 2)
        length = LENGTH.search(head)
        body = await reader.readexactly(int(length[1])) if length else b""
        if path == b"/hang":
            await asyncio.sleep(3600)
        if method == b"POST":
            got.take(path, body)
            writer.write(TAKEN)
        else:
            writer.write(got.told(path))
    writer.close()


async def main() -> None:
    got = Got()
    server = await asyncio.start_server(lambda reader, writer: serve(got, reader, writer), "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        sys.exit(0)
