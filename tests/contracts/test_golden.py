"""Additive within a version: whatever was published once is still read, and still says the same."""

import json
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from contracts import golden

NAMES = sorted(golden.contracts())


def missing(kept: Any, found: Any, place: str = "") -> list[str]:
    """Where `found` does not say what `kept` says; more is allowed."""
    if isinstance(kept, dict) and isinstance(found, dict):
        pairs = [(name, value, found.get(name, ...)) for name, value in kept.items()]
        return [line for name, value, other in pairs for line in missing(value, other, f"{place}/{name}")]
    if isinstance(kept, list) and isinstance(found, list) and len(kept) == len(found):
        pairs_ = enumerate(zip(kept, found, strict=True))
        return [line for at, (one, other) in pairs_ for line in missing(one, other, f"{place}/{at}")]
    return [] if kept == found else [place or "/"]


def model_of(name: str) -> type[BaseModel]:
    return golden.contracts()[name]


def as_read(name: str, content: Any) -> Any:
    return json.loads(model_of(name).model_validate_json(json.dumps(content)).model_dump_json())


def test_every_contract_has_a_golden_payload_and_no_published_one_is_gone() -> None:
    files = {path.stem for path in golden.FOLDER.glob("*.json")} - {golden.VOCABULARY.stem}
    assert files == set(NAMES), "new: run tests/contracts/golden.py; gone: a published contract cannot be taken back"


@pytest.mark.parametrize("name", NAMES)
def test_what_was_published_is_read_and_says_the_same(name: str) -> None:
    kept = golden.read(golden.path_of(name))
    assert missing(kept, as_read(name, kept)) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_golden_payload_shows_every_field(name: str) -> None:
    kept = golden.read(golden.path_of(name))
    assert missing(as_read(name, kept), kept) == [], "new fields: run tests/contracts/golden.py"


@pytest.mark.parametrize("name", NAMES)
def test_what_a_newer_producer_adds_is_ignored(name: str) -> None:
    kept = golden.read(golden.path_of(name))
    assert as_read(name, {**kept, "added_later": {"a": 1}}) == as_read(name, kept)


def test_codes_are_added_and_never_taken_back() -> None:
    now, kept = golden.vocabularies(), golden.read(golden.VOCABULARY)
    assert {name: sorted(set(codes) - set(now.get(name, []))) for name, codes in kept.items()} == {
        name: [] for name in kept
    }
    assert now.keys() == kept.keys(), "new: run tests/contracts/golden.py"
    assert {name: set(codes) for name, codes in now.items()} == {name: set(codes) for name, codes in kept.items()}


def test_the_comparison_sees_what_breaks_a_reader() -> None:
    kept = {"a": 1, "b": {"c": [1, 2]}}
    assert missing(kept, {**kept, "new": 1}) == []
    assert missing(kept, {"a": 1, "b": {"c": [1]}}) == ["/b/c"]
    assert missing(kept, {"b": {}}) == ["/a", "/b/c"]


class Stricter(BaseModel):
    case_id: str
    new_and_required: str


def test_a_new_required_field_is_a_break() -> None:
    kept = golden.read(golden.path_of("rso.matching.matching_started.v1"))
    with pytest.raises(ValidationError):
        Stricter.model_validate(kept)
