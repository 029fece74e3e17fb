"""Each answer set, place and person, and the decision that the rules give."""

from datetime import date
from typing import Any

import pytest

from intake.builders import (
    ALL_CLEAR,
    NOW,
    REPRESENTATIVE,
    by_partner,
    catchment,
    details,
    edition,
    linked,
    person,
    program,
    row,
    screening,
)
from rso_intake.domain.case import CASE
from rso_intake.domain.eligibility import (
    CaseDeclined,
    DecideJurisdiction,
    DecideScreening,
    DeclineCase,
    EligibilityConfirmed,
)
from rso_intake.domain.jurisdictions import Edition
from rso_intake.domain.lifecycle import WithdrawCase
from rso_intake.domain.questions import QuestionsFrozen
from rso_intake.domain.screening import licensed_only
from rso_shared.contracts.vocabulary import ConditionGroup, DeclineReason, JurisdictionDecision, Role
from support.deciding import given

SILENT = JurisdictionDecision.SILENT_POLICY_REVIEW
DIRECT = JurisdictionDecision.PERMITTED_DIRECT
WITH_LOCAL = JurisdictionDecision.PERMITTED_WITH_LOCAL_PHYSICIAN
CHILD = details(person=person(birth_date=date(2015, 1, 1)))
CHILD_WITH_PARENT = details(person=person(birth_date=date(2015, 1, 1)), representative=REPRESENTATIVE)


def opened(**changes: Any) -> list[Any]:
    return given(CASE).when(by_partner(**changes)).events()


def screen(*, county=None, rules=None, jurisdictions=None):
    return DecideScreening(program=rules or program(), jurisdictions=jurisdictions or Edition(), county=county, now=NOW)


def decided(command: DecideScreening, **changes: Any) -> Any:
    (event,) = given(CASE, *opened(**changes)).when(command).events()
    return event


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"emergency": True}, DeclineReason.EMERGENCY),
        ({"inpatient": True}, DeclineReason.INPATIENT),
        ({"litigation": True}, DeclineReason.LITIGATION),
        ({"litigation": True, "emergency": True}, DeclineReason.EMERGENCY),
        ({"inpatient": True, "litigation": True}, DeclineReason.INPATIENT),
    ],
)
def test_a_red_flag_declines_with_its_reason(answers, reason):
    event = decided(screen(), red_flag_answers=ALL_CLEAR | answers)
    assert isinstance(event, CaseDeclined)
    assert (event.reason, event.alternative) == (reason, f"Instead of {reason}")


@pytest.mark.parametrize(
    ("rules", "changes", "reason"),
    [
        ({"home_catchment": (catchment("MA"),)}, {}, DeclineReason.HOME_CATCHMENT),
        ({"excluded_condition_groups": (ConditionGroup.BREAST_CANCER,)}, {}, DeclineReason.SPECIALTY_NOT_OFFERED),
        ({"sponsor_required": True}, {}, DeclineReason.NOT_ELIGIBLE_MEMBER),
        ({}, {"details": CHILD}, DeclineReason.OUT_OF_SCOPE),
        ({"minors_accepted": True}, {"details": CHILD}, DeclineReason.GUARDIAN_REQUIRED),
    ],
)
def test_a_rule_of_the_program_declines(rules, changes, reason):
    event = decided(screen(rules=program(screening=screening(**rules))), **changes)
    assert (type(event), event.reason) == (CaseDeclined, reason)


def test_a_condition_without_checklist_is_not_covered():
    event = decided(screen(rules=program(checklists={})))
    assert event.reason is DeclineReason.CONDITION_NOT_COVERED


def test_what_a_rule_asks_for_and_gets_passes():
    rules = program(screening=screening(minors_accepted=True, sponsor_required=True))
    event = decided(screen(rules=rules), details=CHILD_WITH_PARENT, sponsor_id="employer")
    assert isinstance(event, EligibilityConfirmed)


def test_a_representative_who_joined_counts_as_representation():
    rules = program(screening=screening(minors_accepted=True))
    events = [*opened(details=CHILD), linked(Role.LEGAL_REPRESENTATIVE)]
    (event,) = given(CASE, *events).when(screen(rules=rules)).events()
    assert isinstance(event, EligibilityConfirmed)


@pytest.mark.parametrize(
    ("county", "reason"),
    [("hamilton", DeclineReason.HOME_CATCHMENT), ("Hamilton County", DeclineReason.HOME_CATCHMENT), ("Butler", None)],
)
def test_a_catchment_of_counties_declines_its_counties_only(county, reason):
    rules = program(screening=screening(home_catchment=(catchment("OH", "Hamilton"),)))
    there = details(person=person())
    events = given(CASE).when(by_partner(state="OH", details=there)).events()
    (event,) = given(CASE, *events).when(screen(rules=rules, county=county)).events()
    assert getattr(event, "reason", None) is reason


@pytest.mark.parametrize(
    ("ruling", "local_provider", "only_licensed"),
    [
        (JurisdictionDecision.LICENSED, False, True),
        (DIRECT, False, False),
        (WITH_LOCAL, True, False),
        (SILENT, False, True),
    ],
)
def test_the_law_decides_what_the_case_needs(ruling, local_provider, only_licensed):
    event = decided(screen(jurisdictions=edition(row(ruling))))
    assert isinstance(event, EligibilityConfirmed)
    assert event.jurisdiction_decision is ruling
    assert (event.local_provider_required, event.licensed_only) == (local_provider, only_licensed)
    assert (event.program.version, event.jurisdictions_version) == (1, 3)


def test_a_prohibition_declines():
    event = decided(screen(jurisdictions=edition(row(JurisdictionDecision.PROHIBITED))))
    assert event.reason is DeclineReason.JURISDICTION_PROHIBITED


def test_a_county_goes_before_its_state():
    rows = edition(row(DIRECT, state="GA"), row(JurisdictionDecision.PROHIBITED, state="GA", county="Fulton"))
    assert rows.ruling("US", "GA", "Fulton County") is JurisdictionDecision.PROHIBITED
    assert rows.ruling("US", "GA", "Cobb") is DIRECT
    assert rows.ruling("US", "GA", None) is DIRECT


def test_a_place_without_a_row_is_silent_and_goes_on_with_licensed_specialists_only():
    event = decided(screen())
    assert (event.jurisdiction_decision, event.licensed_only, event.jurisdictions_version) == (SILENT, True, 0)


def test_a_program_may_always_want_a_local_provider():
    event = decided(screen(rules=program(screening=screening(local_provider_required=True))))
    assert event.local_provider_required


def test_screening_is_decided_once():
    events = opened()
    confirmed = given(CASE, *events).when(screen()).events()
    given(CASE, *events, *confirmed).when(screen(jurisdictions=edition(row(DIRECT)))).then()


def test_a_declined_case_answers_the_same_again():
    events = opened(red_flag_answers=ALL_CLEAR | {"emergency": True})
    declined = given(CASE, *events).when(screen()).events()
    given(CASE, *events, *declined).when(screen()).then()


def test_screening_needs_a_case():
    given(CASE).when(screen()).refused("case_unknown")


def widen(decision=DIRECT, ruling=SILENT, rules=None):
    return DecideJurisdiction(
        program=rules or program(), ruling=ruling, decision=decision, remark="Board opinion on file", now=NOW
    )


def test_a_directors_decision_before_screening_is_used_by_it():
    events = opened()
    wider = given(CASE, *events).when(widen()).events()
    assert len(wider) == 1
    (confirmed,) = given(CASE, *events, *wider).when(screen()).events()
    assert (confirmed.jurisdiction_decision, confirmed.licensed_only) == (DIRECT, False)


def test_a_directors_decision_after_screening_confirms_anew():
    events = opened()
    confirmed = given(CASE, *events).when(screen()).events()
    decided_, again = given(CASE, *events, *confirmed).when(widen(WITH_LOCAL)).events()
    assert decided_.remark.open().text == "Board opinion on file"
    assert (again.jurisdiction_decision, again.local_provider_required, again.licensed_only) == (
        WITH_LOCAL,
        True,
        False,
    )


def test_the_same_decision_again_changes_nothing():
    events = opened()
    wider = given(CASE, *events).when(widen()).events()
    given(CASE, *events, *wider).when(widen()).then()


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (widen(JurisdictionDecision.PROHIBITED), "jurisdiction_not_wider"),
        (widen(JurisdictionDecision.LICENSED), "jurisdiction_not_wider"),
        (widen(SILENT), "jurisdiction_not_wider"),
        (widen(ruling=JurisdictionDecision.PROHIBITED), "jurisdiction_not_silent"),
    ],
)
def test_a_decision_only_widens_and_only_where_the_law_is_silent(command, code):
    given(CASE, *opened()).when(command).refused(code)


def test_a_wider_decision_does_not_outlive_the_silence_of_the_law():
    events = opened()
    wider = given(CASE, *events).when(widen()).events()
    rows = edition(row(JurisdictionDecision.PROHIBITED))
    (declined,) = given(CASE, *events, *wider).when(screen(jurisdictions=rows)).events()
    assert declined.reason is DeclineReason.JURISDICTION_PROHIBITED


def test_only_what_permits_is_open_to_specialists_without_a_licence():
    assert {decision for decision in JurisdictionDecision if licensed_only(decision)} == {
        JurisdictionDecision.LICENSED,
        SILENT,
    }


FROZEN = QuestionsFrozen(questions_version=1, frozen_at=NOW)


def decline(reason=DeclineReason.DUPLICATE):
    return DeclineCase(program=program(), reason=reason, now=NOW)


@pytest.mark.parametrize("reason", list(DeclineReason))
def test_a_clinician_declines_with_any_reason_and_what_to_do_instead(reason):
    past = [*opened(), decided(screen())]
    (event,) = given(CASE, *past).when(decline(reason)).events()
    assert isinstance(event, CaseDeclined)
    assert (event.reason, event.alternative) == (reason, program().screening.decline_texts[reason].alternative)
    assert event.jurisdictions_version == past[-1].jurisdictions_version
    given(CASE, *past, event).when(decline(reason)).then()


def test_when_a_clinician_may_not_decline():
    past = [*opened(), decided(screen())]
    given(CASE, *opened()).when(decline()).refused("screening_undecided")
    given(CASE, *past, FROZEN).when(decline()).refused("decline_too_late")
    (declined,) = given(CASE, *past).when(decline()).events()
    given(CASE, *past, declined).when(decline(DeclineReason.OUT_OF_SCOPE)).refused("case_declined")
    withdrawn = given(CASE, *past).when(WithdrawCase(by_role=Role.PATIENT, now=NOW)).events()
    given(CASE, *past, *withdrawn).when(decline()).refused("case_withdrawn")
