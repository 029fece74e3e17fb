"""What the demo's nurse and specialist write: the bundle's own facts, each cited, between fixed careful sentences.

No clinical claim is made here. A fact is quoted as the record states it; everything else says what a reader should check.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rso_onebox.bundle import BundleCase
from rso_onebox.bundle_facts import ClinicalFact, FactKind
from rso_onebox.demo_questions import QUESTIONS
from rso_operations.words import counted
from rso_shared.contracts.vocabulary import Effect

MARK = "Synthetic demonstration"
"""Stands in every text of the demo, as on every page of its reports."""

_MOST_EVIDENCE = 6

DocumentIds = Mapping[str, str]
"""Facility key -> id of the document that was uploaded as its collection."""


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    question_id: str
    text: str


def asked(questions: Mapping[str, Any]) -> list[AskedQuestion]:
    """From the answer of `GET …/questions`."""
    return [AskedQuestion(each["question_id"], each["text"]) for each in questions["questions"]]


def questions_for(case: BundleCase) -> tuple[str, str]:
    """Two clinical questions that people with such a condition ask."""
    return QUESTIONS[case.condition.group]


def summary_statements(case: BundleCase, documents: DocumentIds) -> list[dict[str, Any]]:
    """The nurse's summary: `[{text, cites: [{document_id, locator}]}]`, one fact a statement."""
    statements = [_statement(_sentence(fact), documents[fact.facility], fact.locator) for fact in case.facts]
    opening = statements[0]["text"]
    statements[0]["text"] = f"{MARK}: {opening[0].lower()}{opening[1:]}"
    return statements + [
        _statement(
            f"The collection of {facility.name} holds {counted(len(facility.resources), 'resource')}.",
            documents[facility.key],
            None,
        )
        for facility in case.facilities
    ]


def report(
    case: BundleCase, questions: Sequence[AskedQuestion], documents: DocumentIds, missing: Sequence[str] = ()
) -> dict[str, Any]:
    """The specialist's structured report, as the opinions service takes it. `missing` names what was waived."""
    condition = case.condition.text
    return {
        "diagnosis_effect": Effect.CONFIRMED.value,
        "diagnosis_assessment": _diagnosis(case),
        "treatment_effect": Effect.CLARIFIED.value,
        "treatment_assessment": _treatment(case),
        "answers": [_answer(case, question, number, documents) for number, question in enumerate(questions)],
        "treatment_options": _options(),
        "clinical_trials": [],
        "further_testing": _further_testing(),
        "missing_material": list(missing),
        "plain_language_summary": (
            f"{MARK}. Your records say that you have this condition: {condition}. I read what they hold about it and found "
            "nothing in them that speaks against it. I do not advise a change of your treatment from afar. "
            "Please go through the points below with your own doctor before you decide anything."
        ),
        "questions_for_your_doctor": [
            "Which results is the present plan based on, and are any of them still to come?",
            "What would make you change the plan?",
            "What can I expect with the plan, and what without it?",
        ],
        "references": [],
        "limitations": (
            f"{MARK}: this report was written by a program from invented data and is no medical advice. It rests on the "
            "cited records alone. Nobody was examined, and no images or tissue were read again."
        ),
        "synthetic": True,
    }


def _statement(words: str, document_id: str, locator: str | None) -> dict[str, Any]:
    return {"text": words, "cites": [{"document_id": document_id, "locator": locator}]}


def _sentence(fact: ClinicalFact) -> str:
    when = f" on {fact.last_on}" if fact.last_on else ""
    if fact.kind is FactKind.DIAGNOSIS:
        since = f", with onset {fact.first_on}" if fact.first_on else ""
        status = f" and clinical status {fact.value}" if fact.value else ""
        return f"The record names {fact.name} as a confirmed condition{since}{status}."
    if fact.kind is FactKind.OBSERVATION:
        return f"Recorded{when}: {fact.name}: {fact.value}."
    if fact.kind is FactKind.MEDICATION:
        status = f" with status {fact.value}" if fact.value else ""
        return f"Ordered{_span(fact)}: {fact.name}{status}."
    return f"{'Imaged' if fact.kind is FactKind.IMAGING else 'Done'}{_span(fact)}: {fact.name}."


def _span(fact: ClinicalFact) -> str:
    if fact.times > 1:
        return f" {fact.times} times between {fact.first_on} and {fact.last_on}"
    return f" on {fact.last_on}" if fact.last_on else ""


def _sentences(case: BundleCase, *kinds: FactKind) -> str:
    return " ".join(_sentence(fact) for fact in case.facts if fact.kind in kinds)


def _diagnosis(case: BundleCase) -> str:
    observed = _sentences(case, FactKind.OBSERVATION, FactKind.IMAGING)
    return " ".join(
        (
            f"{MARK}. {_sentence(case.facts[0])}",
            f"The record states these findings. {observed}"
            if observed
            else "No findings from visits for it are among the cited entries.",
            "I found nothing in the cited records that speaks against the recorded diagnosis.",
        )
    )


def _treatment(case: BundleCase) -> str:
    done = _sentences(case, FactKind.PROCEDURE, FactKind.MEDICATION)
    return " ".join(
        (
            f"{MARK}.",
            f"The record states what was done and ordered. {done}" if done else "The cited entries name no treatment.",
            "I advise no change on the records alone.",
            "The points under further testing should be settled first, by those who can examine the patient.",
        )
    )


def _answer(case: BundleCase, question: AskedQuestion, number: int, documents: DocumentIds) -> dict[str, Any]:
    """The first question is answered from what was found, the next from what was done."""
    found = (FactKind.OBSERVATION, FactKind.IMAGING)
    done = (FactKind.PROCEDURE, FactKind.MEDICATION)
    wanted = found if number % 2 == 0 else done
    facts = [each for each in case.facts if each.kind in wanted][:_MOST_EVIDENCE]
    quoted = " ".join(_sentence(each) for each in facts)
    return {
        "question_id": question.question_id,
        "answer": (
            f"{MARK}. {quoted or 'The cited entries hold nothing on this question beyond the diagnosis itself.'} "
            "These entries should be weighed together by the treating team; the records alone do not settle the question."
        ),
        "plain_answer": (
            f"{MARK}. Your records hold the entries listed here. They do not settle this question on their own. "
            "Your own doctor can, together with an examination and with what matters to you."
        ),
        "evidence": [_evidence(each, documents) for each in (case.facts[0], *facts)],
    }


def _evidence(fact: ClinicalFact, documents: DocumentIds) -> dict[str, str]:
    return {"document_id": documents[fact.facility], "locator": fact.locator, "finding": _sentence(fact)}


def _options() -> list[dict[str, Any]]:
    return [
        {
            "name": "Continue the present plan",
            "summary": "Go on as agreed with the treating team while open points are settled.",
            "pros": ["No interruption of care", "Decided by those who examine the patient"],
            "cons": ["Open points stay open until they are asked"],
            "favoured": True,
        },
        {
            "name": "Discuss the plan in a conference of the specialties concerned",
            "summary": "Ask the treating team to go through the cited findings together.",
            "pros": ["Every specialty sees the same findings"],
            "cons": ["Takes time to arrange"],
            "favoured": False,
        },
    ]


def _further_testing() -> list[dict[str, str]]:
    return [
        {
            "name": "Check that the cited results are complete",
            "why": "A result that is missing or newer than the record may change how the others are read.",
        },
        {
            "name": "A second reading of images and tissue, where there are any",
            "why": "This report rests on written results; none of the material behind them was seen.",
        },
    ]
