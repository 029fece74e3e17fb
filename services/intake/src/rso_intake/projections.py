"""Read models of intake, written in the transaction of the append, and rebuilt from the streams."""

from pydantic import TypeAdapter
from sqlalchemy import Column, Date, Integer, PrimaryKeyConstraint, String, Table, Text

from rso_intake import case_list
from rso_intake.case_list import CASE_LIST, METADATA
from rso_intake.domain.jurisdictions import JurisdictionRow, JurisdictionsPublished
from rso_intake.domain.organisation import OrganisationRegistered
from rso_intake.domain.participation import LocalProviderJoined, RequesterLinked
from rso_intake.domain.program import ProgramPublished
from rso_intake.domain.submission import CaseSubmitted
from rso_intake.publish import publish
from rso_shared.kit.events import Recorded, canonical
from rso_shared.kit.projections import Projection
from rso_shared.kit.rows import Rows

ROWS = TypeAdapter(tuple[JurisdictionRow, ...])

CASES = Table(
    "cases",
    METADATA,
    Column("case_id", String, primary_key=True),
    Column("organisation_id", String, nullable=False),
    Column("person_id", String, nullable=False),
    Column("reference_number", String, nullable=False, unique=True),
)
"""By what a case is found."""

PERSON_KEYS = Table(
    "person_keys",
    METADATA,
    Column("identifier_key", String, primary_key=True),
    Column("person_id", String, nullable=False),
)

PROGRAMS = Table(
    "programs",
    METADATA,
    Column("program_id", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("document", Text, nullable=False),
    PrimaryKeyConstraint("program_id", "version"),
)

JURISDICTIONS = Table(
    "jurisdictions",
    METADATA,
    Column("version", Integer, primary_key=True),
    Column("effective_from", Date, nullable=False),
    Column("document", Text, nullable=False),
)

ORGANISATIONS = Table(
    "organisations",
    METADATA,
    Column("organisation_id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("state", String),
)


def apply_case(rows: Rows, recorded: Recorded) -> None:
    event, fact = recorded.event, publish(recorded)
    case_list.apply(rows, recorded, fact.access if fact else ())
    if isinstance(event, CaseSubmitted):
        found = ("case_id", "organisation_id", "person_id", "reference_number")
        rows.insert(CASES, {name: getattr(event, name) for name in found})
        _remember(rows, event)


def _remember(rows: Rows, event: CaseSubmitted) -> None:
    """Not of somebody who is erased: a rebuild must not bring back by whom they were known."""
    if event.identifier_keys and not rows.erased(event.person_id):
        rows.put(PERSON_KEYS, *({"identifier_key": key, "person_id": event.person_id} for key in event.identifier_keys))


def apply_catalogue(rows: Rows, recorded: Recorded) -> None:
    match recorded.event:
        case ProgramPublished(program=program):
            row = {"program_id": program.program_id, "version": program.version}
            rows.insert(PROGRAMS, {**row, "document": canonical(program.model_dump(mode="json"))})
        case OrganisationRegistered() as registered:
            row = {"organisation_id": registered.organisation_id, "name": registered.name, "state": registered.state}
            rows.insert(ORGANISATIONS, {**row, "kind": registered.kind.value})
        case JurisdictionsPublished() as published:
            document = ROWS.dump_json(published.rows).decode()
            found = {"version": published.version, "effective_from": published.effective_from, "document": document}
            rows.insert(JURISDICTIONS, found)
        case _:
            pass


PROJECTIONS = (
    Projection(
        name="cases",
        tables=(CASES, CASE_LIST, PERSON_KEYS),
        apply=apply_case,
        aggregate="case",
        reads=case_list.CHANGING | {CaseSubmitted, RequesterLinked, LocalProviderJoined},
        complete=case_list.show_stages,
    ),
    Projection(name="catalogue", tables=(PROGRAMS, JURISDICTIONS, ORGANISATIONS), apply=apply_catalogue),
)
