"""The line to the Temporal server, which a test may cut and join again."""

import asyncio
from typing import Any


class Wire:
    """Everything that the process says to Temporal goes through here. Cut, it refuses connections and drops those it has."""

    def __init__(self, target: str) -> None:
        self._host, _, port = target.rpartition(":")
        self._port = int(port)
        self._listening: asyncio.Server | None = None
        self._at = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    async def join(self) -> str:
        self._listening = await asyncio.start_server(self._carry, "127.0.0.1", self._at)
        self._at = self._listening.sockets[0].getsockname()[1]
        return f"127.0.0.1:{self._at}"

    async def cut(self) -> None:
        if self._listening is not None:
            self._listening.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            there, back = await asyncio.open_connection(self._host, self._port)
            try:
                await asyncio.gather(_pump(reader, back), _pump(there, writer))
            finally:
                back.close()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
