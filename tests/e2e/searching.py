"""The leak search: which strings name the patient of a bundle, in which shapes they may hide, and where they were found."""

import base64
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

SHORTEST = 4
BASE64_SHORTEST = 5
"""Four characters leave four or five of base64 that do not depend on their neighbours: too few to mean anything in a cipher text."""
OUTPUTS = ("reports", "mail")
"""What people are given: not part of the search (decisions)."""
DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Hit:
    place: str
    text: str
    shape: str


def strings_of(patient: Mapping[str, Any]) -> set[str]:
    """Name parts with and without digits, identifiers, phones, street lines, e-mails and the birth date in two notations."""
    found: set[str] = set()
    for name in patient.get("name", []):
        parts = [name.get("family", ""), *name.get("given", [])]
        found |= {*parts, *(DIGITS.sub("", part) for part in parts), " ".join([*name.get("given", []), parts[0]])}
    found |= {each["value"] for each in patient.get("identifier", [])}
    for contact in patient.get("telecom", []):
        found |= {contact["value"], *_digits(contact)}
    for address in patient.get("address", []):
        found |= set(address.get("line", []))
    if "birthDate" in patient:
        born = date.fromisoformat(patient["birthDate"])
        found |= {born.isoformat(), born.strftime("%m/%d/%Y")}
    return {text for text in found if len(text) >= SHORTEST}


def _digits(contact: Mapping[str, str]) -> set[str]:
    return {re.sub(r"\D", "", contact["value"])} if contact["system"] == "phone" else set()


def shapes_of(text: str) -> dict[str, bytes]:
    raw = text.encode()
    shapes = {"raw": raw, "utf-16-le": text.encode("utf-16-le"), "utf-16-be": text.encode("utf-16-be")}
    if text.lower() != text and len(text) > SHORTEST:
        shapes["lower case"] = text.lower().encode()
    if len(raw) >= BASE64_SHORTEST:
        shapes |= {f"base64+{offset}": _base64(raw, offset) for offset in range(3)}
        shapes |= {f"{name} url": each.translate(_URL) for name, each in list(shapes.items()) if "base64" in name}
    return {name: each for name, each in shapes.items() if name == "raw" or each != raw}


_URL = bytes.maketrans(b"+/", b"-_")


def _base64(raw: bytes, offset: int) -> bytes:
    """Those characters that are the same whatever stands before and after."""
    encoded = base64.b64encode(bytes(offset) + raw)
    first = (offset * 8 + 5) // 6
    last = (offset + len(raw)) * 8 // 6
    return encoded[first:last]


def haystacks(root: Path) -> Iterator[tuple[str, bytes]]:
    """Every file but the outputs; of a database also its cells, which may lie across pages in the file."""
    for file in sorted(root.rglob("*")):
        place = file.relative_to(root)
        if file.is_file() and place.parts[0] not in OUTPUTS:
            yield str(place), file.read_bytes()
            if file.suffix == ".db":
                yield f"{place} (cells)", b"\n".join(_cells(file))


def _cells(file: Path) -> Iterator[bytes]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        db.text_factory = bytes
        tables = [row[0].decode() for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in db.execute(f'SELECT * FROM "{table}"'):
                yield from (cell for cell in row if isinstance(cell, bytes))


def search(places: Iterable[tuple[str, bytes]], strings: Iterable[str]) -> list[Hit]:
    wanted = [(text, name, shape) for text in sorted(strings) for name, shape in shapes_of(text).items()]
    return [Hit(place, text, name) for place, content in places for text, name, shape in wanted if shape in content]
