"""FHIR R4 in JSON: a Bundle or one resource. orjson and dictionaries; no full model stands on this path (15 MB in a second)."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import orjson

from rso_records_compiler.formats.fhir_kinds import CLINICAL, kind_of
from rso_records_compiler.formats.fhir_types import R4_TYPES
from rso_records_compiler.formats.fhir_values import Resource, field, label, moments, objects, string
from rso_records_compiler.formats.media import Format
from rso_records_compiler.formats.recognition import (
    Recognition,
    Subject,
    day_of,
    evidence,
    main_kind,
    named,
    newest,
    short,
)
from rso_records_compiler.formats.sniff import BOM
from rso_shared.contracts.vocabulary import RecordKind
from rso_shared.kit.errors import DomainError, invalid


def recognise(content: bytes) -> Recognition:
    """Raises DomainError 422: `bundle_truncated`, `json_malformed`, `utf8_invalid`, `fhir_resource_type_missing`,
    `fhir_resource_type_unknown`, `bundle_empty`, `bundle_entry_invalid`.
    """
    root = _parsed(content)
    resources = _entries(root) if root["resourceType"] == "Bundle" else [root]
    found = evidence(map(kind_of, resources))
    clinical = [item for item in resources if item["resourceType"] in CLINICAL]
    return Recognition(
        format=Format.FHIR,
        kind=_kind(resources, found),
        evidence=found,
        resources=tuple(sorted(Counter(item["resourceType"] for item in clinical).items())),
        title=_title(root, resources),
        dated=newest(moment for item in clinical for moment in moments(item)),
        facilities=named(name for item in resources for name in _facilities(item)),
        details=_details(root),
        subject=next((_subject(item) for item in resources if item["resourceType"] == "Patient"), None),
    )


def _parsed(content: bytes) -> Resource:
    try:
        root = orjson.loads(content.removeprefix(BOM))
    except orjson.JSONDecodeError as problem:
        raise _unreadable(problem.msg) from None
    return _resource(root, "")


def _unreadable(message: str) -> DomainError:
    """From None and without the parser's text: its message quotes the document."""
    if "end of data" in message:
        return invalid("bundle_truncated", "The JSON ends before it is complete. Send the whole document again.")
    if "UTF-8" in message:
        return invalid("utf8_invalid", "The JSON is not valid UTF-8.")
    return invalid("json_malformed", "The document is not valid JSON.")


def _resource(value: Any, pointer: str) -> Resource:
    type_ = field(value, "resourceType")
    if not isinstance(type_, str):
        raise invalid("fhir_resource_type_missing", "A FHIR resource has a resourceType; this JSON has none.", pointer)
    if type_ not in R4_TYPES:
        raise invalid(
            "fhir_resource_type_unknown", "The resourceType is not one of FHIR R4.", f"{pointer}/resourceType"
        )
    return value  # type: ignore[no-any-return]


def _entries(bundle: Resource) -> list[Resource]:
    entries = bundle.get("entry")
    if entries is not None and not isinstance(entries, list):
        raise invalid("bundle_entry_invalid", "Bundle.entry is a list.", "/entry")
    resources = []
    for number, entry in enumerate(entries or []):
        if not isinstance(entry, dict):
            raise invalid("bundle_entry_invalid", "Every entry of a bundle is an object.", f"/entry/{number}")
        if "resource" in entry:
            resources.append(_resource(entry["resource"], f"/entry/{number}/resource"))
    if not resources:
        raise invalid("bundle_empty", "The bundle holds no resource.", "/entry")
    return resources


def _kind(resources: list[Resource], found: tuple[tuple[RecordKind, int], ...]) -> RecordKind:
    """A document bundle is what its Composition is; any other is the sum of what it holds."""
    if resources[0]["resourceType"] == "Composition":
        return kind_of(resources[0]) or RecordKind.CLINICAL_NOTE
    return main_kind(found)


def _title(root: Resource, resources: list[Resource]) -> str | None:
    if resources[0]["resourceType"] == "Composition":
        return short(resources[0].get("title")) or short(label(resources[0].get("type")))
    reports = [item for item in resources if item["resourceType"] in {"DiagnosticReport", "DocumentReference"}]
    if len(reports) == 1:
        return short(reports[0].get("description")) or short(label(reports[0].get("code") or reports[0].get("type")))
    if len(resources) == 1:
        return short(label(root.get("code"))) or short(root["resourceType"])
    return f"FHIR {string(root.get('type')) or 'bundle'} of {len(resources)} resources"


_HOLDERS = ("serviceProvider", "custodian", "managingOrganization")


def _facilities(resource: Resource) -> Iterator[object]:
    if resource["resourceType"] == "Organization":
        yield resource.get("name")
    for contained in objects(resource.get("contained")):
        if contained.get("resourceType") == "Organization":
            yield contained.get("name")
    for holder in _HOLDERS:
        yield field(resource.get(holder), "display")
    for performer in objects(resource.get("performer")):
        if "Organization" in string(performer.get("reference")):
            yield performer.get("display")


def _subject(patient: Resource) -> Subject:
    names = objects(patient.get("name"))
    name = next((item for item in names if item.get("use") == "official"), names[0] if names else {})
    given = name.get("given")
    first = string(given[0]) if isinstance(given, list) and given else ""
    return Subject(string(name.get("family")), first, day_of(patient.get("birthDate")))


def _details(root: Resource) -> tuple[tuple[str, str], ...]:
    kept = (
        ("resource_type", root["resourceType"]),
        ("bundle_type", string(root.get("type"))),
        ("id", string(root.get("id"))),
    )
    return tuple((name, value[:100]) for name, value in kept if value)
