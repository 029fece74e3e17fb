"""Reading FHIR R4 JSON without a validating model: bytes to resources, references to resources, dates to instants.

Nothing here trusts the shape of what it reads: a member of the wrong kind is the same as an absent one.
"""

import gzip
import json
import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from rso_shared.kit.errors import DomainError, invalid

Resource = Mapping[str, Any]

_GZIP = b"\x1f\x8b"
_YEAR, _MONTH, _DAY = 4, 7, 10
LONG_AGO = datetime.min.replace(tzinfo=UTC)


def read_bundle(raw: bytes) -> Resource:
    """The Bundle in these bytes, gzipped or not. Refused when truncated, not JSON, no Bundle, or empty."""
    try:
        plain = gzip.decompress(raw) if raw.startswith(_GZIP) else raw
        parsed = json.loads(plain)
    except (OSError, EOFError, zlib.error, ValueError):
        raise _unreadable("bundle_unreadable", "The file is not JSON, or it is cut short.") from None
    if not isinstance(parsed, dict) or parsed.get("resourceType") != "Bundle":
        raise _unreadable("bundle_not_a_bundle", "The file holds no FHIR Bundle.")
    if not resources_of(parsed):
        raise _unreadable("bundle_empty", "The bundle holds no resources.")
    return parsed


def _unreadable(code: str, detail: str) -> DomainError:
    return invalid(code, detail, "/entry" if code == "bundle_empty" else None)


def resources_of(bundle: Resource) -> list[tuple[str, Resource]]:
    """(fullUrl, resource) of every entry that has a resource with a type; the fullUrl may be empty."""
    return [
        (text(entry, "fullUrl"), entry["resource"])
        for entry in objects(bundle, "entry")
        if isinstance(entry.get("resource"), dict) and text(entry["resource"], "resourceType")
    ]


def objects(holder: Resource, key: str) -> list[Resource]:
    """The objects under a member, whether it is an array or a single object."""
    value = holder.get(key)
    many = value if isinstance(value, list) else [value]
    return [each for each in many if isinstance(each, dict)]


def first(holder: Resource, key: str) -> Resource:
    return next(iter(objects(holder, key)), {})


def text(holder: Resource, key: str) -> str:
    value = holder.get(key)
    return value.strip() if isinstance(value, str) else ""


def texts(holder: Resource, key: str) -> tuple[str, ...]:
    value = holder.get(key)
    return tuple(each.strip() for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def codings(concepts: Iterable[Resource]) -> tuple[tuple[str, str], ...]:
    """(system, code) of every coding of these CodeableConcepts."""
    return tuple(
        (text(each, "system"), text(each, "code")) for concept in concepts for each in objects(concept, "coding")
    )


def label(concept: Resource) -> str:
    """The words of a CodeableConcept: its text, else the first display."""
    displays = (text(coding, "display") for coding in objects(concept, "coding"))
    return text(concept, "text") or next((display for display in displays if display), "")


def instant(value: str) -> datetime:
    """A FHIR date, partial or not, as an instant; what cannot be read is long ago."""
    completed = value + {_YEAR: "-01-01", _MONTH: "-01"}.get(len(value), "")
    try:
        parsed = datetime.fromisoformat(completed)
    except ValueError:
        return LONG_AGO
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def day(value: str) -> str:
    """The part of a FHIR date that a sentence shows: YYYY, YYYY-MM or YYYY-MM-DD."""
    return value[:_DAY]


class References:
    """Finds what a Reference means: urn:uuid, absolute, relative, conditional (`Type?identifier=`), logical, contained."""

    def __init__(self, resources: Iterable[tuple[str, Resource]]) -> None:
        self._by_url: dict[str, Resource] = {}
        self._by_identifier: dict[tuple[str, str], Resource] = {}
        for url, resource in resources:
            self._add(url, resource)

    def _add(self, url: str, resource: Resource) -> None:
        kind = text(resource, "resourceType")
        for known in (url, f"{kind}/{text(resource, 'id')}"):
            if known:
                self._by_url.setdefault(known, resource)
        for identifier in objects(resource, "identifier"):
            key = (kind, f"{text(identifier, 'system')}|{text(identifier, 'value')}")
            self._by_identifier.setdefault(key, resource)

    def resolve(self, reference: Resource, holder: Resource | None = None) -> Resource | None:
        """The resource meant, or None when it is not in the bundles given. `holder` is asked for contained ones."""
        to = text(reference, "reference")
        if to.startswith("#"):
            return next((each for each in objects(holder or {}, "contained") if text(each, "id") == to[1:]), None)
        if "?identifier=" in to:
            kind, _, identifier = to.partition("?identifier=")
            return self._by_identifier.get((kind, identifier))
        if to:
            return self._by_url.get(to) or self._by_url.get("/".join(to.split("/")[-2:]))
        return self._by_identifier.get((text(reference, "type"), _logical(reference)))

    def key_of(self, reference: Resource, holder: Resource | None = None) -> str:
        """Equal for references to the same thing, also when it is not in the bundles; empty for no reference."""
        found = self.resolve(reference, holder)
        if found is not None:
            return f"{text(found, 'resourceType')}/{text(found, 'id')}"
        return text(reference, "reference") or _logical(reference).strip("|")


def _logical(reference: Resource) -> str:
    identifier = first(reference, "identifier")
    return f"{text(identifier, 'system')}|{text(identifier, 'value')}"
