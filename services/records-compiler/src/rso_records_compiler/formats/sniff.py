"""What the first bytes say. Never the name, never the header."""

import re

from rso_records_compiler.formats.media import Format

SNIFF_BYTES = 4096
"""Enough for a DICOM preamble, a PDF marker behind a little noise, and an XML prolog with its comments begun."""

GZIP_MAGIC = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"
_PDF_WITHIN = 1024
_DICOM_AT = 128
_XML_START = re.compile(rb"\s*<[?!A-Za-z]")
_HL7_START = re.compile(rb"\s*(?:MSH|FHS|BHS)[^A-Za-z0-9\s]")


def is_gzip(head: bytes) -> bool:
    return head.startswith(GZIP_MAGIC)


def sniff(head: bytes) -> Format | None:
    """The format that these first bytes (`SNIFF_BYTES` of them, or all there are) can only be; None if none."""
    if head[_DICOM_AT : _DICOM_AT + 4] == b"DICM":
        return Format.DICOM
    if b"%PDF-" in head[:_PDF_WITHIN]:
        return Format.PDF
    text = head.removeprefix(BOM)
    if _HL7_START.match(text):
        return Format.HL7V2
    if _XML_START.match(text):
        return Format.CCDA
    if text.lstrip()[:1] in {b"{", b"["}:
        return Format.FHIR
    return None
