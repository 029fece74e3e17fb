"""The demo's texts: complete as the services want them, every fact cited, everything marked, nobody named."""

import json

import pytest
from onebox.bundles import ALLENA, BREAST, PATIENT, case_of, derive
from pydantic import TypeAdapter

from rso_onebox.demo_questions import QUESTIONS
from rso_onebox.demo_texts import MARK, AskedQuestion, questions_for, report, summary_statements
from rso_opinions.domain.report import Report, require_complete
from rso_shared.contracts.vocabulary import ConditionGroup

FILES = [
    ALLENA,
    "synthea330_breast_small_Sueann_Kuhic.json.gz",
    "Bundle-mcode-patient-bundle-jenny-m.json",
    "smart-r4_colon-small_Darin_Skiles.json.gz",
]


def told(case):
    documents = {facility.key: f"document-{number}" for number, facility in enumerate(case.facilities)}
    asked = [AskedQuestion(f"q{number}", text) for number, text in enumerate(questions_for(case))]
    return (
        documents,
        summary_statements(case, documents),
        report(case, asked, documents, ("Pathology slides were waived.",)),
    )


@pytest.mark.parametrize("name", FILES)
def test_a_real_bundle_gives_a_summary_whose_every_statement_cites_a_document(name):
    documents, statements, _ = told(case_of(name))
    assert len(statements) >= 2
    assert all(cite["document_id"] in documents.values() for each in statements for cite in each["cites"])
    assert all(each["cites"] and each["text"].endswith(".") for each in statements)
    assert statements[0]["text"].startswith(MARK)


@pytest.mark.parametrize("name", FILES)
def test_a_real_bundle_gives_a_report_that_the_opinions_service_calls_complete(name):
    documents, _, written = told(case_of(name))
    parsed = TypeAdapter(Report).validate_python(written)
    require_complete(parsed, ["q0", "q1"], list(documents.values()))
    assert parsed.synthetic
    assert parsed.missing_material == ("Pathology slides were waived.",)
    for text in (
        parsed.diagnosis_assessment,
        parsed.treatment_assessment,
        parsed.limitations,
        parsed.plain_language_summary,
    ):
        assert MARK in text
    assert all(MARK in answer.answer and MARK in answer.plain_answer for answer in parsed.answers)


@pytest.mark.parametrize("name", FILES)
def test_no_text_names_the_patient(name):
    case = case_of(name)
    _, statements, written = told(case)
    everything = json.dumps([statements, written])
    names = [part for each in (case.patient.name, *case.patient.other_names) for part in (each.family, *each.given)]
    identifying = [*names, *case.patient.phones, *case.patient.emails, *case.patient.address.lines]
    identifying += [each.value for each in case.patient.identifiers if each.kind != ""]
    assert not [each for each in identifying if len(each) >= 4 and each in everything]


def test_the_facts_are_quoted_as_the_record_states_them():
    case = case_of(ALLENA)
    _, statements, written = told(case)
    sentences = [each["text"] for each in statements]
    assert "Recorded on 2017-07-16: HER2 in Breast cancer specimen by Immune stain: Negative." in sentences
    assert "Done 8 times between 2017-07-21 and 2017-12-15: Chemotherapy." in sentences
    assert "HER2 in Breast cancer specimen by Immune stain: Negative" in written["diagnosis_assessment"]


def test_a_bundle_with_nothing_but_a_condition_still_gives_complete_texts():
    documents, statements, written = told(derive(PATIENT, BREAST))
    require_complete(TypeAdapter(Report).validate_python(written), ["q0", "q1"], list(documents.values()))
    assert [each["text"] for each in statements] == [
        f"{MARK}: the record names Condition 254837009 as a confirmed condition, with onset 2001-01-01 and clinical status active.",
        "The collection of Treating practice holds 2 resources.",
    ]


def test_there_are_two_questions_for_every_group():
    assert set(QUESTIONS) == set(ConditionGroup)
    assert all(first != second and first.endswith("?") and second.endswith("?") for first, second in QUESTIONS.values())
