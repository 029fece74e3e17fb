"""What is derived from a bundle: from real ones, and from small ones made to be awkward."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onebox.bundles import ALLENA, BREAST, GROUP_OF, PATIENT, bundle, case_of, condition, derive, refused

from rso_onebox.bundle import derive_case, read_bundle
from rso_onebox.bundle_facts import FactKind
from rso_shared.contracts.vocabulary import ConditionGroup
from rso_shared.kit.errors import DomainError

HOSPITALS = "synthea330_breast_alive_hospitals.json.gz"
PRACTITIONERS = "synthea330_breast_alive_practitioners.json.gz"


def test_the_large_synthea_patient():
    case = case_of(ALLENA)
    assert case.patient.name.shown == "Ms. Allena79 Noma845 Koepp521"
    assert str(case.patient.birth_date) == "1974-05-21"
    assert (case.patient.sex, case.patient.address.state, case.patient.address.country) == ("female", "MA", "US")
    assert {each.kind for each in case.patient.identifiers} >= {"MR", "SS", "DL", "PPN"}
    assert case.condition.group is ConditionGroup.BREAST_CANCER
    assert (case.condition.text, case.condition.onset) == ("Malignant neoplasm of breast", "2017-07-14")
    assert len(case.facilities) == 2
    assert len({each.name for each in case.facilities}) == 2
    assert case.practitioners[0].npi
    stated = {(fact.name, fact.value) for fact in case.facts}
    assert ("HER2 in Breast cancer specimen by Immune stain", "Negative") in stated
    assert {"Chemotherapy", "Excision of breast tissue"} <= {fact.name for fact in case.facts}


def test_hospitals_and_practitioners_given_beside_it_are_looked_up():
    case = case_of(HOSPITALS, PRACTITIONERS, ALLENA)
    assert case.facilities[0].state == "MA"
    assert case.facilities[0].key.startswith("Organization/")
    assert case.practitioners[0].email
    assert case.condition.onset == "2017-07-14"


def test_the_small_synthea_patient():
    case = case_of("synthea330_breast_small_Sueann_Kuhic.json.gz")
    assert case.condition.group is ConditionGroup.BREAST_CANCER
    assert [name.family for name in case.patient.other_names] == ["Considine820"]
    assert 1 <= len(case.facilities) <= 3


def test_the_mcode_patient_gets_the_state_of_the_treating_organisation_and_it_is_said():
    case = case_of("Bundle-mcode-patient-bundle-jenny-m.json")
    assert case.patient.address.state == "MA"
    assert case.notes == ("The patient's address names no state; MA of the treating organisation is used.",)
    assert [each.name for each in case.facilities] == ["Physician Services, Inc."]
    assert case.patient.phones == ("555-867-5309",)
    nodes = next(fact for fact in case.facts if fact.name.startswith("Sentinel lymph nodes"))
    assert nodes.value == "Lymph nodes examined in Cancer specimen by Light microscopy: 3 Count"  # a component's
    assert {"DOXOrubicin", "anastrozole"} <= {fact.name for fact in case.facts if fact.kind is FactKind.MEDICATION}


def test_the_colon_patient_has_a_confirmed_condition_although_it_is_resolved():
    case = case_of("smart-r4_colon-small_Darin_Skiles.json.gz")
    assert case.condition.group is ConditionGroup.COLORECTAL_CANCER
    assert case.patient.address.state == "MA"  # written "Massachusetts"
    assert [each.name for each in case.facilities] == ["GOOD SAMARITAN MEDICAL CENTER"]
    assert "Biopsy of colon" in {fact.name for fact in case.facts}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Bundle-lri-example.json", "bundle_patient_missing"),
        (HOSPITALS, "bundle_patient_missing"),
        ("DiagnosticReport-gingival-mass.json", "bundle_not_a_bundle"),
        ("synthea330_breast_alive_Allena_Koepp.ccda.xml.gz", "bundle_unreadable"),
    ],
)
def test_real_files_that_open_no_case(name, code):
    assert refused(lambda: case_of(name)) == code


def test_collections_are_bundles_that_hold_the_patient_and_lose_nothing_of_the_condition():
    case = case_of(ALLENA)
    for facility in case.facilities:
        assert facility.collection["type"] == "collection"
        kinds = [each["resourceType"] for each in facility.resources]
        assert kinds.count("Patient") == 1
        assert not {"Claim", "ExplanationOfBenefit"} & set(kinds)
        assert not any("request" in entry for entry in facility.collection["entry"])
        assert read_bundle(json.dumps(facility.collection).encode()) == facility.collection
    everything = [(each["resourceType"], each["id"]) for one in case.facilities for each in one.resources]
    clinical = [each for each in everything if each[0] != "Patient"]
    assert len(clinical) == len(set(clinical))


def test_every_fact_stands_where_it_says():
    for name in (ALLENA, "Bundle-mcode-patient-bundle-jenny-m.json", "synthea330_breast_small_Sueann_Kuhic.json.gz"):
        case = case_of(name)
        held = {one.key: {f"{each['resourceType']}/{each['id']}" for each in one.resources} for one in case.facilities}
        assert all(fact.locator in held[fact.facility] for fact in case.facts)


HEART_OLD, HEART_NEW = condition("414545008", "2010"), condition("53741008", "2019-05")


def test_the_highest_ranked_group_wins_then_the_latest_onset():
    assert derive(PATIENT, HEART_OLD, HEART_NEW, BREAST).condition.group is ConditionGroup.BREAST_CANCER
    assert derive(PATIENT, HEART_OLD, HEART_NEW).condition.onset == "2019-05"
    assert derive(PATIENT, HEART_NEW, HEART_OLD).condition.onset == "2019-05"


@pytest.mark.parametrize(
    "only",
    [
        condition("254837009", "2020", verified="refuted"),
        condition("254837009", "2020", verified="entered-in-error"),
        condition("254837009", "2020", verified="provisional"),
        condition("254837009", "2020", status="resolved", verified=None),
        condition("444814009", "2020", status="resolved"),
        condition("160903007", "2020", code={"coding": [{"display": "Full-time employment (finding)"}]}),
        condition("1", "2020", code={}),
    ],
)
def test_a_bundle_without_a_usable_condition_is_refused(only):
    assert refused(lambda: derive(PATIENT, only)) == "bundle_condition_missing"


def test_an_active_disorder_of_no_known_group_is_rare_or_undiagnosed():
    assert derive(PATIENT, condition("444814009", "2020")).condition.group is ConditionGroup.RARE_UNDIAGNOSED


@pytest.mark.parametrize(
    ("patient", "code"),
    [
        (PATIENT | {"birthDate": "1970"}, "bundle_birth_date_missing"),
        (PATIENT | {"name": []}, "bundle_name_missing"),
        (PATIENT | {"name": "Jane Doe"}, "bundle_name_missing"),
        (PATIENT | {"address": []}, "bundle_state_missing"),
    ],
)
def test_a_patient_that_intake_could_not_take_is_refused_without_repeating_a_name(patient, code):
    with pytest.raises(DomainError) as refusal:
        derive(patient, BREAST)
    assert refusal.value.code == code
    assert "Doe" not in refusal.value.detail


def test_two_patients_are_refused_also_in_two_bundles():
    assert refused(lambda: derive(PATIENT, PATIENT | {"id": "q"}, BREAST)) == "bundle_patients_several"
    assert refused(lambda: derive_case([bundle(PATIENT), bundle(PATIENT)], GROUP_OF)) == "bundle_patients_several"


def visit(number: int, start: str, provider: dict[str, str], **more: Any):
    return {
        "resourceType": "Encounter",
        "id": f"e{number}",
        "period": {"start": start},
        "serviceProvider": provider,
        "reasonCode": [{"coding": [{"system": "http://snomed.info/sct", "code": "254837009"}]}],
    } | more


def test_the_three_providers_with_the_newest_encounters_and_what_belongs_to_them():
    visits = [visit(n, f"202{n}-01-01", {"reference": f"Organization/o{n}", "display": f"House {n}"}) for n in range(5)]
    results = [
        {
            "resourceType": "Observation",
            "id": f"r{n}",
            "encounter": {"reference": f"Encounter/e{n}"},
            "code": {"text": "x"},
        }
        for n in range(5)
    ]
    case = derive(PATIENT, BREAST, *visits, *results)
    assert [each.name for each in case.facilities] == ["House 4", "House 3", "House 2"]
    assert [sorted(each["id"] for each in one.resources) for one in case.facilities] == [
        sorted(["p", "254837009-2001-01-01", "e4", "r4"]),
        ["e3", "p", "r3"],
        ["e2", "p", "r2"],
    ]
    assert case.notes == ("Left out: 4 resources of other places than these 3.",)


def test_encounters_of_other_conditions_name_no_facility():
    other = visit(1, "2024-01-01", {"display": "Dentist"}, reasonCode=[])
    organisation = {"resourceType": "Organization", "id": "o", "name": "Cancer center", "address": [{"state": "NY"}]}
    assert [each.name for each in derive(PATIENT, BREAST, other, organisation).facilities] == ["Cancer center"]


def test_without_any_organisation_a_practice_is_named_by_the_practitioner():
    doctor = {"resourceType": "Practitioner", "id": "d", "name": [{"family": "Roe", "prefix": ["Dr."]}]}
    assert [each.name for each in derive(PATIENT, BREAST, doctor).facilities] == ["Practice of Dr. Roe"]
    assert [each.name for each in derive(PATIENT, BREAST).facilities] == ["Treating practice"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["coding", "code", "system", "reference", "value", "start", "display"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
MEMBERS = [
    "id",
    "code",
    "encounter",
    "context",
    "onsetDateTime",
    "name",
    "address",
    "telecom",
    "participant",
    "category",
]
MEMBERS += [
    "clinicalStatus",
    "serviceProvider",
    "reasonCode",
    "period",
    "valueQuantity",
    "performer",
    "identifier",
    "contact",
]
KINDS = ["Condition", "Encounter", "Observation", "Procedure", "Practitioner", "Organization", "MedicationRequest"]
RESOURCES = st.builds(
    lambda kind, rest: rest | {"resourceType": kind},
    st.sampled_from(KINDS),
    st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=6),
)


@given(st.dictionaries(st.sampled_from(MEMBERS), JSON), st.lists(RESOURCES, max_size=5))
def test_members_of_the_wrong_kind_are_as_good_as_absent(odd, others):
    made = bundle(PATIENT | {"address": [{"state": "NY"}]}, BREAST, *others)
    case = derive_case([made], GROUP_OF)
    assert case.condition.group is ConditionGroup.BREAST_CANCER
    assert sum(len(each.resources) for each in case.facilities) >= 2
    with suppress(DomainError):
        derive_case([bundle(odd | {"resourceType": "Patient"}, BREAST, *others)], GROUP_OF)
