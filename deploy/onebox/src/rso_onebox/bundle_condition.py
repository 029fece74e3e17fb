"""Which condition of a bundle the case is about, and which encounters were for it."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rso_onebox.bundle_reading import References, Resource, codings, day, first, instant, label, objects, text
from rso_shared.contracts.vocabulary import ConditionGroup
from rso_shared.kit.errors import invalid

GroupOf = Callable[[Iterable[tuple[str, str]]], ConditionGroup | None]

_RANK = {group: rank for rank, group in enumerate(ConditionGroup)}
_SEMANTIC_TAG = re.compile(
    r"\s*\((disorder|finding|situation|procedure|event|observable entity|qualifier value|regime/therapy)\)$"
)
_NO_DISORDER = re.compile(r"\((finding|situation|event)\)$")
_ACTIVE = {"active", "recurrence", "relapse", ""}


@dataclass(frozen=True, slots=True)
class ChosenCondition:
    key: str
    text: str
    codings: tuple[tuple[str, str], ...]
    group: ConditionGroup
    onset: str
    """As far as the bundle says: YYYY, YYYY-MM, YYYY-MM-DD, or empty."""
    clinical_status: str
    resource: Resource


def plain(words: str) -> str:
    """Without SNOMED's tag: "Malignant neoplasm of breast (disorder)" is for machines."""
    return _SEMANTIC_TAG.sub("", words)


def choose_condition(conditions: Sequence[Resource], group_of: GroupOf) -> ChosenCondition:
    """The confirmed condition of the highest-ranked group, latest onset on a tie.

    Without a code of a known group a condition counts only while active, and only if it is a disorder:
    bundles record employment and finished colds as conditions too.
    """
    known = [(each, group_of(codings(objects(each, "code")))) for each in conditions if _confirmed(each)]
    usable = [(each, group or ConditionGroup.RARE_UNDIAGNOSED) for each, group in known if group or _disorder(each)]
    if not usable:
        raise invalid(
            "bundle_condition_missing", "The bundle has no confirmed condition to open a case with.", "/entry"
        )
    resource, group = min(
        usable, key=lambda pair: (_RANK[pair[1]], -_onset(pair[0]).timestamp() if _dated(pair[0]) else 0.0)
    )
    return ChosenCondition(
        key=f"Condition/{text(resource, 'id')}",
        text=plain(label(first(resource, "code"))) or "condition without a name",
        codings=codings(objects(resource, "code")),
        group=group,
        onset=day(_onset_text(resource)),
        clinical_status=_status(resource, "clinicalStatus"),
        resource=resource,
    )


def encounters_for(
    condition: ChosenCondition, encounters: Sequence[Resource], references: References
) -> list[Resource]:
    """The encounters whose reason or diagnosis is the condition, and the one in which it was recorded; newest first."""
    recorded = references.key_of(first(condition.resource, "encounter"))
    mine = [
        each
        for each in encounters
        if is_about(each, condition, references) or f"Encounter/{text(each, 'id')}" == recorded
    ]
    return sorted(mine, key=lambda each: instant(text(first(each, "period"), "start")), reverse=True)


def is_about(resource: Resource, condition: ChosenCondition, references: References) -> bool:
    """By code or by reference, in any of the places where R4 puts a reason."""
    if set(codings(objects(resource, "reasonCode"))) & set(condition.codings):
        return True
    pointing = [*objects(resource, "reasonReference"), *objects(resource, "focus"), *objects(resource, "addresses")]
    pointing += [inner for each in objects(resource, "diagnosis") for inner in objects(each, "condition")]
    return any(references.key_of(each, resource) == condition.key for each in pointing)


def _confirmed(resource: Resource) -> bool:
    verified = _status(resource, "verificationStatus")
    return verified == "confirmed" or (not verified and _status(resource, "clinicalStatus") in _ACTIVE)


def _disorder(resource: Resource) -> bool:
    code = first(resource, "code")
    words = [label(code), *(text(each, "display") for each in objects(code, "coding"))]
    named = any(words) and not any(_NO_DISORDER.search(each) for each in words)
    return named and _status(resource, "clinicalStatus") in _ACTIVE


def _status(resource: Resource, key: str) -> str:
    return next((code for _, code in codings(objects(resource, key))), "")


def _onset_text(resource: Resource) -> str:
    return (
        text(resource, "onsetDateTime")
        or text(first(resource, "onsetPeriod"), "start")
        or text(resource, "recordedDate")
    )


def _onset(resource: Resource) -> datetime:
    return instant(_onset_text(resource))


def _dated(resource: Resource) -> bool:
    return _onset(resource).year > 1
