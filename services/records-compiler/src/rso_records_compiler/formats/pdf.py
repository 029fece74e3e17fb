"""PDF: version, page count, title and creation date by scanning the bytes as they pass. Nothing is decoded or kept."""

import re

from rso_records_compiler.formats.media import Format
from rso_records_compiler.formats.recognition import Recognition, day_of, short
from rso_shared.contracts.vocabulary import RecordKind
from rso_shared.kit.errors import invalid

EDGE = 64 * 1024
_OVERLAP = 32
_END_WITHIN = 2048
_VERSION = re.compile(rb"%PDF-(\d\.\d)")
_PAGE = re.compile(rb"/Type\s{0,8}/Page(?![a-zA-Z])")
_LINEAR_COUNT = re.compile(rb"/Linearized[^>]{0,200}/N\s(\d{1,6})")
_TREE_COUNT = re.compile(
    rb"/Type\s{0,8}/Pages[^>]{0,400}?/Count\s(\d{1,6})|/Count\s(\d{1,6})[^>]{0,400}?/Type\s{0,8}/Pages"
)
_TITLE = re.compile(rb"/Title\s{0,8}\(((?:[^()\\]|\\.){1,400})\)")
_CREATED = re.compile(rb"/CreationDate\s{0,8}\(D:(\d{8})")


class PdfScan:
    """Feed it the file in order, then ask. Holds the first and last 64 KiB whatever the size."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = b""
        self._pages = 0

    def feed(self, chunk: bytes) -> None:
        """Counts page objects over chunk borders: a marker that lies whole in the overlap was counted before."""
        if len(self._head) < EDGE:
            self._head += chunk[: EDGE - len(self._head)]
        overlap = self._tail[-_OVERLAP:]
        window = overlap + chunk
        self._pages += sum(1 for found in _PAGE.finditer(window) if found.end() > len(overlap) - 1)
        self._tail = (self._tail + chunk)[-EDGE:]

    def finish(self) -> Recognition:
        """Raises DomainError 422 `document_truncated` if the end marker is missing."""
        if b"%%EOF" not in self._tail[-_END_WITHIN:]:
            raise invalid("document_truncated", "The PDF has no end marker. Send the whole file again.")
        edges = bytes(self._head) + self._tail
        version, title, created = _VERSION.search(edges), _TITLE.search(edges), _CREATED.search(edges)
        return Recognition(
            format=Format.PDF,
            kind=RecordKind.OTHER,
            pages=self._page_count(edges),
            title=short(_text(title[1])) if title else None,
            dated=day_of(created[1].decode()) if created else None,
            details=(("version", version[1].decode()),) if version else (),
        )

    def _page_count(self, edges: bytes) -> int | None:
        """None where the page tree lies in compressed objects: counting it would mean decoding the file."""
        linear = _LINEAR_COUNT.search(edges)
        if linear:
            return int(linear[1])
        counts = [int(found[1] or found[2]) for found in _TREE_COUNT.finditer(edges)]
        return max(counts) if counts else self._pages or None


def _text(raw: bytes) -> str:
    """A PDF text string: UTF-16 if it says so, else close to Latin-1."""
    if raw.startswith(b"\xfe\xff"):
        return raw[2:].decode("utf-16-be", "replace")
    return re.sub(rb"\\([()\\])", rb"\1", raw).decode("latin-1")
