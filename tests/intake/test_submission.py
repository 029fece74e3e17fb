from datetime import date, timedelta

import pytest

from intake.builders import (
    ALL_CLEAR,
    EVIDENCE,
    NOW,
    PERSON_ID,
    REPRESENTATIVE,
    TERMS,
    accept_terms,
    by_partner,
    by_provider,
    catchment,
    details,
    edition,
    person,
    program,
    row,
    screening,
    submit,
)
from rso_intake.domain.case import CASE
from rso_intake.domain.consent import TermsAccepted
from rso_intake.domain.participation import LocalProviderJoined
from rso_intake.domain.person import Address, Condition, is_minor
from rso_intake.domain.submission import CaseSubmitted, Submitter, relation_of
from rso_shared.contracts.vocabulary import JurisdictionDecision, RequesterRelation, Role
from rso_shared.kit.errors import DomainError
from support.deciding import given


def test_a_patient_opens_a_case_and_accepts_the_terms_at_once():
    opened, accepted = given(CASE).when(submit()).events()
    assert isinstance(opened, CaseSubmitted)
    assert (opened.owner, opened.minor, opened.red_flags) == ("queue:intake", False, ())
    assert opened.partner_organisation_id is None
    assert isinstance(accepted, TermsAccepted)
    assert accepted.evidence.open() == EVIDENCE
    assert accepted.terms_version == TERMS.version


def test_a_partner_opens_a_case_for_its_patient():
    (opened,) = given(CASE).when(by_partner(client_reference="order-17")).events()
    assert opened.partner_organisation_id == "north-clinic"
    assert opened.client_reference == "order-17"


def test_a_provider_who_opens_the_case_has_joined_it():
    _, joined = given(CASE).when(by_provider()).events()
    assert isinstance(joined, LocalProviderJoined)
    assert joined.subject == "provider-1"


def test_a_partner_by_role_submits_for_its_own_organisation_only():
    submitter = Submitter(role=Role.PARTNER, subject="client-9", organisation_id="south-clinic")
    (opened,) = given(CASE).when(by_partner(submitter=submitter)).events()
    assert opened.partner_organisation_id == "south-clinic"


def test_the_owner_is_the_programs_own_from_the_first_event():
    state = given(CASE, *given(CASE).when(submit()).events()).state()
    assert state.triage.owner == "queue:intake"


def test_raised_flags_are_kept_and_open_the_case_all_the_same():
    opened, _ = given(CASE).when(submit(red_flag_answers=ALL_CLEAR | {"inpatient": True})).events()
    assert opened.red_flags == ("inpatient",)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"details": details(questions=())}, "questions_required"),
        ({"details": details(condition=Condition())}, "condition_required"),
        ({"details": details(person=person(birth_date=date(2026, 3, 3)))}, "birth_date_in_future"),
        ({"red_flag_answers": {"emergency": False, "inpatient": False}}, "red_flag_unanswered"),
        ({"red_flag_answers": ALL_CLEAR | {"other": False}}, "red_flag_unknown"),
        ({"terms": None}, "terms_required"),
        ({"terms": accept_terms(version="2019-01")}, "terms_version_not_offered"),
        ({"relation": RequesterRelation.LEGAL_REPRESENTATIVE}, "representative_required"),
        ({"relation": RequesterRelation.LOCAL_PROVIDER}, "local_provider_missing"),
    ],
)
def test_what_is_refused_before_anything_exists(changes, code):
    given(CASE).when(submit(**changes)).refused(code)


def test_the_unanswered_question_is_named():
    refusal = given(CASE).when(submit(red_flag_answers={})).refused("red_flag_unanswered")
    assert (refusal.status, refusal.pointer) == (422, "/red_flag_answers/emergency")


def test_a_case_is_submitted_once():
    given(CASE, *given(CASE).when(submit()).events()).when(submit()).refused("case_exists")


def test_the_county_is_asked_for_only_where_a_rule_needs_it():
    by_program = program(screening=screening(home_catchment=(catchment("OH", "Hamilton County"),)))
    by_law = edition(row(JurisdictionDecision.PROHIBITED, state="GA", county="Fulton"))
    given(CASE).when(submit(program=by_program, state="OH")).refused("county_required")
    given(CASE).when(submit(jurisdictions=by_law, state="GA")).refused("county_required")
    assert given(CASE).when(submit(program=by_program, jurisdictions=by_law, state="MA")).events()
    there = details(person=person(address=Address(county="Fulton")))
    assert given(CASE).when(submit(jurisdictions=by_law, state="GA", details=there)).events()


def test_a_whole_state_catchment_asks_for_no_county():
    local = program(screening=screening(home_catchment=(catchment("MA"),)))
    assert given(CASE).when(submit(program=local)).events()


@pytest.mark.parametrize(
    ("born", "on", "minor"),
    [
        (date(2008, 3, 2), date(2026, 3, 1), True),
        (date(2008, 3, 2), date(2026, 3, 2), False),
        (date(2008, 2, 29), date(2026, 2, 28), True),
        (date(2008, 2, 29), date(2026, 3, 1), False),
    ],
)
def test_majority_begins_on_the_eighteenth_birthday(born, on, minor):
    assert is_minor(born, on) is minor


def test_age_is_counted_by_the_programs_calendar():
    late = NOW.replace(hour=3)
    birthday = details(person=person(birth_date=date(2008, 3, 2)), representative=REPRESENTATIVE)
    opened, *_ = given(CASE).when(submit(details=birthday, now=late, terms=accept_terms(now=late))).events()
    assert opened.minor, "it is still 1 March in New York"
    opened, *_ = given(CASE).when(submit(details=birthday, now=late + timedelta(hours=3))).events()
    assert not opened.minor


@pytest.mark.parametrize(
    ("role", "claimed", "expected"),
    [
        (Role.PATIENT, None, RequesterRelation.SELF),
        (Role.PARTNER, RequesterRelation.PARTNER, RequesterRelation.PARTNER),
        (Role.CARE_COORDINATOR, RequesterRelation.SELF, RequesterRelation.SELF),
    ],
)
def test_the_relation_follows_the_role(role, claimed, expected):
    assert relation_of(role, claimed) is expected


@pytest.mark.parametrize(
    ("role", "claimed", "code"),
    [
        (Role.PATIENT, RequesterRelation.PARTNER, "relation_not_yours"),
        (Role.CARE_COORDINATOR, None, "relation_required"),
        (Role.NURSE_CARE_MANAGER, RequesterRelation.PARTNER, "relation_required"),
    ],
)
def test_a_relation_that_does_not_fit_is_refused(role, claimed, code):
    with pytest.raises(DomainError) as refusal:
        relation_of(role, claimed)
    assert refusal.value.code == code


def test_the_sealed_part_is_under_the_patients_key():
    opened, accepted = given(CASE).when(submit()).events()
    assert opened.details.person_id == accepted.evidence.person_id == PERSON_ID
