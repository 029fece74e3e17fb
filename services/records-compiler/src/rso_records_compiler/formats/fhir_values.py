"""Reading FHIR JSON without a model: every accessor takes what it gets and gives back nothing where the shape is wrong."""

from collections.abc import Iterator
from typing import Any

from rso_records_compiler.formats.codes import Coding

Resource = dict[str, Any]


def objects(value: object) -> list[Resource]:
    """The objects in a list, or the one object itself; whatever else is in there is passed over."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def field(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def string(value: object) -> str:
    return value if isinstance(value, str) else ""


def codings(concepts: object) -> list[Coding]:
    """The codings of a CodeableConcept or of a list of them."""
    return [
        Coding(string(field(coding, "system")), string(field(coding, "code")), string(field(coding, "display")))
        for concept in objects(concepts)
        for coding in objects(concept.get("coding"))
    ]


def words(concept: object) -> str:
    """Everything a CodeableConcept says in words."""
    texts = [string(item.get("text")) for item in objects(concept)]
    return " ".join(filter(None, (*texts, *(coding.display for coding in codings(concept)))))


def label(concept: object) -> str | None:
    """One name for a CodeableConcept: its text, else the display of its first coding that has one."""
    for item in objects(concept):
        if string(item.get("text")):
            return string(item["text"])
    return next((coding.display for coding in codings(concept) if coding.display), None)


_MOMENTS = (
    "effectiveDateTime", "issued", "authoredOn", "performedDateTime", "date", "started", "recordedDate", "onsetDateTime",
    "occurrenceDateTime", "receivedTime",
)  # fmt: skip
_PERIODS = ("effectivePeriod", "performedPeriod", "period")


def moments(resource: Resource) -> Iterator[object]:
    """Every clinical instant that a resource carries, as it is written there."""
    for name in _MOMENTS:
        if name in resource:
            yield resource[name]
    for name in _PERIODS:
        if name in resource:
            yield field(resource[name], "end") or field(resource[name], "start")
