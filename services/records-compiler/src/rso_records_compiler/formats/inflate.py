"""Bounded decompression: a small file that unpacks to a giant one is stopped at the bound, not after it."""

import zlib

from rso_shared.kit.errors import DomainError, invalid

_GZIP = zlib.MAX_WBITS | 16


class Inflate:
    """gzip, of one or several members, in pieces. Never gives out more than `limit` bytes in all."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._given = 0
        self._member = zlib.decompressobj(_GZIP)

    def feed(self, chunk: bytes) -> bytes:
        """Raises DomainError 413 `bundle_too_large`, 422 `gzip_malformed`."""
        out, rest = bytearray(), chunk
        while rest:
            if self._member.eof:
                self._member = zlib.decompressobj(_GZIP)
            out += self._some(rest)
            rest = self._member.unused_data
        return bytes(out)

    def _some(self, data: bytes) -> bytes:
        try:
            plain = self._member.decompress(data, self._limit - self._given + 1)
        except zlib.error:
            raise invalid("gzip_malformed", "The compressed document cannot be unpacked.") from None
        self._given += len(plain)
        if self._given > self._limit:
            raise too_large(self._limit)
        return plain

    def finish(self) -> None:
        """Raises DomainError 422 `document_truncated` if the last member is not complete."""
        if not self._member.eof:
            raise invalid("document_truncated", "The compressed document ends before it is complete. Send it again.")


def too_large(limit: int) -> DomainError:
    return DomainError(
        "bundle_too_large",
        "JSON, XML and HL7 documents are read whole and have a limit of their own. Split the document.",
        status=413,
        limit_bytes=limit,
    )
