"""What a sender may say a document is, and the formats this service reads. Everything else is refused before a byte is read."""

from dataclasses import dataclass
from enum import StrEnum

from rso_shared.kit.errors import DomainError


class Format(StrEnum):
    """A format that is recognised. The value is the media type under which such a document is stored and given back."""

    FHIR = "application/fhir+json"
    CCDA = "application/xml"
    PDF = "application/pdf"
    DICOM = "application/dicom"
    HL7V2 = "x-application/hl7-v2+er7"


TEXTUAL = frozenset({Format.FHIR, Format.CCDA, Format.HL7V2})
"""Read whole, within the bundle limit; these may come compressed."""

DECLARABLE: dict[str, Format | None] = {
    "application/fhir+json": Format.FHIR,
    "application/json": Format.FHIR,
    "application/xml": Format.CCDA,
    "text/xml": Format.CCDA,
    "application/cda+xml": Format.CCDA,
    "application/pdf": Format.PDF,
    "application/dicom": Format.DICOM,
    "x-application/hl7-v2+er7": Format.HL7V2,
    "application/hl7-v2": Format.HL7V2,
    "application/gzip": None,
    "application/x-gzip": None,
}
"""None: a wrapper that says nothing of what is inside."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What the headers say. `format` is None for a bare gzip file; `gzip` is True if Content-Encoding says so."""

    media_type: str
    format: Format | None
    gzip: bool


def declared(content_type: str | None, content_encoding: str | None) -> Declared:
    """Reads the two headers; 415 for a type or an encoding that is not read here."""
    media_type = (content_type or "").partition(";")[0].strip().lower()
    if media_type not in DECLARABLE:
        raise DomainError(
            "media_type_unsupported",
            "Send one of the accepted types in Content-Type: FHIR R4 JSON, C-CDA, PDF, DICOM or HL7 v2.",
            status=415,
            accepted=sorted(DECLARABLE),
        )
    encoding = (content_encoding or "identity").strip().lower()
    if encoding not in {"identity", "gzip", "x-gzip"}:
        raise DomainError(
            "content_encoding_unsupported", "Send the document as it is, or compressed with gzip.", status=415
        )
    return Declared(media_type, DECLARABLE[media_type], encoding != "identity")


def mismatch(said: Declared, found: Format | None) -> DomainError:
    """415: the bytes are not what the header says."""
    return DomainError(
        "media_type_mismatch",
        "The bytes of the document are not what its Content-Type says. Send it under the type that it has.",
        status=415,
        declared=said.media_type,
        found=found.value if found else "unknown",
    )
