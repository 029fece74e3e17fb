"""The structured report: what a specialist writes. Advisory only: there is no field in which an order could stand."""

import hashlib
from collections.abc import Collection
from dataclasses import asdict, dataclass

from rso_shared.contracts.vocabulary import Effect
from rso_shared.kit.errors import invalid
from rso_shared.kit.events import canonical


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where in the record a statement is read off: a document of the case, a place in it, and what stands there."""

    document_id: str
    locator: str
    finding: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to one question. `plain_answer` is the same answer in the patient's words; empty: `answer` serves both."""

    question_id: str
    answer: str
    plain_answer: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class TreatmentOption:
    name: str
    summary: str
    pros: tuple[str, ...]
    cons: tuple[str, ...]
    favoured: bool


@dataclass(frozen=True, slots=True)
class ClinicalTrial:
    """`identifier` is the registry's, such as NCT01234567."""

    identifier: str
    title: str
    why: str


@dataclass(frozen=True, slots=True)
class FurtherTest:
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Reference:
    """`identifier` is a DOI, a PubMed number or an address; it may be empty."""

    citation: str
    identifier: str


@dataclass(frozen=True, slots=True)
class Report:
    diagnosis_effect: Effect
    diagnosis_assessment: str
    treatment_effect: Effect
    treatment_assessment: str
    answers: tuple[Answer, ...]
    treatment_options: tuple[TreatmentOption, ...]
    clinical_trials: tuple[ClinicalTrial, ...]
    further_testing: tuple[FurtherTest, ...]
    missing_material: tuple[str, ...]
    plain_language_summary: str
    questions_for_your_doctor: tuple[str, ...]
    references: tuple[Reference, ...]
    limitations: str
    synthetic: bool
    """True: made for a demonstration from invented data; every page says so."""


def content_sha256(report: Report, person_id: str) -> str:
    """What a signature fixes: SHA-256 over the canonical JSON of the structured report and the person it is about."""
    return hashlib.sha256(canonical({"person_id": person_id, "report": asdict(report)}).encode()).hexdigest()


def require_complete(report: Report, question_ids: Collection[str], document_ids: Collection[str]) -> None:
    """Raises DomainError 422 unless the report may be submitted: no gap, every question answered once, every citation real.

    `question_ids` are the case's current questions, `document_ids` the documents in its record.
    """
    _require_texts(report)
    _require_answers(report, question_ids)
    for index, answer in enumerate(report.answers):
        _require_evidence(answer, index, document_ids)


def _require_texts(report: Report) -> None:
    for name in ("diagnosis_assessment", "treatment_assessment", "plain_language_summary", "limitations"):
        if not str(getattr(report, name)).strip():
            raise invalid(
                "report_incomplete",
                f"The report has no {name.replace('_', ' ')}; write it in a new draft, then submit.",
                f"/{name}",
            )


def _require_answers(report: Report, question_ids: Collection[str]) -> None:
    answered = [answer.question_id for answer in report.answers if answer.answer.strip()]
    missing = [question for question in question_ids if question not in answered]
    if missing:
        raise invalid(
            "question_unanswered",
            f"{len(missing)} of {len(question_ids)} questions have no answer; answer each in a new draft, then submit.",
            "/answers",
            question_ids=missing,
        )
    for index, answer in enumerate(report.answers):
        if answer.question_id not in question_ids:
            raise invalid("question_unknown", "An answer is to no question of this case.", _at(index, "question_id"))
    if len(set(answered)) != len(report.answers):
        raise invalid("question_answered_twice", "One question has two answers; keep one.", "/answers")


def _require_evidence(answer: Answer, index: int, document_ids: Collection[str]) -> None:
    if document_ids and not answer.evidence:
        raise invalid(
            "evidence_missing", "An answer cites no document; name where it is read off.", _at(index, "evidence")
        )
    for place, evidence in enumerate(answer.evidence):
        if evidence.document_id not in document_ids:
            raise invalid(
                "document_unknown",
                "An answer cites a document that is not in this case's record.",
                _at(index, f"evidence/{place}/document_id"),
            )


def _at(index: int, member: str) -> str:
    return f"/answers/{index}/{member}"
