"""From a signed report, the record's list and the people's names to what the templates lay out. Pure; no markup anywhere."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rso_opinions.domain.report import Answer, Report, TreatmentOption
from rso_opinions.rendering import wording
from rso_opinions.rendering.people import CasePerson, CaseQuestions, SpecialistPerson
from rso_shared.contracts.vocabulary import RecordKind


@dataclass(frozen=True, slots=True)
class RecordDocument:
    """One document of the case's record, as far as it may be named: kind and month, never its title."""

    document_id: str
    kinds: tuple[RecordKind, ...]
    month: str | None


@dataclass(frozen=True, slots=True)
class Record:
    """What the opinion was written from, and under which program."""

    program_name: str
    reference_last_four: str
    documents: tuple[RecordDocument, ...]
    waived: tuple[RecordKind, ...]


@dataclass(frozen=True, slots=True)
class SignatureBlock:
    statement: str
    statement_version: str
    content_sha256: str
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class Source:
    """Everything that stands in a rendered report. `synthetic`: every page says that it is a demonstration."""

    record: Record
    opinion_version: int
    report: Report
    signature: SignatureBlock
    person: CasePerson
    questions: CaseQuestions
    specialist: SpecialistPerson
    synthetic: bool


@dataclass(slots=True)
class _Marks:
    """Numbers documents in the order in which they are first cited."""

    known: dict[str, RecordDocument]
    cited: dict[str, int] = field(default_factory=dict)

    def mark(self, document_id: str) -> int:
        return self.cited.setdefault(document_id, len(self.cited) + 1)

    def listing(self) -> list[dict[str, Any]]:
        return [
            {"mark": mark, "document_id": id_, **_described(self.known.get(id_))} for id_, mark in self.cited.items()
        ]


def lay_out(source: Source) -> dict[str, Any]:
    """The data of both renderings, as JSON types."""
    report = source.report
    marks = _Marks({document.document_id: document for document in source.record.documents})
    texts = {question.question_id: question.text for question in source.questions.questions}
    answers = [_answer(answer, texts, marks) for answer in report.answers]
    return {
        "program_name": source.record.program_name,
        "reference": source.record.reference_last_four,
        "opinion_version": source.opinion_version,
        "synthetic": source.synthetic or report.synthetic,
        "signed_on": wording.day(source.signature.signed_at),
        **_people(source),
        **_effects(report),
        "answers": answers,
        "options": [_option(option) for option in report.treatment_options],
        "trials": [{"identifier": t.identifier, "title": t.title, "why": t.why} for t in report.clinical_trials],
        "tests": [{"name": test.name, "why": test.why} for test in report.further_testing],
        "missing": [*report.missing_material, *_unnamed(source.record.waived, report.missing_material)],
        "summary": report.plain_language_summary,
        "ask": list(report.questions_for_your_doctor),
        "references": [{"citation": r.citation, "identifier": r.identifier} for r in report.references],
        "limitations": report.limitations,
        "documents": marks.listing(),
        "reviewed": len(source.record.documents),
        "signature": _signature(source),
    }


def _people(source: Source) -> dict[str, Any]:
    patient, provider = source.person.patient, source.person.local_provider
    return {
        "patient": {
            "name": patient.name,
            "born": wording.day(patient.birth_date) if patient.birth_date else "",
            "sex": patient.sex or "",
        },
        "local_provider": provider.name if provider else "",
        "specialist": {
            "name": source.specialist.title(),
            "taxonomy": list(source.specialist.taxonomy),
            "npi": source.specialist.npi,
        },
    }


def _effects(report: Report) -> dict[str, Any]:
    return {
        "diagnosis": {
            "label": wording.CLINICAL[report.diagnosis_effect],
            "plain": wording.PLAIN_DIAGNOSIS[report.diagnosis_effect],
            "assessment": report.diagnosis_assessment,
        },
        "treatment": {
            "label": wording.CLINICAL[report.treatment_effect],
            "plain": wording.PLAIN_TREATMENT[report.treatment_effect],
            "assessment": report.treatment_assessment,
        },
    }


def _answer(answer: Answer, texts: dict[str, str], marks: _Marks) -> dict[str, Any]:
    return {
        "question": texts.get(answer.question_id, ""),
        "answer": answer.answer,
        "plain_answer": answer.plain_answer or answer.answer,
        "evidence": [
            {"mark": marks.mark(item.document_id), "locator": item.locator, "finding": item.finding}
            for item in answer.evidence
        ],
    }


def _option(option: TreatmentOption) -> dict[str, Any]:
    return {
        "name": option.name,
        "summary": option.summary,
        "pros": list(option.pros),
        "cons": list(option.cons),
        "favoured": option.favoured,
    }


def _described(document: RecordDocument | None) -> dict[str, Any]:
    if document is None:
        return {"kind": "Document", "month": ""}
    kinds = ", ".join(wording.KINDS[kind] for kind in document.kinds)
    return {"kind": kinds.capitalize(), "month": wording.month(document.month)}


def _unnamed(waived: tuple[RecordKind, ...], named: tuple[str, ...]) -> list[str]:
    """What was waived and the specialist did not list as missing in some words of their own."""
    listed = " ".join(named).casefold()
    words = {kind: (wording.KINDS[kind].casefold(), kind.replace("_", " ")) for kind in waived}
    return [wording.KINDS[kind] for kind in waived if not any(word in listed for word in words[kind])]


def _signature(source: Source) -> dict[str, Any]:
    signature = source.signature
    return {
        "statement": signature.statement,
        "statement_version": signature.statement_version,
        "content_sha256": signature.content_sha256,
        "signed_at": wording.instant(signature.signed_at),
    }
