"""What the demo needs of a FHIR bundle: patient, condition, practitioners, and one collection per facility. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rso_onebox.bundle_condition import ChosenCondition, GroupOf, choose_condition, encounters_for
from rso_onebox.bundle_facilities import Facility, find_facilities
from rso_onebox.bundle_facts import ClinicalFact, clinical_facts
from rso_onebox.bundle_people import (
    Patient,
    Practitioner,
    find_patient,
    practitioner_from,
    read_patient,
    read_practitioner,
)
from rso_onebox.bundle_reading import References, Resource, first, objects, read_bundle, resources_of, text
from rso_operations.words import counted
from rso_shared.kit.errors import invalid

__all__ = ["BundleCase", "derive_case", "read_bundle"]


@dataclass(frozen=True, slots=True)
class BundleCase:
    """`notes` say what was filled in or left out; they name no person."""

    patient: Patient
    condition: ChosenCondition
    practitioners: tuple[Practitioner, ...]
    """Those of the newest encounters for the condition first."""
    facilities: tuple[Facility, ...]
    facts: tuple[ClinicalFact, ...]
    notes: tuple[str, ...]


def derive_case(bundles: Sequence[Resource], group_of: GroupOf) -> BundleCase:
    """The case in these bundles. One of them holds the patient; the others (hospitals, practitioners) are looked up in.

    Refuses with bundle_patient_missing, bundle_patients_several, bundle_condition_missing, bundle_birth_date_missing,
    bundle_name_missing or bundle_state_missing.
    """
    everything = [resources_of(bundle) for bundle in bundles]
    find_patient([resource for entries in everything for _, resource in entries])
    entries = next(each for each in everything if _has_patient(each))
    references = References(pair for each in (entries, *everything) for pair in each)
    resources = [resource for _, resource in entries]
    patient = read_patient(find_patient(resources))
    condition = choose_condition(_of(resources, "Condition"), group_of)
    mine = encounters_for(condition, _of(resources, "Encounter"), references)
    practitioners = _practitioners(mine, resources, references)
    facilities, left_out = find_facilities(entries, mine, practitioners, references)
    located, notes = _located(patient, facilities, practitioners)
    if left_out:
        elsewhere = f"Left out: {counted(left_out, 'resource')} of other places than these {len(facilities)}."
        notes = (*notes, elsewhere)
    facts = clinical_facts(condition, mine, facilities, references)
    return BundleCase(located, condition, practitioners, facilities, facts, notes)


def _has_patient(entries: Sequence[tuple[str, Resource]]) -> bool:
    return any(text(resource, "resourceType") == "Patient" for _, resource in entries)


def _of(resources: Sequence[Resource], kind: str) -> list[Resource]:
    return [each for each in resources if text(each, "resourceType") == kind]


def _practitioners(
    mine: Sequence[Resource], resources: Sequence[Resource], references: References
) -> tuple[Practitioner, ...]:
    pointed = [
        practitioner_from(first(participant, "individual"), references, encounter)
        for encounter in mine
        for participant in objects(encounter, "participant")
    ]
    listed = [read_practitioner(each) for each in _of(resources, "Practitioner")]
    by_key = {each.key: each for each in reversed([*pointed, *listed]) if each is not None}
    return tuple(reversed(by_key.values()))


def _located(
    patient: Patient, facilities: Sequence[Facility], practitioners: Sequence[Practitioner]
) -> tuple[Patient, tuple[str, ...]]:
    """The rule set needs a state. Where the patient's address has none, the treating organisation's is taken, and said."""
    if patient.address.state:
        return patient, ()
    states = [(each.state, "treating organisation") for each in facilities if each.state]
    states += [(each.state, "treating practitioner") for each in practitioners if each.state]
    if not states:
        detail = "Neither the Patient nor a treating organisation has a state; it decides which rules apply."
        raise invalid("bundle_state_missing", detail, "/entry")
    state, whose = states[0]
    note = f"The patient's address names no state; {state} of the {whose} is used."
    return replace(patient, address=replace(patient.address, state=state or "")), (note,)
