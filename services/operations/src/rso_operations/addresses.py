"""What the address of a page asks for. It may be typed by hand: what nobody knows is left out, and the page shows what it understood."""

from collections.abc import Collection, Iterable, Mapping

LONGEST = 120


def told(query: Mapping[str, str], name: str) -> str:
    """Empty if it is not there."""
    return query.get(name, "").strip()[:LONGEST]


def understood(query: Mapping[str, str], fields: Iterable[str], known: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Every field as text; those of `known` only with one of their codes, else empty."""
    given = {name: told(query, name) for name in fields}
    return given | {name: "" for name, codes in known.items() if given[name] not in codes}
