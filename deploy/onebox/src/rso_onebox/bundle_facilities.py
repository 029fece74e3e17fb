"""Where a patient was treated, and one collection Bundle of resources for each of these places."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rso_onebox.bundle_people import Practitioner, read_address
from rso_onebox.bundle_reading import References, Resource, first, objects, text

MOST_FACILITIES = 3
_ABOUT_MONEY_OR_TRANSPORT = {"Claim", "ExplanationOfBenefit", "Provenance", "SupplyDelivery"}
_IN_EVERY_COLLECTION = {"Patient", "Practitioner", "PractitionerRole", "Location"}
_AUTHORS = ("performer", "custodian", "author", "requester", "asserter")


@dataclass(frozen=True, slots=True)
class Facility:
    """`collection` is what this place would send: a Bundle of type collection."""

    key: str
    name: str
    state: str | None
    collection: Mapping[str, Any]

    @property
    def resources(self) -> list[Resource]:
        return [entry["resource"] for entry in self.collection["entry"]]


@dataclass(frozen=True, slots=True)
class _Place:
    key: str
    name: str
    organisation: Resource | None


def find_facilities(
    entries: Sequence[tuple[str, Resource]],
    mine: Sequence[Resource],
    practitioners: Sequence[Practitioner],
    references: References,
) -> tuple[tuple[Facility, ...], int]:
    """The facilities, and how many clinical resources of other places were left out.

    `entries` are the patient's bundle, `mine` the encounters for the condition, newest first.
    """
    places = _providers(mine, references) or _organisations(entries) or [_practice(practitioners)]
    sorted_in: dict[str, list[tuple[str, Resource]]] = {place.key: [] for place in places}
    left_out = 0
    for url, resource in entries:
        kind = text(resource, "resourceType")
        if kind in _ABOUT_MONEY_OR_TRANSPORT | _IN_EVERY_COLLECTION | {"Organization"}:
            continue
        key = _place_of(resource, places, references)
        if key in sorted_in:
            sorted_in[key].append((url, resource))
        else:
            left_out += 1
    common = [(url, each) for url, each in entries if text(each, "resourceType") in _IN_EVERY_COLLECTION]
    full = [place for place in places if sorted_in[place.key]] or places[:1]
    return tuple(_facility(place, [*common, *sorted_in[place.key]]) for place in _told_apart(full)), left_out


def _told_apart(places: Sequence[_Place]) -> list[_Place]:
    """Two houses of one name get a number: people have to know which one still owes records."""
    names = [place.name for place in places]
    earlier = [names[:index].count(place.name) for index, place in enumerate(places)]
    return [
        replace(place, name=f"{place.name} ({n + 1})") if n else place for place, n in zip(places, earlier, strict=True)
    ]


def _providers(mine: Sequence[Resource], references: References) -> list[_Place]:
    """The providers with the newest encounters for the condition, at most three."""
    found: dict[str, _Place] = {}
    for encounter in mine:
        reference = first(encounter, "serviceProvider")
        key = references.key_of(reference, encounter)
        if key and key not in found and len(found) < MOST_FACILITIES:
            organisation = references.resolve(reference, encounter)
            name = text(organisation or {}, "name") or text(reference, "display") or "unnamed facility"
            found[key] = _Place(key, name, organisation)
    return list(found.values())


def _organisations(entries: Sequence[tuple[str, Resource]]) -> list[_Place]:
    found = [each for _, each in entries if text(each, "resourceType") == "Organization"]
    return [
        _Place(f"Organization/{text(each, 'id')}", text(each, "name") or "unnamed facility", each)
        for each in found[:MOST_FACILITIES]
    ]


def _practice(practitioners: Sequence[Practitioner]) -> _Place:
    name = f"Practice of {practitioners[0].name}" if practitioners else "Treating practice"
    return _Place("practice", name, None)


def _place_of(resource: Resource, places: Sequence[_Place], references: References) -> str:
    """By its encounter's provider, else by the organisation that made it, else the first place."""
    encounter = _encounter_of(resource, references)
    if encounter is not None:
        provider = references.key_of(first(encounter, "serviceProvider"), encounter)
        return provider or places[0].key
    keys = {place.key for place in places}
    makers = (references.key_of(each, resource) for member in _AUTHORS for each in objects(resource, member))
    return next((key for key in makers if key in keys), places[0].key)


def _encounter_of(resource: Resource, references: References) -> Resource | None:
    if text(resource, "resourceType") == "Encounter":
        return resource
    context = first(resource, "context")
    for reference in (first(resource, "encounter"), context, first(context, "encounter")):
        found = references.resolve(reference, resource) if reference else None
        if found is not None and text(found, "resourceType") == "Encounter":
            return found
    return None


def _facility(place: _Place, entries: list[tuple[str, Resource]]) -> Facility:
    if place.organisation is not None:
        entries = [(f"urn:uuid:{text(place.organisation, 'id')}", place.organisation), *entries]
    state = read_address(place.organisation).state if place.organisation else ""
    listed = [{"fullUrl": url, "resource": each} if url else {"resource": each} for url, each in entries]
    collection = {"resourceType": "Bundle", "type": "collection", "entry": listed}
    return Facility(place.key, place.name, state or None, collection)
