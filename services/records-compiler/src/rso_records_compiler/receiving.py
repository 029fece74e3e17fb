"""One upload on its way in: hashed, sealed and recognised chunk by chunk. Memory stays at a few MiB, whatever the size."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from anyio import CancelScope, to_thread
from starlette.requests import ClientDisconnect

from rso_records_compiler.formats.probe import Probe
from rso_records_compiler.formats.recognition import Recognition
from rso_shared.kit.blobs import BlobWriter, StoredBlob
from rso_shared.kit.errors import DomainError

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Received:
    """The bytes are durable under their object id; nothing else knows of them yet."""

    blob: StoredBlob
    recognition: Recognition
    gzip: bool


def too_large(limit: int) -> DomainError:
    return DomainError(
        "document_too_large", "The document is larger than this service takes.", status=413, limit_bytes=limit
    )


def refuse_by_length(content_length: str | None, limit: int) -> None:
    """413 before a byte is read, where the header tells."""
    if content_length is not None and content_length.isdigit() and int(content_length) > limit:
        raise too_large(limit)


class Receiving:
    def __init__(self, writer: BlobWriter, probe: Probe, limit: int) -> None:
        self._writer, self._probe, self._limit = writer, probe, limit
        self._size = 0

    async def run(self, stream: AsyncIterator[bytes]) -> Received:
        """Reads to the end. On any refusal, or if the sender goes away, what was written is removed again."""
        try:
            await self._read(stream)
            return await to_thread.run_sync(self._finish)
        except ClientDisconnect:
            await self._forget()
            raise DomainError(
                "upload_interrupted", "The document did not arrive whole. Send it again.", status=400
            ) from None
        except BaseException:
            await self._forget()
            raise

    async def _read(self, stream: AsyncIterator[bytes]) -> None:
        """While one piece is hashed, sealed and written, the next one arrives: never more than these two are held."""
        taking: asyncio.Task[None] | None = None
        try:
            async for chunk in _gathered(stream, self._admit):
                if taking:
                    await taking
                taking = asyncio.create_task(to_thread.run_sync(self._take, chunk))
        finally:
            if taking:
                with CancelScope(shield=True):
                    await taking

    async def _forget(self) -> None:
        """Even when the request is being cancelled."""
        with CancelScope(shield=True):
            await to_thread.run_sync(self.discard)

    def discard(self) -> None:
        self._writer.discard()

    def _admit(self, size: int) -> None:
        """413 at the byte."""
        self._size += size
        if self._size > self._limit:
            raise too_large(self._limit)

    def _take(self, chunk: bytes) -> None:
        self._probe.feed(chunk)
        self._writer.write(chunk)

    def _finish(self) -> Received:
        recognition = self._probe.finish()
        return Received(self._writer.finish(), recognition, self._probe.gzip)


async def _gathered(stream: AsyncIterator[bytes], admit: Callable[[int], None]) -> AsyncIterator[bytes]:
    """Pieces of a MiB, the last one shorter, copied once: a network's 64 KiB would mean sixteen thread changes for each."""
    parts: list[memoryview] = []
    held = 0
    async for piece in stream:
        admit(len(piece))
        rest = memoryview(piece)
        while held + len(rest) >= CHUNK:
            yield b"".join((*parts, rest[: CHUNK - held]))
            parts, rest, held = [], rest[CHUNK - held :], 0
        parts.append(rest)
        held += len(rest)
    if held:
        yield b"".join(parts)
