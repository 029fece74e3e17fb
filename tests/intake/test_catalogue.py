"""Programs, jurisdictions, organisations, the table of conditions."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from intake.builders import NOW, program, row
from rso_intake import conditions
from rso_intake.domain.jurisdictions import JURISDICTIONS, JurisdictionRow, PublishJurisdictions
from rso_intake.domain.organisation import (
    ORGANISATION,
    Organisation,
    OrganisationKind,
    RegisterOrganisation,
    StateCoveredLives,
)
from rso_intake.domain.person import Coding
from rso_intake.domain.program import PROGRAM, PublishProgram
from rso_shared.contracts.program import Calendar
from rso_shared.contracts.vocabulary import ConditionGroup, JurisdictionDecision
from rso_shared.kit.errors import DomainError
from support.deciding import given

SILENT = JurisdictionRow(country="US", state="MA", decision=JurisdictionDecision.SILENT_POLICY_REVIEW)


def publish(**changes: Any) -> PublishProgram:
    return PublishProgram(program=program(**changes), now=NOW)


def versions(*commands: Any) -> list[Any]:
    events: list[Any] = []
    for command in commands:
        events += PROGRAM.decide(command, PROGRAM.fold(events))
    return events


def test_versions_follow_one_another():
    first = versions(publish())
    assert given(PROGRAM, *first).when(publish(version=2, name="New")).events()
    assert given(PROGRAM, *first).when(publish(version=3)).refused("program_version_taken").facts == {
        "expected_version": 2
    }
    given(PROGRAM, *first).when(publish(name="Other words, same number")).refused("program_version_taken")
    given(PROGRAM).when(publish(version=2)).refused("program_version_taken")


def test_the_same_document_again_changes_nothing():
    given(PROGRAM, *versions(publish())).when(publish()).then()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"version": 2, "organisation_id": "another"}, "program_owner_fixed"),
        ({"version": 2, "effective_from": date(2025, 1, 1)}, "effective_date_out_of_order"),
        ({"version": 2, "calendar": Calendar(time_zone="Mars/Olympus")}, "time_zone_unknown"),
        ({"version": 2, "calendar": Calendar(time_zone="../etc/passwd")}, "time_zone_unknown"),
    ],
)
def test_what_a_program_may_not_say(changes, code):
    given(PROGRAM, *versions(publish())).when(publish(**changes)).refused(code)


def test_a_version_is_in_force_from_its_day_in_its_own_time_zone():
    two = given(PROGRAM, *versions(publish(), publish(version=2, effective_from=date(2026, 4, 1)))).state()
    assert two.in_force(datetime(2026, 4, 1, 3, 59, tzinfo=UTC)).version == 1, "New York still has 31 March"
    assert two.in_force(datetime(2026, 4, 1, 4, 0, tzinfo=UTC)).version == 2


def test_before_its_first_day_there_is_no_program_in_force():
    state = given(PROGRAM, *versions(publish())).state()
    with pytest.raises(DomainError) as refusal:
        state.in_force(datetime(2025, 12, 31, tzinfo=UTC))
    assert refusal.value.code == "program_not_effective"
    with pytest.raises(DomainError) as refusal:
        PROGRAM.initial().in_force(NOW)
    assert refusal.value.code == "program_unknown"


def jurisdictions(*rows: Any, version: int = 1, effective_from: date = date(2026, 1, 1)) -> PublishJurisdictions:
    return PublishJurisdictions(version=version, effective_from=effective_from, rows=rows, now=NOW)


def test_jurisdictions_are_versioned_and_effective_dated():
    first = given(JURISDICTIONS).when(jurisdictions(SILENT)).events()
    given(JURISDICTIONS, *first).when(jurisdictions(SILENT)).then()
    second = (
        given(JURISDICTIONS, *first)
        .when(jurisdictions(row(JurisdictionDecision.PROHIBITED), version=2, effective_from=date(2026, 4, 1)))
        .events()
    )
    state = given(JURISDICTIONS, *first, *second).state()
    assert state.in_force(date(2026, 3, 31)).version == 1
    assert state.in_force(date(2026, 4, 1)).version == 2
    assert state.in_force(date(2025, 1, 1)).version == 0


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (jurisdictions(SILENT, version=2), "jurisdictions_version_taken"),
        (jurisdictions(SILENT, SILENT), "jurisdiction_repeated"),
        (jurisdictions(JurisdictionRow(country="US", state="MA", decision=JurisdictionDecision.LICENSED)),
         "jurisdiction_unsourced"),
    ],
)  # fmt: skip
def test_what_jurisdictions_may_not_say(command, code):
    given(JURISDICTIONS).when(command).refused(code)


def test_jurisdictions_do_not_go_back_in_time():
    first = given(JURISDICTIONS).when(jurisdictions(SILENT)).events()
    earlier = jurisdictions(SILENT, version=2, effective_from=date(2025, 1, 1))
    given(JURISDICTIONS, *first).when(earlier).refused("effective_date_out_of_order")


def test_an_organisation_is_registered_once():
    def register(name: str = "North Hospital") -> RegisterOrganisation:
        organisation = Organisation(organisation_id="north", kind=OrganisationKind.FACILITY, name=name)
        return RegisterOrganisation(organisation=organisation, now=NOW)

    events = given(ORGANISATION).when(register()).events()
    given(ORGANISATION, *events).when(register()).then()
    given(ORGANISATION, *events).when(register("South Hospital")).refused("organisation_exists")


@pytest.fixture
def table(tmp_path):
    file = tmp_path / "conditions.csv"
    file.write_text(
        "system,code,group,label\nsnomed,254837009,breast_cancer,Breast\nicd10cm,C50,breast_cancer,Breast\n"
        "icd10cm,C,rare_undiagnosed,Cancer\nicd10cm,I25,heart,Heart\n"
    )
    return conditions.load(str(file))


def coding(system, code):
    return Coding(system=system, code=code)


ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SCT = "http://snomed.info/sct"


@pytest.mark.parametrize(
    ("codings", "group"),
    [
        ((coding(SCT, "254837009"),), ConditionGroup.BREAST_CANCER),
        ((coding(ICD, "C50.911"),), ConditionGroup.BREAST_CANCER),
        ((coding(ICD, "c50911"),), ConditionGroup.BREAST_CANCER),
        ((coding(ICD, "C34.1"),), ConditionGroup.RARE_UNDIAGNOSED),
        ((coding(SCT, "254837009"), coding(ICD, "I25.10")), ConditionGroup.HEART),
        ((coding(SCT, "2548"),), ConditionGroup.RARE_UNDIAGNOSED),
        ((coding("urn:other", "C50"),), ConditionGroup.RARE_UNDIAGNOSED),
        ((), ConditionGroup.RARE_UNDIAGNOSED),
    ],
)
def test_the_longest_prefix_wins_and_icd_goes_first(table, codings, group):
    assert table.group(codings) is group


def test_a_wrong_row_is_named(tmp_path):
    file = tmp_path / "conditions.csv"
    file.write_text("system,code,group,label\nsnomed,1,nonsense,x\n")
    with pytest.raises(ValueError, match="row 1"):
        conditions.load(str(file))


def test_a_sponsors_covered_lives_are_the_newest_number_stated():
    sponsor = Organisation(organisation_id="employer", kind=OrganisationKind.SPONSOR, name="Example Employer")
    registered = ORGANISATION.decide(RegisterOrganisation(organisation=sponsor, now=NOW), None)

    def state(lives):
        return StateCoveredLives(covered_lives=lives, now=NOW)

    (stated,) = ORGANISATION.decide(state(5200), ORGANISATION.fold(registered))
    assert stated.covered_lives == 5200
    known = [*registered, stated]
    given(ORGANISATION, *known).when(state(5200)).then()
    given(ORGANISATION, *known).when(RegisterOrganisation(organisation=sponsor, now=NOW)).then()
    assert ORGANISATION.fold([*known, *ORGANISATION.decide(state(40), ORGANISATION.fold(known))]).covered_lives == 40


def test_nobody_else_has_covered_lives():
    given(ORGANISATION).when(StateCoveredLives(covered_lives=5, now=NOW)).refused("organisation_unknown")
    partner = Organisation(organisation_id="north", kind=OrganisationKind.PARTNER, name="North")
    events = ORGANISATION.decide(RegisterOrganisation(organisation=partner, now=NOW), None)
    given(ORGANISATION, *events).when(StateCoveredLives(covered_lives=5, now=NOW)).refused("not_a_sponsor")
