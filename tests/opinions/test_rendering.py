"""The PDFs, read back: both renderings say the same, every word is set as text, every page is marked."""

import io
from datetime import timedelta
from typing import Any

import pytest
from pypdf import PdfReader

from opinions import builders as b
from rso_opinions.domain.opinion_events import RenderingKind
from rso_opinions.domain.report import Answer, Evidence, TreatmentOption
from rso_opinions.domain.statements import CURRENT_STATEMENT, STATEMENTS
from rso_opinions.rendering import wording
from rso_opinions.rendering.document import Record, RecordDocument, SignatureBlock, Source, lay_out
from rso_opinions.rendering.pdf import render
from rso_opinions.rendering.people import CasePerson, CaseQuestions, SpecialistPerson
from rso_shared.contracts.vocabulary import Effect, RecordKind

HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
PATIENT, PHYSICIAN = RenderingKind.PATIENT, RenderingKind.PHYSICIAN
PERSON = {
    "person_id": b.PERSON,
    "patient": {
        "name": {"given": "Ana María", "family": "Quimby-Nguyễn"},
        "birth_date": "1971-05-04",
        "sex": "female",
        "phones": [],
    },
    "local_provider": {"name": {"given": "Ruth", "family": "Adler"}, "practice": "Green Street"},
}
QUESTIONS = {
    "questions_version": 1,
    "questions": [
        {"question_id": b.Q1, "text": "Is chemotherapy needed with this profile?"},
        {"question_id": b.Q2, "text": "Is re-excision needed?"},
    ],
}
SPECIALIST = {
    "specialist_id": b.WRITER, "given": "Marta", "family": "Lindqvist", "credentials": ["MD", "PhD"],
    "taxonomy": ["207RX0202X"], "npi": "1000000004", "licences": [],
}  # fmt: skip


def source(*, report=None, person=PERSON, questions=QUESTIONS, synthetic=False, documents=None):
    return Source(
        record=Record(
            program_name="Second look",
            reference_last_four="4821",
            documents=documents
            if documents is not None
            else (
                RecordDocument(b.D2, (RecordKind.OPERATIVE_NOTE,), None),
                RecordDocument(b.D1, (RecordKind.PATHOLOGY_REPORT, RecordKind.LAB), "2026-01"),
            ),
            waived=(RecordKind.GENOMIC,),
        ),
        opinion_version=3,
        report=report or b.report(),
        signature=SignatureBlock(STATEMENTS[CURRENT_STATEMENT], CURRENT_STATEMENT, HASH, b.NOW),
        person=CasePerson.model_validate(person),
        questions=CaseQuestions.model_validate(questions),
        specialist=SpecialistPerson.model_validate(SPECIALIST),
        synthetic=synthetic,
    )


def pages(kind, **more: Any):
    pdf = render(kind, lay_out(source(**more)), b.NOW)
    assert pdf.startswith(b"%PDF-")
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]


def text(kind, **more: Any):
    return " ".join(pages(kind, **more))


@pytest.mark.parametrize("kind", RenderingKind)
def test_both_renderings_name_the_people_the_reference_and_the_version(kind):
    found = text(kind)
    for part in (
        "Ana María Quimby-Nguyễn",
        "Marta Lindqvist, MD, PhD",
        "4821",
        "version 3",
        "Second look",
        "March 2, 2026",
    ):
        assert part in found
    for question in QUESTIONS["questions"]:
        assert question["text"] in found


@pytest.mark.parametrize("kind", RenderingKind)
def test_every_page_is_numbered_and_says_what_it_is(kind):
    long = b.report(limitations="\n\n".join(["Slides were not read again."] * 120))
    found = pages(kind, report=long)
    assert len(found) > 2
    for number, page in enumerate(found, 1):
        assert "Advisory opinion; no physical examination" in page
        assert f"Page {number} of {len(found)}" in page
        assert "SYNTHETIC" not in page


@pytest.mark.parametrize("kind", RenderingKind)
@pytest.mark.parametrize("how", [{"synthetic": True}, {"report": b.report(synthetic=True)}])
def test_a_demonstration_is_marked_on_every_page(kind, how):
    for page in pages(kind, **how):
        assert "SYNTHETIC DEMONSTRATION" in page


def test_the_patient_reads_plain_language_first():
    found = text(PATIENT)
    order = [
        "In short", "Your diagnosis is right.", "Your questions and the answers", "One more test first.",
        "What this means", wording.PLAIN_DIAGNOSIS[Effect.CONFIRMED], wording.PLAIN_TREATMENT[Effect.CHANGED],
        "What to ask your doctor", "Can the test be done on stored tissue?", "Good to know",
        "Original mammogram images; Genomic report", "Signed electronically by Marta Lindqvist",
    ]  # fmt: skip
    places = [found.index(part) for part in order]
    assert places == sorted(places)
    assert "No; margins are clear." in found
    assert "Not before a recurrence score." not in found


def test_the_physician_reads_effects_evidence_and_signature():
    found = text(PHYSICIAN)
    for part in (
        "Confirmed", "Changed", "Not before a recurrence score.", "[1] ER 95 % (p. 2)", "[2] 3 mm posterior (p. 3)",
        "Endocrine therapy", "favoured in this opinion", "NCT01234567", "Recurrence score", "Original mammogram images",
        "Pathology report, laboratory results", "January 2026", "date not stated", b.D1, "doi:10.1000/example",
        STATEMENTS[CURRENT_STATEMENT], HASH, "March 2, 2026, 15:00 UTC", "May 4, 1971", "207RX0202X", "Ruth Adler", "1000000004",
    ):  # fmt: skip
        assert part in found, part


HOSTILE = '#import "x" $a^2$ *bold* _it_ `raw` @ref <label> // no \\ #eval("1+1") [link](x) = heading'


@pytest.mark.parametrize("kind", RenderingKind)
def test_what_people_write_is_text_and_never_markup(kind):
    hostile = b.report(
        plain_language_summary=HOSTILE,
        diagnosis_assessment=HOSTILE,
        limitations=HOSTILE,
        answers=(Answer(b.Q1, HOSTILE, HOSTILE, (Evidence(b.D1, HOSTILE, HOSTILE),)),),
        treatment_options=(TreatmentOption(HOSTILE, HOSTILE, (HOSTILE,), (HOSTILE,), False),),
    )
    found = text(kind, report=hostile, questions={"questions": [{"question_id": b.Q1, "text": HOSTILE}]})
    assert found.replace(" ", "").count(HOSTILE.replace(" ", "")) >= 5


@pytest.mark.parametrize("kind", RenderingKind)
def test_a_bare_report_leaves_no_empty_sections(kind):
    bare = b.report(
        treatment_options=(), clinical_trials=(), further_testing=(), missing_material=(), references=(),
        questions_for_your_doctor=(), answers=(Answer(b.Q1, "Yes.", "", ()),),
    )  # fmt: skip
    found = text(kind, report=bare, person={**PERSON, "local_provider": None}, documents=())
    for heading in ("Choices to talk about", "Clinical trials", "References", "Documents cited", "Local provider"):
        assert heading not in found


@pytest.mark.parametrize("kind", RenderingKind)
def test_the_longest_report_is_set_and_nothing_is_lost(kind):
    words = " ".join(f"word{number}" for number in range(2500))
    option = TreatmentOption("Long option", words[:2000], ("pro " * 120,), ("con " * 120,), False)
    found = text(
        kind, report=b.report(diagnosis_assessment=words, plain_language_summary=words, treatment_options=(option,) * 3)
    )
    assert "word0 " in found
    assert "word2499" in found


def test_the_date_in_the_document_is_the_one_given():
    pdf = PdfReader(io.BytesIO(render(PATIENT, lay_out(source()), b.NOW + timedelta(days=1))))
    assert pdf.metadata.creation_date.date().isoformat() == "2026-03-03"
    assert pdf.metadata.title == "Your second opinion"
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert pdf.trailer["/Root"]["/Lang"] == "en-US"
    assert [float(side) for side in pdf.pages[0].mediabox[2:]] == [612.0, 792.0]


@pytest.mark.parametrize(
    "shape",
    [
        {"name": "Ana María Quimby"},
        {"name": {"given": ["Ana", "María"], "family": "Quimby"}},
        {"given": "Ana María", "family": "Quimby"},
    ],
)
def test_a_name_comes_in_more_than_one_shape(shape):
    assert CasePerson.model_validate({"patient": shape}).patient.name == "Ana María Quimby"
    assert (
        SpecialistPerson.model_validate({"specialist_id": "s", **shape, "credentials": "MD"}).title().endswith("y, MD")
    )


def test_what_was_waived_is_named_once():
    assert lay_out(source())["missing"] == ["Original mammogram images", "Genomic report"]
    named = b.report(missing_material=("No genomic result yet",))
    assert lay_out(source(report=named))["missing"] == ["No genomic result yet"]
