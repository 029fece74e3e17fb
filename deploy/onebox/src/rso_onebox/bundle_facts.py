"""The facts of a bundle that bear on the condition, each with the place it is read off. Nothing is inferred."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from rso_onebox.bundle_condition import ChosenCondition, is_about, plain
from rso_onebox.bundle_facilities import Facility
from rso_onebox.bundle_reading import References, Resource, codings, day, first, instant, label, objects, text

_BESIDE_THE_POINT = {"vital-signs", "survey", "social-history", "activity"}
_ANNOTATION = re.compile(r"\{[^}]*\}")
"""UCUM writes counts and scores as `{#}` and `{score}`."""
_BRACKETS = re.compile(r"\s*\[[^\]]*\]")
_ROUTINE = re.compile(
    r"physical examination|general examination|assessment of|patient assessment|notification|documentation|certification|discharge"
    r"|discussion about|plan of care|reconciliation|patient education",
    re.IGNORECASE,
)
"""Entries of the daily round: recorded as procedures, and no news to a specialist."""
_MOST = {"observation": 16, "procedure": 12, "imaging": 4, "medication": 6}
_MOST_COMPONENTS = 4
_FEW = 5
"""With fewer facts than these that bear on the condition, all that its facilities hold is looked at."""


class FactKind(StrEnum):
    DIAGNOSIS = "diagnosis"
    OBSERVATION = "observation"
    PROCEDURE = "procedure"
    IMAGING = "imaging"
    MEDICATION = "medication"


@dataclass(frozen=True, slots=True)
class ClinicalFact:
    """`facility` is the key of the facility whose collection holds it, `locator` the resource in there."""

    kind: FactKind
    name: str
    value: str
    first_on: str
    last_on: str
    times: int
    facility: str
    locator: str


@dataclass(frozen=True, slots=True)
class _Found:
    resource: Resource
    facility: str
    name: str
    on: str
    direct: bool
    """It names the condition itself."""
    for_it: bool
    """It belongs to a visit that was for the condition."""


def clinical_facts(
    condition: ChosenCondition, mine: Sequence[Resource], facilities: Sequence[Facility], references: References
) -> tuple[ClinicalFact, ...]:
    """The diagnosis first; then what was observed, done, imaged and ordered for it, the most telling of each."""
    visits = {f"Encounter/{text(each, 'id')}" for each in mine}
    all_of_them = [
        item
        for facility in facilities
        for resource in facility.resources
        if (item := _read(resource, facility.key, condition, visits, references))
    ]
    bearing = [each for each in all_of_them if each.direct or each.for_it]
    found = bearing if len(bearing) >= _FEW else all_of_them
    by_kind = {kind: [each for each in found if _kind(each.resource) is kind] for kind in FactKind}
    return (
        _diagnosis(condition, facilities),
        *_facts(FactKind.OBSERVATION, [each for each in by_kind[FactKind.OBSERVATION] if _value(each.resource)]),
        *(
            fact
            for kind in (FactKind.PROCEDURE, FactKind.IMAGING, FactKind.MEDICATION)
            for fact in _facts(kind, by_kind[kind])
        ),
    )


def _diagnosis(condition: ChosenCondition, facilities: Sequence[Facility]) -> ClinicalFact:
    ours = text(condition.resource, "id")
    holding = (
        facility.key
        for facility in facilities
        if any(text(each, "resourceType") == "Condition" and text(each, "id") == ours for each in facility.resources)
    )
    where = next(holding, facilities[0].key)
    status, onset = condition.clinical_status, condition.onset
    return ClinicalFact(FactKind.DIAGNOSIS, condition.text, status, onset, onset, 1, where, condition.key)


def _read(
    resource: Resource, facility: str, condition: ChosenCondition, visits: set[str], references: References
) -> _Found | None:
    """A resource is for the condition when it belongs to a visit for it, or when the bundle knows no visit of it."""
    if _kind(resource) is None or _categories(resource) & _BESIDE_THE_POINT:
        return None
    name = _name(_subject(resource, references))
    visit = references.key_of(first(resource, "encounter"), resource)
    direct = is_about(resource, condition, references)
    if not name or (_kind(resource) is FactKind.PROCEDURE and _ROUTINE.search(name)):
        return None
    return _Found(resource, facility, name, _on(resource), direct, not visit or visit in visits)


def _facts(kind: FactKind, found: Sequence[_Found]) -> list[ClinicalFact]:
    """One per name and value, in the order of time. What stands in few places tells more than what is seen at every visit."""
    often = Counter(each.name for each in found)
    ordered = sorted(found, key=lambda each: (each.name, _value(each.resource), each.facility, instant(each.on)))
    groups = [
        list(group) for _, group in groupby(ordered, lambda each: (each.name, _value(each.resource), each.facility))
    ]
    newest_only = kind is FactKind.OBSERVATION
    if newest_only:
        groups = [
            group for group in groups if group[-1] is _newest(each for each in found if each.name == group[0].name)
        ]
    groups.sort(
        key=lambda group: (not group[0].direct, often[group[0].name], _measured(group[0].resource), group[0].name)
    )
    chosen = [_fact(kind, group, times=1 if newest_only else len(group)) for group in groups[: _MOST[kind]]]
    return sorted(chosen, key=lambda fact: (instant(fact.first_on), fact.name))


def _newest(found: Iterable[_Found]) -> _Found:
    return max(found, key=lambda each: (instant(each.on), _value(each.resource), each.facility))


def _fact(kind: FactKind, group: Sequence[_Found], times: int) -> ClinicalFact:
    last = group[-1]
    begin = last.on if times == 1 else group[0].on
    locator = f"{text(last.resource, 'resourceType')}/{text(last.resource, 'id')}"
    return ClinicalFact(kind, last.name, _value(last.resource), day(begin), day(last.on), times, last.facility, locator)


def _kind(resource: Resource) -> FactKind | None:
    return {
        "Observation": FactKind.OBSERVATION,
        "Procedure": FactKind.PROCEDURE,
        "ImagingStudy": FactKind.IMAGING,
        "MedicationRequest": FactKind.MEDICATION,
    }.get(text(resource, "resourceType"))


def _subject(resource: Resource, references: References) -> Resource:
    """The CodeableConcept that says what it is."""
    medication = references.resolve(first(resource, "medicationReference"), resource) or {}
    places = (
        (resource, "code"),
        (resource, "medicationCodeableConcept"),
        (resource, "procedureCode"),
        (medication, "code"),
    )
    return next((found for holder, place in places if (found := first(holder, place))), {})


def _categories(resource: Resource) -> set[str]:
    return {code for _, code in codings(objects(resource, "category"))}


def _measured(resource: Resource) -> bool:
    return "valueQuantity" in resource


def _value(resource: Resource) -> str:
    """What was found: the value, and the values of its components, by their names."""
    if text(resource, "resourceType") == "MedicationRequest":
        return text(resource, "status")
    parts = (
        (_name(first(each, "code")), _own_value(each)) for each in objects(resource, "component")[:_MOST_COMPONENTS]
    )
    named = [f"{name}: {value}" for name, value in parts if name and value]
    return "; ".join(each for each in (_own_value(resource), *named) if each)


def _own_value(resource: Resource) -> str:
    if concept := first(resource, "valueCodeableConcept"):
        return plain(label(concept))
    quantity = first(resource, "valueQuantity")
    if isinstance(number := quantity.get("value"), int | float):
        return f"{number:.10g} {_ANNOTATION.sub('', text(quantity, 'unit'))}".strip()
    whole = resource.get("valueInteger")
    return str(whole) if isinstance(whole, int) else text(resource, "valueString")


def _name(concept: Resource) -> str:
    return _BRACKETS.sub("", plain(label(concept)))


def _on(resource: Resource) -> str:
    members = ("effectiveDateTime", "performedDateTime", "started", "authoredOn", "issued")
    period = text(first(resource, "performedPeriod"), "start") or text(first(resource, "effectivePeriod"), "start")
    return next((value for member in members if (value := text(resource, member))), period)
