"""What others hear of the directory: capacity, the days of licences and credentials; never a name, a number or an affiliation."""

from datetime import date

from matching.facts import body, register
from rso_shared.contracts import matching as facts
from rso_shared.contracts.vocabulary import Role
from support.harness import Harness


def test_a_registration_tells_capacity_licences_and_until_when_credentials_count(harness: Harness) -> None:
    specialist = register(harness, capacity=4)
    registered, licence, verified = harness.facts()
    assert registered == facts.SpecialistRegistered(specialist_id=specialist, taxonomy=("207RX0202X",), capacity=4)
    assert isinstance(licence, facts.LicenceRecorded)
    assert (licence.country, licence.state, licence.valid_from, licence.valid_to) == (
        "US", "MA", date(2020, 1, 1), date(2026, 12, 31),
    )  # fmt: skip
    until = {"verified_on": date(2026, 1, 15), "valid_to": date(2029, 1, 15)}
    assert verified == facts.CredentialsVerified(specialist_id=specialist, **until)
    assert {fact.key() for fact in harness.facts()} == {specialist}


def test_changes_are_told(harness: Harness) -> None:
    specialist = register(harness)
    staff, path = harness.client(Role.OPERATIONS), f"/v1/specialists/{specialist}"
    assert staff.post(f"{path}/capacity", {"capacity": 0}).status_code in {200, 201}
    [licence] = harness.facts(facts.LicenceRecorded)
    assert isinstance(licence, facts.LicenceRecorded)
    ending = {"last_day": "2026-03-01", "reason": "revoked"}
    assert staff.post(f"{path}/licences/{licence.licence_id}/ending", ending).status_code == 201
    changed, ended = harness.facts(facts.CapacityChanged, facts.LicenceEnded)
    assert changed == facts.CapacityChanged(specialist_id=specialist, capacity=0)
    assert ended == facts.LicenceEnded(
        specialist_id=specialist, licence_id=licence.licence_id, last_day=date(2026, 3, 1)
    )


def test_nothing_that_identifies_is_told(harness: Harness) -> None:
    register(harness, 7, affiliations=["facility-9"])
    told = " ".join(fact.model_dump_json() for fact in harness.facts())
    given = body(7)
    for secret in (given["family"], given["email"], given["npi"], "MA-7", "facility-9"):
        assert secret not in told
