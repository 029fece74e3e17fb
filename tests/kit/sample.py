"""A small service to try the kit with: cases that are opened for a person and gather notes. It has no field of its own."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import Column, Integer, MetaData, String, Table

from rso_shared.contracts.base import AccessChange, CaseFact, FactModel
from rso_shared.kit import notices
from rso_shared.kit.decider import Decider
from rso_shared.kit.errors import DomainError
from rso_shared.kit.events import Actor, Meta, Recorded, event
from rso_shared.kit.names import ServiceName
from rso_shared.kit.projections import Projection
from rso_shared.kit.rows import Rows
from rso_shared.kit.sealed import Sealed
from rso_shared.kit.store import stream_id

SAMPLE = ServiceName("sample", "sample", "rso_sample")
OTHER_TOPIC, THIRD_TOPIC = "rso.other.v1", "rso.third.v1"
AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
META = Meta(actor=Actor(type="user", id="someone", role="operations", organisation_id="operator"), correlation_id="c-1")


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    email: str


@event("sample.case_opened")
class Opened:
    case_id: str
    colour: Colour
    opened_at: datetime
    person: Sealed[Person]


@event("sample.note_added")
class NoteAdded:
    case_id: str
    note_id: str
    number: int


@event("sample.case_touched")
class Touched:
    """Stays inside: it has no public fact."""

    case_id: str


@event("sample.notice_requested")
class NoticeRequested(notices.NoticeRequested): ...


@event("sample.notice_sent")
class NoticeSent(notices.NoticeSent): ...


NOTICES = notices.NoticeSpec(requested=NoticeRequested, sent=NoticeSent)


class CaseOpened(CaseFact):
    TYPE: ClassVar[str] = "sample.case_opened"
    CHANGES_ACCESS: ClassVar[bool] = True
    colour: Colour


class NoteWritten(CaseFact):
    TYPE: ClassVar[str] = "sample.note_written"
    number: int


class Arrived(CaseFact):
    """A fact of another service."""

    TYPE: ClassVar[str] = "other.arrived"
    number: int


class Based(CaseFact):
    """A fact of a third service, on which `Arrived` may depend."""

    TYPE: ClassVar[str] = "third.based"


@dataclass(frozen=True, slots=True)
class Case:
    opened: Opened | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Open:
    case_id: str
    person: Sealed[Person]
    opened_at: datetime
    colour: Colour = Colour.RED


@dataclass(frozen=True, slots=True)
class AddNote:
    case_id: str
    note_id: str


def decide(command: Open | AddNote, state: Case) -> list[Opened | NoteAdded]:
    if isinstance(command, Open):
        if state.opened is not None:
            raise DomainError("already_open", "This case is open already.")
        opened = Opened(
            case_id=command.case_id, colour=command.colour, opened_at=command.opened_at, person=command.person
        )
        return [opened]
    if state.opened is None:
        raise DomainError("not_open", "Open the case first.")
    if command.note_id in state.notes:
        return []
    return [NoteAdded(case_id=command.case_id, note_id=command.note_id, number=len(state.notes) + 1)]


def evolve(state: Case, happened: object) -> Case:
    if isinstance(happened, Opened):
        return replace(state, opened=happened)
    if isinstance(happened, NoteAdded):
        return replace(state, notes=(*state.notes, happened.note_id))
    return state


CASE: Decider[Case, Open | AddNote, Opened | NoteAdded] = Decider(Case, decide, evolve)

METADATA = MetaData()
CASES = Table(
    "sample_cases", METADATA, Column("case_id", String, primary_key=True), Column("notes", Integer, nullable=False)
)


def _project(rows: Rows, recorded: Recorded) -> None:
    """Counts, so that an event which is applied twice or never is seen."""
    happened = recorded.event
    if isinstance(happened, Opened):
        rows.insert(CASES, {"case_id": happened.case_id, "notes": 0})
    elif isinstance(happened, NoteAdded):
        row = rows.get(CASES, happened.case_id)
        if row is not None:
            rows.update(CASES, happened.case_id, notes=row["notes"] + 1)


PROJECTION = Projection("sample_cases", (CASES,), _project)


def publish(recorded: Recorded) -> FactModel | None:
    happened = recorded.event
    if isinstance(happened, Opened):
        party = AccessChange(role="patient", subject=recorded.meta.actor.id)
        return CaseOpened(case_id=happened.case_id, colour=happened.colour, access=(party,))
    if isinstance(happened, NoteAdded):
        return NoteWritten(case_id=happened.case_id, number=happened.number)
    return None


def stream(case_id: str) -> str:
    return stream_id("operator", "case", case_id)


def opening(case_id: str, name: str = "Ada Quill") -> Open:
    return Open(case_id, Sealed(f"person-{case_id}", Person(name, "ada@example.org")), AT)
