"""Does a document name the case's patient? Compared at that moment and forgotten; a difference is for a person, never a link."""

import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any, Protocol

from rso_records_compiler.domain.document import PatientMark
from rso_records_compiler.formats.recognition import Subject
from rso_shared.kit.errors import DomainError, Transient


class Asks(Protocol):
    """The kit's neighbours, as far as they are needed here."""

    def get(self, path: str, **params: str) -> dict[str, Any]: ...


def mark(neighbours: Asks, case_id: str, subject: Subject | None) -> PatientMark:
    """`matched` only if family name and birth date are the patient's. Intake away or refusing: unverified, and the upload goes on."""
    if subject is None or not subject.family or subject.born is None:
        return PatientMark.UNVERIFIED
    try:
        answer = neighbours.get(f"/internal/v1/intake/cases/{case_id}/person", purpose="records_work")
    except (Transient, DomainError):
        return PatientMark.UNVERIFIED
    return compare(subject, answer.get("patient") or {})


def compare(subject: Subject, patient: Mapping[str, Any]) -> PatientMark:
    same_name = _plain(subject.family) == _plain(str(patient.get("family", "")))
    same_birth = subject.born == _day(patient.get("birth_date"))
    return PatientMark.MATCHED if same_name and same_birth else PatientMark.UNVERIFIED


def _plain(name: str) -> str:
    """Without accents, case and punctuation: transcriptions differ in these."""
    apart = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in apart if letter.isalnum())


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        return None
