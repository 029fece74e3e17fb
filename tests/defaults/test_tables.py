"""The tables that ship: complete, in the field's codes, and refused with file and line when wrong."""

import shutil
from datetime import date
from pathlib import Path

import holidays
import pytest

from rso_onebox.default_tables import (
    ICD10CM,
    SAFE_VARIABLES,
    SNOMED,
    DefaultsError,
    load_conditions,
    load_holidays,
    load_jurisdictions,
    load_taxonomy,
    load_templates,
)
from rso_shared.contracts.vocabulary import ConditionGroup, JurisdictionDecision

DEFAULTS = Path(__file__).parents[2] / "defaults"
CONDITIONS = load_conditions(DEFAULTS)


@pytest.mark.parametrize(
    ("system", "code", "group"),
    [
        (SNOMED, "254837009", ConditionGroup.BREAST_CANCER),
        (SNOMED, "353431000119107", ConditionGroup.BREAST_CANCER),
        (SNOMED, "93761005", ConditionGroup.COLORECTAL_CANCER),
        (SNOMED, "414545008", ConditionGroup.HEART),
        (SNOMED, "69896004", ConditionGroup.JOINT),
        (ICD10CM, "C50.911", ConditionGroup.BREAST_CANCER),
        (ICD10CM, "c50911", ConditionGroup.BREAST_CANCER),
        (ICD10CM, "C79.31", ConditionGroup.BRAIN_TUMOUR),
        (ICD10CM, "C79.51", None),
        (SNOMED, "68496003", None),
        ("http://loinc.org", "254837009", None),
    ],
)
def test_codes_give_their_group(system, code, group):
    assert CONDITIONS.group_of([(system, code)]) is group


def test_icd_comes_before_snomed_and_unknown_codes_are_passed_over():
    both = [(SNOMED, "69896004"), ("urn:local", "X"), (ICD10CM, "M17.11")]
    assert CONDITIONS.group_of(both) is ConditionGroup.JOINT
    assert CONDITIONS.group_of([(SNOMED, "254837009"), (ICD10CM, "I25.10")]) is ConditionGroup.HEART
    assert CONDITIONS.group_of([]) is None


def test_every_group_can_be_reached_from_both_systems():
    assert set(CONDITIONS.snomed.values()) == set(CONDITIONS.icd10cm.values()) == set(ConditionGroup)


def test_every_state_waits_for_a_person():
    rows = load_jurisdictions(DEFAULTS)
    assert len(rows) == len({row.state for row in rows}) == 56
    assert all(row.decision is JurisdictionDecision.SILENT_POLICY_REVIEW for row in rows)
    assert all(row.source == "" and row.checked_on is None and row.country == "US" for row in rows)


def test_taxonomy_codes_have_their_shape_and_serve_every_group():
    rows = load_taxonomy(DEFAULTS)
    assert all(len(row.code) == 10 and row.code.endswith("X") for row in rows)
    assert len(rows) == len({row.code for row in rows})
    assert {group for row in rows for group in row.focus} == set(ConditionGroup)


def test_holidays_are_those_of_the_federal_calendar():
    ours = load_holidays(DEFAULTS)
    theirs = holidays.country_holidays("US", years=range(2026, 2034), observed=True)
    assert ours == sorted(day for day in theirs if day.year < 2034 and day.weekday() < 5)


TEMPLATES = (
    *("authorization_requested", "participation_requested", "case_withdrawn", "case_expired"),
    *("payment_requested", "reminder", "offer_made", "review_heads_up", "review_overdue", "opinion_released"),
    *("case_closed", "case_declined", "escalation", "endpoint_paused"),
)


def test_there_is_a_template_for_every_message():
    assert set(load_templates(DEFAULTS)) == set(TEMPLATES)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_message_has_the_link_and_nothing_clinical(name):
    subject, body = load_templates(DEFAULTS)[name].render(link="https://example.org/c/1", reference_last_four="4711")
    assert "https://example.org/c/1" in body
    assert "{" not in subject + body
    for word in ("cancer", "diagnos", "tumour", "specialist", "condition", "treatment"):
        assert word not in (subject + body).lower()


@pytest.fixture
def copy(tmp_path):
    return Path(shutil.copytree(DEFAULTS, tmp_path / "defaults"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('subject = "Hello {patient_name}"\nbody = ""', r"reminder\.toml: subject: \{patient_name\} is not a variable"),
        ('subject = "Hello"', "subject and body"),
        ('subject = "Hello"\nbody = 3', "body: a text"),
        ('subject = "Hello"\nbody = "{"', "body: "),
        ('subject = """a\nb"""\nbody = ""', "subject: one line"),
        ("subject", "is not TOML"),
    ],
)
def test_a_template_with_anything_else_is_refused(copy, text, says):
    (copy / "templates" / "reminder.toml").write_text(text)
    with pytest.raises(DefaultsError, match=says):
        load_templates(copy)
    assert {"link", "reference_last_four"} == SAFE_VARIABLES


@pytest.mark.parametrize(
    ("name", "line", "load", "says"),
    [
        ("conditions.csv", "snomed,1,no_group,x", load_conditions, r"conditions\.csv: line 2: 'no_group'"),
        ("conditions.csv", "loinc,1,heart,x", load_conditions, "line 2: 'loinc'"),
        ("conditions.csv", "snomed,1,heart,x\nsnomed,1,heart,x", load_conditions, "line 3: 1 stands twice"),
        (
            "jurisdictions.csv",
            "US,MA,permitted_direct,,",
            load_jurisdictions,
            "line 2: permitted_direct needs a source",
        ),
        ("jurisdictions.csv", "US,MA,prohibited,law,yesterday", load_jurisdictions, "line 2: Invalid isoformat"),
        ("jurisdictions.csv", "US,MA", load_jurisdictions, "line 2: "),
        ("nucc.csv", "207R00000X,Internal medicine,heart;soul", load_taxonomy, "line 2: 'soul'"),
    ],
)
def test_a_wrong_line_is_named(copy, name, line, load, says):
    file = copy / name
    file.write_text(f"{file.read_text().splitlines()[0]}\n{line}\n")
    with pytest.raises(DefaultsError, match=says):
        load(copy)


def test_a_checked_rule_is_read(copy):
    header = "country,state,decision,source,checked_on"
    (copy / "jurisdictions.csv").write_text(f"{header}\nUS,MA,prohibited,Example statute 1,2026-01-31\n")
    assert load_jurisdictions(copy)[0].checked_on == date(2026, 1, 31)


def test_a_wrong_header_and_a_missing_file_are_named(copy):
    (copy / "nucc.csv").write_text("code;label\n")
    with pytest.raises(DefaultsError, match=r"nucc\.csv: the first line must be code,label,focus"):
        load_taxonomy(copy)
    (copy / "nucc.csv").unlink()
    with pytest.raises(DefaultsError, match=r"nucc\.csv: No such file"):
        load_taxonomy(copy)
