"""Golden payloads: one example of every published contract as it was first published, kept for ever.

`.venv/bin/python tests/contracts/golden.py` writes files for contracts that have none and adds members for fields that are
new. It never changes or removes what a file says already: that would be a change of the contract, and needs a new version.
"""

import json
import sys
import types
from datetime import UTC, date, datetime, timedelta
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from rso_shared.contracts import vocabulary
from rso_shared.contracts.base import FactModel
from rso_shared.contracts.intake import CaseSnapshot
from rso_shared.contracts.matching import SigningEligibility, SpecialistEngagement
from rso_shared.contracts.registry import FACTS

FOLDER = Path(__file__).parent / "golden"
VOCABULARY = FOLDER / "vocabulary.json"
ANSWERS = {
    "answer.case_snapshot": CaseSnapshot,
    "answer.signing_eligibility": SigningEligibility,
    "answer.specialist_engagement": SpecialistEngagement,
}
"""Answers that one service gives another: as much a promise as a fact."""

SHAPED = {"program_id": "direct-cancer", "currency": "USD", "time_zone": "America/New_York", "month": "2026-01"}
PLAIN: dict[Any, Any] = {
    bool: True, int: 7, str: None, datetime: datetime(2026, 1, 31, 9, 0, tzinfo=UTC), date: date(2026, 1, 31),
    timedelta: timedelta(hours=36),
}  # fmt: skip


def published() -> dict[str, type[FactModel]]:
    """The facts of the contracts; tests of the kit register some of their own."""
    return {name: model for name, model in FACTS.items() if model.__module__.startswith("rso_shared.contracts.")}


def contracts() -> dict[str, type[BaseModel]]:
    return {**published(), **ANSWERS}


def path_of(name: str) -> Path:
    return FOLDER / f"{name}.json"


def vocabularies() -> dict[str, list[str]]:
    found = vars(vocabulary).values()
    kinds = [kind for kind in found if isinstance(kind, type) and issubclass(kind, StrEnum) and kind is not StrEnum]
    return {kind.__name__: [code.value for code in kind] for kind in kinds}


def example(model: type[BaseModel]) -> dict[str, Any]:
    """Every field filled, also the optional ones."""
    values = {name: _value(field.annotation, name) for name, field in model.model_fields.items()}
    made: dict[str, Any] = json.loads(model.model_validate(values).model_dump_json())
    return made


def _value(kind: Any, name: str) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return _value(next(one for one in inner if one is not type(None)), name)
    if origin is tuple:
        return [_value(inner[0], name)]
    if origin is dict:
        keys = list(inner[0]) if isinstance(inner[0], type) and issubclass(inner[0], Enum) else [name]
        return {key: _value(inner[1], name) for key in keys}
    if issubclass(kind, BaseModel):
        return {field: _value(info.annotation, field) for field, info in kind.model_fields.items()}
    if issubclass(kind, Enum):
        return next(iter(kind))
    return SHAPED.get(name, f"{name}-1") if kind is str else PLAIN[kind]


def merged(kept: Any, fresh: Any) -> Any:
    """What is kept wins; what only the fresh one has is added."""
    if isinstance(kept, dict) and isinstance(fresh, dict):
        return {**fresh, **{name: merged(value, fresh.get(name)) for name, value in kept.items()}}
    if isinstance(kept, list) and isinstance(fresh, list) and len(kept) == len(fresh):
        return [merged(one, other) for one, other in zip(kept, fresh, strict=True)]
    return kept


def read(path: Path) -> Any:
    return json.loads(path.read_text()) if path.exists() else None


def write_missing() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, model in contracts().items():
        _write(path_of(name), merged(read(path_of(name)) or {}, example(model)))
    kept = read(VOCABULARY) or {}
    codes = {name: list(dict.fromkeys([*kept.get(name, []), *found])) for name, found in vocabularies().items()}
    _write(VOCABULARY, {**kept, **codes})


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    sys.exit(write_missing())
