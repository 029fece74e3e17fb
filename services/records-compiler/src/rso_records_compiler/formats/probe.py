"""Recognition of a document while it streams past: bytes in, one Recognition out. Memory does not grow with imaging or scans."""

from typing import Protocol

from rso_records_compiler.formats import ccda, fhir, hl7v2
from rso_records_compiler.formats.dicom import DicomHead
from rso_records_compiler.formats.inflate import Inflate, too_large
from rso_records_compiler.formats.media import TEXTUAL, Declared, Format, mismatch
from rso_records_compiler.formats.pdf import PdfScan
from rso_records_compiler.formats.recognition import Recognition
from rso_records_compiler.formats.sniff import SNIFF_BYTES, is_gzip, sniff
from rso_shared.kit.errors import DomainError, invalid

BUNDLE_LIMIT = 32 * 1024 * 1024


class Reader(Protocol):
    def feed(self, chunk: bytes) -> None: ...

    def finish(self) -> Recognition: ...


class WholeText:
    """JSON, XML and HL7 v2 make sense only whole: kept up to the limit."""

    def __init__(self, format_: Format, limit: int) -> None:
        self._format = format_
        self._limit = limit
        self._content = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Raises DomainError 413 `bundle_too_large`."""
        if len(self._content) + len(chunk) > self._limit:
            raise too_large(self._limit)
        self._content += chunk

    def finish(self) -> Recognition:
        content = bytes(self._content)
        self._content.clear()
        if self._format is Format.FHIR:
            return fhir.recognise(content)
        return ccda.recognise(content) if self._format is Format.CCDA else hl7v2.recognise(content)


class Probe:
    """Feed it the body as it comes; refusals come as early as the bytes allow. `gzip` tells whether it came compressed."""

    def __init__(self, said: Declared, limit: int = BUNDLE_LIMIT) -> None:
        self._said = said
        self._limit = limit
        self._raw = b""
        self._head = b""
        self._inflate: Inflate | None = None
        self._reader: Reader | None = None
        self._begun = False

    @property
    def gzip(self) -> bool:
        return self._inflate is not None

    def feed(self, chunk: bytes) -> None:
        """Raises DomainError 413, 415 or 422."""
        if not self._begun:
            self._raw += chunk
            if len(self._raw) < len(b"\x1f\x8b"):
                return
            chunk = self._begin()
        self._content(self._inflate.feed(chunk) if self._inflate else chunk)

    def finish(self) -> Recognition:
        """Raises DomainError 413, 415 or 422."""
        if not self._begun:
            if not self._raw:
                raise invalid("document_empty", "The document has no bytes.")
            self._content(self._begin())
        if self._inflate:
            self._inflate.finish()
        if self._reader is None and not self._head:
            raise invalid("document_empty", "The document has no bytes.")
        return (self._reader or self._recognised()).finish()

    def _begin(self) -> bytes:
        """Compression is told by the first two bytes; a header that claims it of other bytes is a mismatch."""
        self._begun, first = True, self._raw
        if is_gzip(first):
            self._inflate = Inflate(self._limit)
        elif self._said.gzip or self._said.format is None:
            raise mismatch(self._said, sniff(first))
        return first

    def _content(self, plain: bytes) -> None:
        if self._reader is not None:
            self._reader.feed(plain)
            return
        self._head += plain
        if len(self._head) >= SNIFF_BYTES:
            self._recognised()

    def _recognised(self) -> Reader:
        found = sniff(self._head[:SNIFF_BYTES])
        if found is None or self._said.format not in {None, found}:
            raise mismatch(self._said, found)
        if self._inflate and found not in TEXTUAL:
            raise DomainError(
                "content_encoding_unsupported", "PDF and DICOM are sent as they are, not compressed.", status=415
            )
        self._reader = self._reader_of(found)
        self._reader.feed(self._head)
        self._head = b""
        return self._reader

    def _reader_of(self, found: Format) -> Reader:
        if found is Format.PDF:
            return PdfScan()
        return DicomHead() if found is Format.DICOM else WholeText(found, self._limit)
