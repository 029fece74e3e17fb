"""What the law of the patient's place allows: one versioned, effective-dated document, down to the county."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from rso_shared.contracts.vocabulary import JurisdictionDecision
from rso_shared.kit.decider import Decider
from rso_shared.kit.errors import DomainError, invalid
from rso_shared.kit.events import event


@dataclass(frozen=True, slots=True, kw_only=True)
class JurisdictionRow:
    """One rule. Everything but `silent_policy_review` needs its source and the day somebody checked it."""

    country: str
    state: str
    county: str | None = None
    decision: JurisdictionDecision
    rule: str | None = None
    source: str | None = None
    checked_on: date | None = None

    def place(self) -> tuple[str, str, str | None]:
        return self.country, self.state, folded(self.county)


@event("intake.jurisdictions_published")
class JurisdictionsPublished:
    version: int
    effective_from: date
    rows: tuple[JurisdictionRow, ...]
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One version of the document. Version 0 has no rows: every place is silent until somebody says otherwise."""

    version: int = 0
    effective_from: date = date.min
    rows: tuple[JurisdictionRow, ...] = ()

    def ruling(self, country: str, state: str, county: str | None) -> JurisdictionDecision:
        """The county's row before the state's; a place without a row is silent, never allowed or forbidden by guess."""
        rows = {row.place(): row.decision for row in self.rows}
        by_state = rows.get((country, state, None), JurisdictionDecision.SILENT_POLICY_REVIEW)
        return rows.get((country, state, folded(county)), by_state) if county else by_state

    def asks_county(self, country: str, state: str) -> bool:
        return any(row.county and (row.country, row.state) == (country, state) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Jurisdictions:
    editions: tuple[Edition, ...] = ()

    def in_force(self, on: date) -> Edition:
        effective = [edition for edition in self.editions if edition.effective_from <= on]
        return effective[-1] if effective else Edition()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishJurisdictions:
    version: int
    effective_from: date
    rows: tuple[JurisdictionRow, ...]
    now: datetime


def folded(county: str | None) -> str | None:
    """A county as it is compared: without case and without the word County."""
    return None if county is None else county.strip().casefold().removesuffix(" county").strip()


def decide(command: PublishJurisdictions, state: Jurisdictions) -> Sequence[JurisdictionsPublished]:
    latest = state.editions[-1] if state.editions else Edition()
    edition = Edition(version=command.version, effective_from=command.effective_from, rows=command.rows)
    if edition == latest:
        return ()
    if command.version != latest.version + 1:
        detail = "Versions of the jurisdictions follow one another without a gap; read the latest and add one."
        raise DomainError(
            "jurisdictions_version_taken", detail, pointer="/version", expected_version=latest.version + 1
        )
    if command.effective_from < latest.effective_from:
        detail = "A later version cannot take effect before an earlier one."
        raise invalid("effective_date_out_of_order", detail, "/effective_from", not_before=latest.effective_from)
    _require_sound(command.rows)
    published = JurisdictionsPublished(
        version=command.version, effective_from=command.effective_from, rows=command.rows, published_at=command.now
    )
    return (published,)


def _require_sound(rows: tuple[JurisdictionRow, ...]) -> None:
    places: set[tuple[str, str, str | None]] = set()
    for number, row in enumerate(rows):
        if row.place() in places:
            raise invalid("jurisdiction_repeated", "A place has one row at most.", f"/rows/{number}")
        places.add(row.place())
        sourced = row.source and row.checked_on
        if row.decision is not JurisdictionDecision.SILENT_POLICY_REVIEW and not sourced:
            detail = "A decision needs its source and the day it was checked; without them the place is silent."
            raise invalid("jurisdiction_unsourced", detail, f"/rows/{number}")


def evolve(state: Jurisdictions, event: object) -> Jurisdictions:
    if not isinstance(event, JurisdictionsPublished):
        return state
    edition = Edition(version=event.version, effective_from=event.effective_from, rows=event.rows)
    return replace(state, editions=(*state.editions, edition))


JURISDICTIONS: Decider[Jurisdictions, PublishJurisdictions, JurisdictionsPublished] = Decider(
    Jurisdictions, decide, evolve
)
