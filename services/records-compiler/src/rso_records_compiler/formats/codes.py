"""Which kind of record a code or its words stand for. A proposal from outside vocabularies; a person judges."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rso_shared.contracts.vocabulary import RecordKind

LOINC = "http://loinc.org"


@dataclass(frozen=True, slots=True)
class Coding:
    system: str
    code: str
    display: str


_LOINC: dict[RecordKind, tuple[str, ...]] = {
    RecordKind.PATHOLOGY_REPORT: (
        "11526-1", "11529-5", "22634-0", "22635-7", "22636-5", "22637-3", "33746-9", "47526-9", "60567-5", "60568-3",
    ),
    RecordKind.GENOMIC: ("51969-4", "53041-0", "55232-3", "55233-1", "69548-6", "81247-9"),
    RecordKind.OPERATIVE_NOTE: ("11504-8", "28570-0", "28573-8", "8724-7"),
    RecordKind.IMAGING_REPORT: ("18748-4", "18782-3", "24604-1", "24606-6"),
    RecordKind.LAB: ("11502-2", "26436-6", "30954-2", "24323-8", "24357-6", "51990-0", "57698-3", "58410-2"),
    RecordKind.CLINICAL_NOTE: (
        "10164-2", "11488-4", "11506-3", "18842-5", "28655-9", "34109-9", "34117-2", "34133-9", "34140-4", "34746-8",
        "51845-6", "51847-2", "57133-1",
    ),
    RecordKind.MEDICATION_LIST: ("10160-0", "10183-2", "29549-3", "56445-0", "57828-6"),
}  # fmt: skip

LOINC_KINDS = {code: kind for kind, codes in _LOINC.items() for code in codes}

_SERVICE_SECTIONS: dict[RecordKind, tuple[str, ...]] = {
    RecordKind.PATHOLOGY_REPORT: ("PAT", "SP", "CP"),
    RecordKind.GENOMIC: ("GE", "GENOMICS"),
    RecordKind.IMAGING_REPORT: ("RAD", "RX", "CT", "NMR", "NMS", "OUS", "RUS", "VUS", "CUS", "XRC", "IMG", "LP29684-5"),
    RecordKind.LAB: ("LAB", "HM", "CH", "MB", "BLB", "SR", "TX", "VR", "IMM", "MCB", "MYC", "URN", "LABORATORY"),
}
"""HL7 table 0074 (diagnostic service section), US Core's LOINC parts and FHIR's observation categories."""

SECTION_KINDS = {code: kind for kind, codes in _SERVICE_SECTIONS.items() for code in codes}

_WORDS: tuple[tuple[RecordKind, re.Pattern[str]], ...] = (
    (RecordKind.GENOMIC, re.compile(r"genom|genetic|sequencing|oncotype|recurrence score|mutation", re.IGNORECASE)),
    (
        RecordKind.PATHOLOGY_REPORT,
        re.compile(r"patholog|biopsy|histolog|cytolog|immune stain|cancer specimen|in tissue", re.IGNORECASE),
    ),
    (
        RecordKind.OPERATIVE_NOTE,
        re.compile(r"operative (?:note|report)|operation note|surgical (?:note|report)", re.IGNORECASE),
    ),
    (
        RecordKind.IMAGING_REPORT,
        re.compile(
            r"x-?ray|radiograph|radiolog|mammogra|ultraso|tomograph|magnetic resonance|scintigra|\b(?:mri|ct|pet)\b",
            re.IGNORECASE,
        ),
    ),
)

_OPERATION = re.compile(
    r"\w(?:ectomy|plasty|ostomy|otomy)\b|\b(?:excision|resection|amputation|transplantation|surgery)\b|surgical procedure",
    re.IGNORECASE,
)
_NO_OPERATION = re.compile(r"tooth|teeth|dental|gingiv|phlebotomy|planned|history of", re.IGNORECASE)


def by_code(codings: Iterable[Coding]) -> RecordKind | None:
    return next((LOINC_KINDS[coding.code] for coding in codings if coding.code in LOINC_KINDS), None)


def by_section(codings: Iterable[Coding]) -> RecordKind | None:
    return next((SECTION_KINDS[up] for coding in codings if (up := coding.code.upper()) in SECTION_KINDS), None)


def by_words(text: str) -> RecordKind | None:
    return next((kind for kind, pattern in _WORDS if pattern.search(text)), None)


def is_operation(text: str) -> bool:
    """True if the words name an operation: a proposal for the operative note, dental work and blood draws left out."""
    return bool(_OPERATION.search(text)) and not _NO_OPERATION.search(text)
