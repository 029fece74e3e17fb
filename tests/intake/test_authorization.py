from datetime import date

import pytest

from intake.builders import (
    ALL_CLEAR,
    DAY,
    NOW,
    REPRESENTATIVE,
    REQUESTED,
    accept_terms,
    by_partner,
    details,
    events_of,
    person,
    program,
    screened,
    screening,
    sign,
    submit,
)
from rso_intake.domain.authorization import (
    AuthorizationRevoked,
    AuthorizationStatus,
    RequestAuthorization,
    RevokeAuthorization,
)
from rso_intake.domain.case import AUTHORIZATION, CASE
from rso_intake.domain.lifecycle import CloseCase, WithdrawCase
from rso_shared.contracts.vocabulary import CloseReason, Role
from support.deciding import given

ASKED = events_of(submit(), screened(), REQUESTED)
SIGNED = events_of(submit(), screened(), REQUESTED, sign())
REVOKE = RevokeAuthorization(authorization_id="a-1", remark="I changed my mind", now=NOW + DAY)
REVOKED = events_of(submit(), screened(), REQUESTED, sign(), REVOKE)


def status(events, at=NOW):
    return given(CASE, *events).state().authorizations.current.status(at)


def test_it_is_requested_after_screening():
    assert status(ASKED) is AuthorizationStatus.REQUESTED
    given(CASE, *events_of(submit())).when(REQUESTED).refused("screening_undecided")
    given(CASE).when(REQUESTED).refused("case_unknown")


def test_one_open_or_valid_request_is_enough():
    again = RequestAuthorization(authorization_id="a-2", now=NOW)
    given(CASE, *ASKED).when(again).then()
    given(CASE, *SIGNED).when(again).then()


def test_the_patient_signs_and_it_ends_after_a_year():
    (signed,) = given(CASE, *ASKED).when(sign()).events()
    assert signed.expires_on == date(2027, 3, 2)
    assert signed.evidence.open().typed_name == "Ada Example"
    assert AUTHORIZATION not in given(CASE, *SIGNED).state().missing(NOW)


def test_both_ends_of_its_term():
    last = NOW.replace(year=2027, month=3, day=1, hour=23, minute=59)
    assert status(SIGNED, last) is AuthorizationStatus.IN_FORCE
    assert status(SIGNED, last.replace(day=2, hour=0, minute=0)) is AuthorizationStatus.EXPIRED


def test_after_its_end_a_new_one_is_requested():
    later = RequestAuthorization(authorization_id="a-2", now=NOW + 366 * DAY)
    (requested,) = given(CASE, *SIGNED).when(later).events()
    assert requested.authorization_id == "a-2"


def test_a_second_signature_changes_nothing():
    given(CASE, *SIGNED).when(sign(now=NOW + DAY)).then()


@pytest.mark.parametrize(
    ("events", "command", "code"),
    [
        (ASKED, sign(authorization_id="other"), "authorization_unknown"),
        (ASKED, sign(statement_version="old"), "statement_version_not_offered"),
        (ASKED, sign(role=Role.LEGAL_REPRESENTATIVE), "terms_not_accepted"),
        (REVOKED, sign(), "authorization_revoked"),
        (ASKED, REVOKE, "authorization_not_signed"),
        (SIGNED, RevokeAuthorization(authorization_id="other", now=NOW), "authorization_unknown"),
        ([*ASKED, *given(CASE, *ASKED).when(WithdrawCase(by_role=Role.PATIENT, now=NOW)).events()], sign(),
         "case_withdrawn"),
    ],
)  # fmt: skip
def test_what_is_refused(events, command, code):
    given(CASE, *events).when(command).refused(code)


def test_for_a_minor_the_representative_signs():
    child = details(person=person(birth_date=date(2015, 1, 1)), representative=REPRESENTATIVE)
    rules = program(screening=screening(minors_accepted=True))
    events = events_of(
        by_partner(details=child, program=rules),
        accept_terms(role=Role.LEGAL_REPRESENTATIVE),
        accept_terms(role=Role.PATIENT),
    )
    events += given(CASE, *events).when(screened_by(rules)).events()
    events += given(CASE, *events).when(REQUESTED).events()
    given(CASE, *events).when(sign()).refused("guardian_must_sign")
    assert given(CASE, *events).when(sign(role=Role.LEGAL_REPRESENTATIVE)).events()


def screened_by(rules):
    command = screened()
    return type(command)(program=rules, jurisdictions=command.jurisdictions, county=None, now=NOW)


def test_a_revocation_is_possible_in_a_closed_case():
    closed = given(CASE, *SIGNED).when(CloseCase(close_reason=CloseReason.COMPLETED, now=NOW)).events()
    (revoked,) = given(CASE, *SIGNED, *closed).when(REVOKE).events()
    assert isinstance(revoked, AuthorizationRevoked)
    assert revoked.remark.open().text == "I changed my mind"


def test_a_revocation_ends_it_once():
    assert status(REVOKED) is AuthorizationStatus.REVOKED
    assert AUTHORIZATION in given(CASE, *REVOKED).state().missing(NOW)
    given(CASE, *REVOKED).when(REVOKE).then()
    assert given(CASE, *REVOKED).when(RequestAuthorization(authorization_id="a-2", now=NOW)).events()


def test_a_declined_case_asks_for_no_authorization():
    events = events_of(submit(red_flag_answers=ALL_CLEAR | {"emergency": True}), screened())
    given(CASE, *events).when(REQUESTED).refused("case_declined")


def test_terms_are_accepted_once_per_role_and_version():
    events = events_of(by_partner())
    (accepted,) = given(CASE, *events).when(accept_terms()).events()
    given(CASE, *events, accepted).when(accept_terms()).then()
    assert given(CASE, *events, accepted).when(accept_terms(role=Role.LEGAL_REPRESENTATIVE)).events()
    given(CASE, *events).when(accept_terms(version="2019-01")).refused("terms_version_not_offered")
