"""When a record set is complete, and what it consists of. Pure functions over items, waivers and a day."""

import hashlib
from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from rso_records_compiler.domain.dossier_events import ChecklistLine
from rso_shared.contracts.vocabulary import RecordKind


class ItemState(StrEnum):
    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Item:
    """One document as the dossier sees it. `kinds` are the checklist kinds it was accepted for."""

    kind: RecordKind
    facility_id: str | None
    month: str | None
    state: ItemState
    kinds: tuple[RecordKind, ...] = ()
    late: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the checklist as it stands. `outdated`: only documents older than allowed were accepted for it."""

    kind: RecordKind
    required: bool
    max_age_days: int | None
    note: str
    received: int
    accepted: int
    outdated: bool
    waived_by: str | None

    @property
    def satisfied(self) -> bool:
        return self.waived_by is not None or (self.accepted > 0 and not self.outdated)

    @property
    def missing(self) -> bool:
        return self.required and not self.satisfied


def lines(
    checklist: Iterable[ChecklistLine], items: Mapping[str, Item], waived: Mapping[RecordKind, str], on: date
) -> tuple[Line, ...]:
    return tuple(_line(wanted, items, waived, on) for wanted in checklist)


def complete(standing: Iterable[Line]) -> bool:
    return not any(line.missing for line in standing)


def _line(wanted: ChecklistLine, items: Mapping[str, Item], waived: Mapping[RecordKind, str], on: date) -> Line:
    received = [item for item in items.values() if item.state is ItemState.RECEIVED and item.kind is wanted.kind]
    accepted = [item for item in items.values() if item.state is ItemState.ACCEPTED and wanted.kind in item.kinds]
    fresh = [item for item in accepted if _recent(item.month, wanted.max_age_days, on)]
    return Line(
        wanted.kind, wanted.required, wanted.max_age_days, wanted.note, len(received), len(accepted),
        bool(accepted) and not fresh, waived.get(wanted.kind),
    )  # fmt: skip


def _recent(month: str | None, max_age_days: int | None, on: date) -> bool:
    """A document without a date was judged by whoever accepted it; a month counts by its last day."""
    if month is None or max_age_days is None:
        return True
    year, number = int(month[:4]), int(month[5:7])
    return date(year, number, monthrange(year, number)[1]) >= on - timedelta(days=max_age_days)


def manifest(items: Mapping[str, Item], waived: Mapping[RecordKind, str]) -> str:
    """SHA-256 over the sorted lines of accepted documents and waivers: the order of arrival leaves no trace."""
    accepted = [
        f"document {document_id} {','.join(item.kinds)}"
        for document_id, item in items.items()
        if item.state is ItemState.ACCEPTED
    ]
    return hashlib.sha256("\n".join(sorted([*accepted, *(f"waived {kind}" for kind in waived)])).encode()).hexdigest()
