"""Codes of conditions and the group they belong to: a versioned table of SNOMED CT codes and ICD-10-CM prefixes."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from rso_intake.domain.person import Coding
from rso_shared.contracts.vocabulary import ConditionGroup

SNOMED, ICD10CM = "snomed", "icd10cm"
_SYSTEMS = {
    SNOMED: SNOMED,
    "http://snomed.info/sct": SNOMED,
    ICD10CM: ICD10CM,
    "http://hl7.org/fhir/sid/icd-10-cm": ICD10CM,
}
_PREFERRED = (ICD10CM, SNOMED)


@dataclass(frozen=True, slots=True)
class ConditionMap:
    """`snomed` by whole code, `icd10cm` by prefix without the dot."""

    snomed: MappingProxyType[str, ConditionGroup]
    icd10cm: MappingProxyType[str, ConditionGroup]

    def group(self, codings: Iterable[Coding]) -> ConditionGroup:
        """ICD-10-CM before SNOMED CT, the first coding that is known; `rare_undiagnosed` until a nurse codes it."""
        ordered = sorted(codings, key=lambda coding: _rank(coding.system))
        found = (self._of(coding) for coding in ordered)
        return next((group for group in found if group is not None), ConditionGroup.RARE_UNDIAGNOSED)

    def _of(self, coding: Coding) -> ConditionGroup | None:
        system, code = _SYSTEMS.get(coding.system), coding.code.strip().upper()
        if system == SNOMED:
            return self.snomed.get(code)
        if system == ICD10CM:
            plain = code.replace(".", "")
            return next((self.icd10cm[plain[:n]] for n in range(len(plain), 0, -1) if plain[:n] in self.icd10cm), None)
        return None


def _rank(system: str) -> int:
    known = _SYSTEMS.get(system)
    return _PREFERRED.index(known) if known in _PREFERRED else len(_PREFERRED)


@lru_cache(maxsize=4)
def load(path: str) -> ConditionMap:
    """Reads the table once per process. Raises ValueError naming the line that is wrong."""
    maps: dict[str, dict[str, ConditionGroup]] = {SNOMED: {}, ICD10CM: {}}
    with Path(path).open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        for number, row in enumerate(rows, 1):
            try:
                code = row["code"].strip().upper().replace(".", "")
                maps[row["system"]][code] = ConditionGroup(row["group"])
            except (KeyError, ValueError) as problem:
                raise ValueError(f"{path}: row {number} is not system,code,group,label") from problem
    return ConditionMap(MappingProxyType(maps[SNOMED]), MappingProxyType(maps[ICD10CM]))
