"""Whether a document names the case's patient: a mark, never a link."""

from datetime import date

import pytest

from rso_records_compiler.domain.document import PatientMark
from rso_records_compiler.formats.recognition import Subject
from rso_records_compiler.patient import mark
from rso_shared.kit.errors import DomainError, Transient

BORN = date(1974, 5, 21)
PATIENT = {"patient": {"given": "Zoë", "family": "Núñez-Smith", "birth_date": "1974-05-21"}}


class Intake:
    def __init__(self, answer) -> None:
        self.answer, self.asked = answer, []

    def get(self, path, **params: str):
        self.asked.append((path, params))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("subject", "found"),
    [
        (Subject("NUNEZ SMITH", "Z", BORN), PatientMark.MATCHED),
        (Subject("Núñez-Smith", "", BORN), PatientMark.MATCHED),
        (Subject("Nunez", "Zoë", BORN), PatientMark.UNVERIFIED),
        (Subject("Núñez-Smith", "Zoë", date(1974, 5, 22)), PatientMark.UNVERIFIED),
    ],
)
def test_family_name_and_birth_date_decide(subject, found):
    intake = Intake(PATIENT)
    assert mark(intake, "case-1", subject) is found
    assert intake.asked == [("/internal/v1/intake/cases/case-1/person", {"purpose": "records_work"})]


@pytest.mark.parametrize("subject", [None, Subject("", "Zoë", BORN), Subject("Núñez-Smith", "Zoë", None)])
def test_nobody_is_asked_where_the_document_names_nobody(subject):
    intake = Intake(PATIENT)
    assert mark(intake, "case-1", subject) is PatientMark.UNVERIFIED
    assert intake.asked == []


@pytest.mark.parametrize(
    "answer", [Transient("away"), DomainError("case_unknown", "x", status=404), {}, {"patient": None}]
)
def test_intake_away_or_silent_means_unverified(answer):
    assert mark(Intake(answer), "case-1", Subject("Núñez-Smith", "", BORN)) is PatientMark.UNVERIFIED
