"""The programs that ship: their numbers are domain.md A.5's, and a wrong file is named with its key."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from rso_onebox.default_tables import DefaultsError
from rso_onebox.defaults import load_programs
from rso_shared.contracts.program import Program
from rso_shared.contracts.vocabulary import (
    ChargePoint,
    CollectionMode,
    ConditionGroup,
    CoverageRoute,
    DeclineReason,
    ReleasePolicy,
)

DEFAULTS = Path(__file__).parents[2] / "defaults"
OWNERS = {"operator": "org-operator", "sponsor": "org-sponsor", "partner": "org-partner"}
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def programs() -> dict[str, Program]:
    return {program.program_id: program for program in load_programs(DEFAULTS, OWNERS)}


def test_there_are_three_and_each_is_owned(programs):
    assert {name: program.organisation_id for name, program in programs.items()} == {
        "direct-cancer": "org-operator",
        "employer-complex-care": "org-sponsor",
        "partner-expert-review": "org-partner",
    }


def test_the_timers_are_those_of_the_domain_page(programs):
    for program in programs.values():
        assert program.first_contact_within == 24 * HOUR
        assert program.reminders.after == (2 * DAY, 5 * DAY, 10 * DAY, 20 * DAY)
        assert program.reminders.expire_after == 30 * DAY
        assert program.records.follow_up_after == 7 * DAY
        assert program.records.escalate_after == 14 * DAY
        assert program.records.call_after == 21 * DAY
        assert program.records.decide_after == 30 * DAY
        assert (program.matching.offer_window, program.matching.urgent_offer_window) == (12 * HOUR, 2 * HOUR)
        assert (program.matching.max_offers, program.quality.max_revisions) == (10, 2)
        assert program.review.due_after == 48 * HOUR
        assert program.review.heads_up_percent == (50, 75)
        assert program.quality.due_business_days == 1
        assert (program.follow_up.window, program.follow_up.max_questions) == (14 * DAY, 3)


def test_what_tells_them_apart(programs):
    direct, employer, partner = (programs[name] for name in sorted(programs))
    assert [direct.promise_business_days, employer.promise_business_days, partner.promise_business_days] == [7, 5, 7]
    assert [each.price.route for each in (direct, employer, partner)] == [
        CoverageRoute.SELF_PAY,
        CoverageRoute.EMPLOYER_PER_CASE,
        CoverageRoute.PARTNER_INVOICE,
    ]
    assert direct.price.charge_point is ChargePoint.BEFORE_RECORDS
    assert employer.price.charge_point is partner.price.charge_point is ChargePoint.AT_RELEASE
    assert direct.collection_mode is CollectionMode.CONCIERGE
    assert direct.release.policy is ReleasePolicy.PATIENT_AND_PROVIDER
    assert partner.release.policy is ReleasePolicy.PROVIDER_FIRST
    assert partner.release.provider_first_business_days == 2
    assert [each.screening.local_provider_required for each in (direct, employer, partner)] == [False, False, True]
    assert [each.screening.sponsor_required for each in (direct, employer, partner)] == [False, True, False]


def test_prices_are_marked_as_examples(programs):
    assert all(program.price.example and program.price.currency == "USD" for program in programs.values())


INSTRUCTIONS = ("Ask ", "Call ", "Go ", "Have ", "See ")


def test_what_a_declined_requester_can_do_instead_is_an_instruction(programs):
    texts = {reason: text for program in programs.values() for reason, text in program.screening.decline_texts.items()}
    assert [reason for reason, text in texts.items() if not text.alternative.startswith(INSTRUCTIONS)] == []


def test_every_program_has_a_checklist_for_every_group_and_a_text_for_every_decline(programs):
    for program in programs.values():
        assert set(program.checklists) == set(ConditionGroup)
        for items in program.checklists.values():
            kinds = [item.kind for item in items]
            assert len(kinds) == len(set(kinds))
            assert any(item.required for item in items)
        assert set(program.screening.decline_texts) == set(DeclineReason)


def test_red_flags_decline_as_the_domain_page_says(programs):
    flags = {flag.question_id: flag.decline_reason for flag in programs["direct-cancer"].screening.red_flags}
    assert flags["emergency"] is DeclineReason.EMERGENCY
    assert flags["inpatient"] is DeclineReason.INPATIENT
    assert flags["litigation"] is DeclineReason.LITIGATION


def test_terms_are_the_text_and_say_advisory(programs):
    assert all("Advisory only" in program.terms.text for program in programs.values())


def test_the_calendar_carries_the_holidays(programs):
    calendar = programs["direct-cancer"].calendar
    assert (calendar.opens_hour, calendar.closes_hour) == (8, 18)
    assert date(2026, 11, 26) in calendar.closures


def test_a_program_survives_the_wire_and_names_nobody(programs):
    for program in programs.values():
        assert Program.model_validate_json(program.model_dump_json()) == program


@pytest.fixture
def copy(tmp_path):
    return Path(shutil.copytree(DEFAULTS, tmp_path / "defaults"))


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        (
            "programs/direct-cancer.toml",
            'due_after = "PT48H"',
            'due_after = "soon"',
            "direct-cancer.toml: review.due_after: ",
        ),
        (
            "programs/direct-cancer.toml",
            "max_offers = 10",
            "max_ofers = 10",
            "direct-cancer.toml: matching.max_ofers: unknown key",
        ),
        (
            "programs/direct-cancer.toml",
            "max_offers = 10",
            "",
            "direct-cancer.toml: matching.max_offers: Field required",
        ),
        (
            "programs/direct-cancer.toml",
            '"emergency", ',
            '"emergncy", ',
            "screening.red_flags: 'emergncy' is not in red_flags.toml",
        ),
        ("programs/direct-cancer.toml", '"operator"', '"nobody"', "owned_by: no organisation is given for 'nobody'"),
        ("programs/direct-cancer.toml", "us_federal", "moon", "calendar.holidays: unknown 'moon'"),
        (
            "programs/direct-cancer.toml",
            "terms/patient-2026-01.md",
            "terms/none.md",
            "terms.file: there is no none.md in terms/",
        ),
        (
            "programs/direct-cancer.toml",
            'version = "2026-01"',
            'version = "2026-01"\ntext = ""',
            "terms.text: unknown key",
        ),
        ("programs/direct-cancer.toml", "[price]", "[price", "direct-cancer.toml: is not TOML"),
        (
            "checklists.toml",
            'kind = "pathology_report"',
            'kind = "horoscope"',
            "checklists.toml: breast_cancer.0.kind: ",
        ),
        ("declines.toml", "[duplicate]", "[duplicated]", "declines.toml: duplicated"),
        (
            "red_flags.toml",
            'decline_reason = "emergency"',
            'decline_reason = "alarm"',
            "red_flags.toml: screening.red_flags.0",
        ),
    ],
)
def test_a_wrong_file_is_named_with_its_key(copy, name, old, new, says):
    edit(copy / name, old, new)
    with pytest.raises(DefaultsError) as wrong:
        load_programs(copy, OWNERS)
    assert says in str(wrong.value)


def test_a_missing_shared_file_and_an_empty_folder_are_named(copy, tmp_path):
    (copy / "checklists.toml").unlink()
    with pytest.raises(DefaultsError, match=r"checklists\.toml: No such file"):
        load_programs(copy, OWNERS)
    for name in ("checklists", "declines", "red_flags"):
        (tmp_path / f"{name}.toml").touch()
    with pytest.raises(DefaultsError, match="no programs"):
        load_programs(tmp_path, OWNERS)
