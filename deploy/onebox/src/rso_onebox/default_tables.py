"""Loads the tables that ship in `defaults/`: condition codes, jurisdictions, provider taxonomy, holidays, message templates."""

import csv
import string
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from rso_shared.contracts.vocabulary import ConditionGroup, JurisdictionDecision

SNOMED = "http://snomed.info/sct"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
SAFE_VARIABLES = frozenset({"link", "reference_last_four"})
"""All that a message may say about a case."""

_SYSTEMS = {"snomed": SNOMED, "icd10cm": ICD10CM}
_Row = TypeVar("_Row")


class DefaultsError(ValueError):
    """A file of `defaults/` is wrong. The text names the file, the line or key, and what is the matter."""

    def __init__(self, file: Path, trouble: str) -> None:
        super().__init__(f"{file}: {trouble}")


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """What is known of one state's rule. Until a person enters rule, source and date, a person decides."""

    country: str
    state: str
    decision: JurisdictionDecision
    source: str
    checked_on: date | None


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """A NUCC code with our own words for it, and the condition groups such a specialist may focus on."""

    code: str
    label: str
    focus: tuple[ConditionGroup, ...]


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    name: str
    subject: str
    body: str

    def render(self, *, link: str, reference_last_four: str) -> tuple[str, str]:
        """Subject and plain text body."""
        values = {"link": link, "reference_last_four": reference_last_four}
        return self.subject.format_map(values), self.body.format_map(values)


@dataclass(frozen=True, slots=True)
class ConditionCodes:
    """SNOMED codes as a whole, ICD-10-CM codes by their longest known prefix, both without dots."""

    snomed: Mapping[str, ConditionGroup]
    icd10cm: Mapping[str, ConditionGroup]

    def group_of(self, codings: Iterable[tuple[str, str]]) -> ConditionGroup | None:
        """The group of a condition given as (system, code) pairs, ICD-10-CM first; None when no code is known."""
        pairs = tuple(codings)
        by_icd = (self._by_prefix(code) for system, code in pairs if system == ICD10CM)
        by_snomed = (self.snomed.get(code) for system, code in pairs if system == SNOMED)
        return next((group for group in (*by_icd, *by_snomed) if group), None)

    def _by_prefix(self, code: str) -> ConditionGroup | None:
        plain = code.replace(".", "").upper()
        found = (self.icd10cm.get(plain[:length]) for length in range(len(plain), 0, -1))
        return next((group for group in found if group), None)


def load_conditions(folder: Path) -> ConditionCodes:
    file = folder / "conditions.csv"
    known: dict[str, dict[str, ConditionGroup]] = {SNOMED: {}, ICD10CM: {}}

    def add(row: dict[str, str]) -> None:
        codes = known[_SYSTEMS[row["system"]]]
        code = row["code"].replace(".", "")
        if not code or code in codes:
            raise ValueError(f"{row['code'] or 'an empty code'} stands twice or is empty")
        codes[code] = ConditionGroup(row["group"])

    _rows(file, ("system", "code", "group", "label"), add)
    return ConditionCodes(known[SNOMED], known[ICD10CM])


def load_jurisdictions(folder: Path) -> list[Jurisdiction]:
    def row(given: dict[str, str]) -> Jurisdiction:
        checked = given["checked_on"]
        decision = JurisdictionDecision(given["decision"])
        if decision is not JurisdictionDecision.SILENT_POLICY_REVIEW and not (checked and given["source"]):
            raise ValueError(f"{decision} needs a source and the day it was checked")
        return Jurisdiction(
            given["country"],
            given["state"],
            decision,
            given["source"],
            date.fromisoformat(checked) if checked else None,
        )

    return _rows(folder / "jurisdictions.csv", ("country", "state", "decision", "source", "checked_on"), row)


def load_taxonomy(folder: Path) -> list[Taxonomy]:
    def row(given: dict[str, str]) -> Taxonomy:
        focus = tuple(ConditionGroup(each) for each in given["focus"].split(";"))
        return Taxonomy(given["code"], given["label"], focus)

    return _rows(folder / "nucc.csv", ("code", "label", "focus"), row)


def load_holidays(folder: Path) -> list[date]:
    """The working days on which the federal offices of the United States are closed."""
    return _rows(folder / "us_holidays.csv", ("date", "name"), lambda row: date.fromisoformat(row["date"]))


def load_templates(folder: Path) -> dict[str, MessageTemplate]:
    """By name. A template may use the safe variables and nothing else: mail carries no content of a case."""
    return {file.stem: _template(file) for file in sorted((folder / "templates").glob("*.toml"))}


def _template(file: Path) -> MessageTemplate:
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DefaultsError(file, f"is not TOML: {error}") from None
    if set(given) != {"subject", "body"}:
        raise DefaultsError(file, "needs the keys subject and body and no others")
    for key, text in given.items():
        _only_safe_variables(file, key, text)
    if "\n" in given["subject"]:
        raise DefaultsError(file, "subject: one line")
    return MessageTemplate(file.stem, given["subject"], given["body"])


def _only_safe_variables(file: Path, key: str, text: object) -> None:
    if not isinstance(text, str):
        raise DefaultsError(file, f"{key}: a text is required")
    try:
        used = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise DefaultsError(file, f"{key}: {error}") from None
    if used - SAFE_VARIABLES:
        raise DefaultsError(file, f"{key}: {{{min(used - SAFE_VARIABLES)}}} is not a variable that a message may carry")


def _rows(file: Path, header: tuple[str, ...], read: Callable[[dict[str, str]], _Row]) -> list[_Row]:
    try:
        lines = list(csv.reader(file.read_text(encoding="utf-8").splitlines()))
    except OSError as error:
        raise DefaultsError(file, error.strerror or "cannot be read") from None
    if not lines or tuple(lines[0]) != header:
        raise DefaultsError(file, f"the first line must be {','.join(header)}")
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        try:
            rows.append(read(dict(zip(header, line, strict=True))))
        except (KeyError, ValueError) as error:
            raise DefaultsError(file, f"line {number}: {error}") from None
    return rows
