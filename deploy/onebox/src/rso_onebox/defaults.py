"""Loads the programs that ship in `defaults/`. Parts that programs share stand in their own files and are merged here.

A file that is wrong is named with the key at fault; an unknown key is refused, since a misspelt one would be silence.
The tables (conditions, jurisdictions, taxonomy, holidays, message templates) are `default_tables.py`'s.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from rso_onebox.default_tables import DefaultsError, load_holidays
from rso_shared.contracts.program import Program

__all__ = ["DefaultsError", "load_programs"]

_LOADERS_OWN = {"": {"owned_by"}, "terms": {"file"}, "calendar": {"holidays"}}
"""Keys that the loader turns into something else, by table."""
_MERGED = {"": {"organisation_id", "checklists"}, "terms": {"text"}, "screening": {"decline_texts"}}
"""Keys that come from the shared files and may not stand in a program's own."""

Table = dict[str, Any]


def load_programs(folder: Path, owners: Mapping[str, str]) -> list[Program]:
    """Every program of `folder/programs`, by file name. `owners` gives the organisation id for each `owned_by` in use."""
    shared = {name: read_toml(folder / f"{name}.toml") for name in ("checklists", "declines", "red_flags")}
    files = sorted((folder / "programs").glob("*.toml"))
    if not files:
        raise DefaultsError(folder / "programs", "there are no programs")
    return [_program(folder, file, shared, owners) for file in files]


def read_toml(file: Path) -> Table:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise DefaultsError(file, error.strerror or "cannot be read") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DefaultsError(file, f"is not TOML: {error}") from None


def _program(folder: Path, file: Path, shared: Mapping[str, Table], owners: Mapping[str, str]) -> Program:
    raw = read_toml(file)
    _refuse_unknown(file, Program, raw)
    owner = _taken(file, raw, "owned_by")
    if owner not in owners:
        raise DefaultsError(
            file, f"owned_by: no organisation is given for {owner!r}; there are {', '.join(sorted(owners))}"
        )
    raw["organisation_id"] = owners[owner]
    raw["checklists"] = shared["checklists"]
    terms, screening = _table(file, raw, "terms"), _table(file, raw, "screening")
    terms["text"] = _text(file, folder / _taken(file, terms, "file", "terms."))
    screening["decline_texts"] = shared["declines"]
    screening["red_flags"] = _red_flags(file, screening.get("red_flags", []), shared["red_flags"])
    _add_holidays(folder, file, _table(file, raw, "calendar"))
    return _validated(folder, file, raw)


def _add_holidays(folder: Path, file: Path, calendar: Table) -> None:
    """A program carries every day it is closed, so that a case's deadlines follow from its program version alone."""
    name = calendar.pop("holidays", None)
    if name is None:
        return
    if name != "us_federal":
        raise DefaultsError(file, f"calendar.holidays: unknown {name!r}; there is us_federal")
    own = list(calendar.get("closures", []))
    calendar["closures"] = [*load_holidays(folder), *own]


def _red_flags(file: Path, ids: list[str], known: Mapping[str, Table]) -> list[Table]:
    for wanted in ids:
        if wanted not in known:
            raise DefaultsError(file, f"screening.red_flags: {wanted!r} is not in red_flags.toml")
    return [{"question_id": wanted, **known[wanted]} for wanted in ids]


def _validated(folder: Path, file: Path, raw: Table) -> Program:
    try:
        return Program.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        at, key = _origin(folder, file, ".".join(str(part) for part in first["loc"]))
        raise DefaultsError(at, f"{key}: {first['msg']}") from None


def _origin(folder: Path, file: Path, key: str) -> tuple[Path, str]:
    """The file that a key of the merged document came from, and the key as it is spelt there."""
    for prefix, name in (("checklists.", "checklists.toml"), ("screening.decline_texts.", "declines.toml")):
        if key.startswith(prefix):
            return folder / name, key.removeprefix(prefix)
    return (folder / "red_flags.toml" if key.startswith("screening.red_flags.") else file), key


def _refuse_unknown(file: Path, model: type[BaseModel], given: Table, at: str = "") -> None:
    known = (set(model.model_fields) | _LOADERS_OWN.get(at, set())) - _MERGED.get(at, set())
    for key, value in given.items():
        path = f"{at}.{key}" if at else key
        if key not in known:
            raise DefaultsError(file, f"{path}: unknown key")
        inner = model.model_fields[key].annotation if key in model.model_fields else None
        if isinstance(value, dict) and isinstance(inner, type) and issubclass(inner, BaseModel):
            _refuse_unknown(file, inner, value, path)


def _table(file: Path, raw: Table, key: str) -> Table:
    found = raw.get(key)
    if not isinstance(found, dict):
        raise DefaultsError(file, f"{key}: this table is missing")
    return found


def _taken(file: Path, table: Table, key: str, at: str = "") -> str:
    value = table.pop(key, None)
    if not isinstance(value, str):
        raise DefaultsError(file, f"{at}{key}: a text is required")
    return value


def _text(file: Path, named: Path) -> str:
    try:
        return named.read_text(encoding="utf-8")
    except OSError:
        raise DefaultsError(file, f"terms.file: there is no {named.name} in {named.parent.name}/") from None
