"""The directory: registering, licences, credentials, capacity, and what is refused."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from matching.builders import NOW
from rso_matching.domain.npi import luhn_valid, require_npi
from rso_matching.domain.specialist import (
    SPECIALIST,
    ChangeCapacity,
    EndLicence,
    NewLicence,
    RecordLicence,
    RegisterSpecialist,
    VerifyCredentials,
)
from rso_matching.domain.specialist_events import (
    CapacityChanged,
    CredentialsVerified,
    Evidence,
    Identity,
    LicenceEnded,
    LicenceEndReason,
    LicenceNumber,
    LicenceRecorded,
    SpecialistRegistered,
)
from rso_shared.contracts.vocabulary import ConditionGroup
from rso_shared.kit.errors import DomainError
from rso_shared.kit.sealed import Sealed
from support.deciding import given

NUMBER = Sealed("s1", LicenceNumber(number="MA-1"))


def identity(npi: str = "1234567893") -> Sealed[Identity]:
    return Sealed("s1", Identity(given="Ada", family="Example", email="ada@example.org", npi=npi))


def licence(**changes: Any) -> NewLicence:
    plain = NewLicence(
        licence_id="l1",
        country="US",
        state="MA",
        valid_from=date(2020, 1, 1),
        valid_to=date(2027, 1, 1),
        number=NUMBER,
    )
    return replace(plain, **changes)


def register(**changes: Any) -> RegisterSpecialist:
    plain = RegisterSpecialist(
        specialist_id="s1",
        organisation_id="operator",
        identity=identity(),
        npi_fingerprint="f",
        synthetic_npi_allowed=False,
        taxonomy=("207RX0202X",),
        focus=(ConditionGroup.BREAST_CANCER,),
        languages=("en",),
        capacity=3,
        affiliations=("facility-1",),
        licences=(licence(),),
        verified_on=date(2026, 1, 1),
        evidence=(Evidence.BOARD_CERTIFICATION,),
        at=NOW,
    )
    return replace(plain, **changes)


REGISTERED = SpecialistRegistered(
    specialist_id="s1",
    organisation_id="operator",
    taxonomy=("207RX0202X",),
    focus=(ConditionGroup.BREAST_CANCER,),
    languages=("en",),
    capacity=3,
    affiliations=("facility-1",),
    npi_fingerprint="f",
    identity=identity(),
)
LICENSED = LicenceRecorded(
    specialist_id="s1",
    licence_id="l1",
    country="US",
    state="MA",
    valid_from=date(2020, 1, 1),
    valid_to=date(2027, 1, 1),
    number=NUMBER,
)
VERIFIED = CredentialsVerified(
    specialist_id="s1", verified_on=date(2026, 1, 1), evidence=(Evidence.BOARD_CERTIFICATION,)
)


def test_registration_with_licences_and_credentials() -> None:
    given(SPECIALIST).when(register()).then(REGISTERED, LICENSED, VERIFIED)


def test_registration_without_credentials() -> None:
    given(SPECIALIST).when(register(verified_on=None)).then(REGISTERED, LICENSED)


def test_the_version_counts_events() -> None:
    assert given(SPECIALIST, REGISTERED, LICENSED, VERIFIED).state().version == 3


def test_registering_twice_is_refused() -> None:
    given(SPECIALIST, REGISTERED).when(register()).refused("specialist_already_registered")


@pytest.mark.parametrize("npi", ["1234567890", "123456789", "12345678931", "abcdefghij", "9999999992", "١٢٣٤٥٦٧٨٩٣"])
def test_a_wrong_npi_is_refused_and_not_repeated(npi: str) -> None:
    refusal = given(SPECIALIST).when(register(identity=identity(npi))).refused("npi_invalid")
    assert refusal.status == 422
    assert npi not in refusal.detail


def test_synthetic_numbers_need_the_setting() -> None:
    synthetic = next(number for number in map(str, range(9999990000, 9999990100)) if luhn_valid("80840" + number))
    with pytest.raises(DomainError):
        require_npi(synthetic)
    require_npi(synthetic, synthetic_allowed=True)


@pytest.mark.parametrize("npi", ["1234567893", "1245319599"])
def test_real_shapes_pass(npi: str) -> None:
    require_npi(npi)


def test_a_licence_that_ends_before_it_begins() -> None:
    wrong = licence(valid_to=date(2019, 1, 1))
    given(SPECIALIST, REGISTERED).when(RecordLicence(licence=wrong)).refused("licence_dates_reversed")


def test_a_licence_is_recorded_once() -> None:
    given(SPECIALIST, REGISTERED).when(RecordLicence(licence=licence())).then(LICENSED)
    given(SPECIALIST, REGISTERED, LICENSED).when(RecordLicence(licence=licence())).then()


def end(last_day: date, licence_id: str = "l1") -> EndLicence:
    return EndLicence(licence_id=licence_id, last_day=last_day, reason=LicenceEndReason.REVOKED)


def test_a_licence_ends_early() -> None:
    ended = LicenceEnded(
        specialist_id="s1", licence_id="l1", last_day=date(2026, 11, 1), reason=LicenceEndReason.REVOKED
    )
    given(SPECIALIST, REGISTERED, LICENSED).when(end(date(2026, 11, 1))).then(ended)
    given(SPECIALIST, REGISTERED, LICENSED, ended).when(end(date(2026, 11, 1))).then()
    state = given(SPECIALIST, REGISTERED, LICENSED, ended).state()
    assert not state.licences[0].in_force(date(2026, 11, 2))


def test_an_ending_does_not_lengthen() -> None:
    given(SPECIALIST, REGISTERED, LICENSED).when(end(date(2028, 1, 1))).refused("licence_not_extended")


def test_ending_an_unknown_licence() -> None:
    given(SPECIALIST, REGISTERED).when(end(date(2026, 1, 1))).refused("licence_unknown")


def verify(on: date) -> VerifyCredentials:
    return VerifyCredentials(verified_on=on, evidence=(Evidence.DISCIPLINE_CHECK,), at=NOW)


def test_verification() -> None:
    verified = CredentialsVerified(
        specialist_id="s1", verified_on=date(2026, 11, 1), evidence=(Evidence.DISCIPLINE_CHECK,)
    )
    given(SPECIALIST, REGISTERED).when(verify(date(2026, 11, 1))).then(verified)


def test_verification_in_the_future() -> None:
    given(SPECIALIST, REGISTERED).when(verify(date(2026, 12, 1))).refused("verified_in_future")


def test_an_older_verification_does_not_replace_a_newer() -> None:
    given(SPECIALIST, REGISTERED, VERIFIED).when(verify(date(2025, 1, 1))).refused("verification_superseded")


def test_capacity() -> None:
    given(SPECIALIST, REGISTERED).when(ChangeCapacity(capacity=5)).then(CapacityChanged(specialist_id="s1", capacity=5))
    given(SPECIALIST, REGISTERED).when(ChangeCapacity(capacity=3)).then()
    given(SPECIALIST, REGISTERED).when(ChangeCapacity(capacity=-1)).refused("capacity_negative")


@pytest.mark.parametrize("command", [ChangeCapacity(capacity=1), verify(date(2026, 1, 1)), end(date(2026, 1, 1))])
def test_an_unknown_specialist(command: Any) -> None:
    assert given(SPECIALIST).when(command).refused("specialist_unknown").status == 404


def test_the_identity_never_shows_in_a_repr() -> None:
    assert "Ada" not in repr(REGISTERED)
