"""What a recognised document says about itself."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from rso_records_compiler.formats.media import Format
from rso_shared.contracts.vocabulary import RecordKind

MAX_TITLE = 200
MAX_FACILITIES = 20

BY_TELLING = (
    RecordKind.PATHOLOGY_REPORT,
    RecordKind.GENOMIC,
    RecordKind.OPERATIVE_NOTE,
    RecordKind.PATHOLOGY_SLIDE,
    RecordKind.IMAGING_REPORT,
    RecordKind.IMAGING_STUDY,
    RecordKind.LAB,
    RecordKind.MEDICATION_LIST,
)
"""Most telling first: names the kind of a collection that holds several kinds and no note."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom the document says it is about: for comparing with the case's person, never for linking."""

    family: str
    given: str
    born: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """`evidence` counts, per kind of record, the pieces in it that speak for that kind: a proposal, a person judges.

    `resources` counts the clinical resources of a FHIR bundle by type. `details` are what the format's header gives besides.
    Title, facilities, details and subject may name people; `dated` is a clinical date finer than a month.
    """

    format: Format
    kind: RecordKind
    evidence: tuple[tuple[RecordKind, int], ...] = ()
    resources: tuple[tuple[str, int], ...] = ()
    pages: int | None = None
    title: str | None = None
    dated: date | None = None
    facilities: tuple[str, ...] = ()
    details: tuple[tuple[str, str], ...] = ()
    subject: Subject | None = None

    @property
    def month(self) -> str | None:
        return None if self.dated is None else self.dated.strftime("%Y-%m")


def evidence(kinds: Iterable[RecordKind | None]) -> tuple[tuple[RecordKind, int], ...]:
    counted = Counter(kind for kind in kinds if kind is not None)
    return tuple(sorted(counted.items()))


def main_kind(found: tuple[tuple[RecordKind, int], ...]) -> RecordKind:
    """One kind for the whole: the only one, else the note that holds the rest together, else the most telling."""
    kinds = {kind for kind, _ in found}
    if RecordKind.CLINICAL_NOTE in kinds:
        return RecordKind.CLINICAL_NOTE
    return next((kind for kind in BY_TELLING if kind in kinds), RecordKind.OTHER)


_TIMESTAMP = re.compile(r"(\d{4})-?(\d{2})(?:-?(\d{2}))?")


def day_of(stamp: object) -> date | None:
    """The day of an ISO date (`2017-05`, `2017-05-03T…`) or an HL7 timestamp (`20170503…`); a bare month means its first
    day, a bare year nothing.
    """
    found = _TIMESTAMP.match(stamp.strip()) if isinstance(stamp, str) else None
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3] or 1))
    except ValueError:
        return None


def newest(stamps: Iterable[object]) -> date | None:
    return max((day for day in map(day_of, stamps) if day is not None), default=None)


def short(text: object) -> str | None:
    """A title in one line of at most `MAX_TITLE` characters; None if there is none."""
    line = " ".join(text.split())[:MAX_TITLE] if isinstance(text, str) else ""
    return line or None


def named(names: Iterable[object]) -> tuple[str, ...]:
    """Distinct names in the order of appearance, at most `MAX_FACILITIES`."""
    return tuple(dict.fromkeys(name for name in map(short, names) if name))[:MAX_FACILITIES]
