"""Read models of intake, written in the transaction of the append, and rebuilt from the streams."""

from pydantic import TypeAdapter
from sqlalchemy import Column, Date, Index, Integer, MetaData, PrimaryKeyConstraint, String, Table, Text, insert, update

from rso_intake.domain.condition import ConditionCoded
from rso_intake.domain.jurisdictions import JurisdictionRow, JurisdictionsPublished
from rso_intake.domain.lifecycle import CaseClosed, Phase
from rso_intake.domain.organisation import OrganisationRegistered
from rso_intake.domain.program import ProgramPublished
from rso_intake.domain.submission import CaseSubmitted
from rso_intake.domain.triage import OwnerAssigned, PriorityChanged
from rso_shared.contracts.vocabulary import CloseReason
from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx
from rso_shared.kit.events import Recorded, canonical
from rso_shared.kit.projections import Projection, Tables

METADATA = MetaData()
ROWS = TypeAdapter(tuple[JurisdictionRow, ...])

CASES = Table(
    "cases",
    METADATA,
    Column("case_id", String, primary_key=True),
    Column("organisation_id", String, nullable=False),
    Column("program_id", String, nullable=False),
    Column("program_version", Integer, nullable=False),
    Column("person_id", String, nullable=False),
    Column("client_reference", String),
    Column("reference_number", String, nullable=False, unique=True),
    Column("lifecycle", String, nullable=False),
    Column("priority", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("condition_group", String, nullable=False),
    Column("country", String, nullable=False),
    Column("state", String, nullable=False),
    Column("submitted_at", String, nullable=False),
    Column("updated_at", String, nullable=False),
    Index("cases_by_update", "updated_at", "case_id"),
    Index("cases_by_client_reference", "client_reference"),
)

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

CASE_STAGES = Table(
    "case_stages",
    METADATA,
    Column("case_id", String, primary_key=True),
    Column("stage", String, nullable=False),
    Column("entered_at", String, nullable=False),
)
"""The coordinator's newest stage per case, written by the consumer. Not rebuilt here: its source is the kept fact."""


def case_id_of(recorded: Recorded) -> str | None:
    """The case of a case stream `{organisation}/case/{id}`; None for any other stream."""
    _, aggregate, id_ = recorded.stream.split("/", 2)
    return id_ if aggregate == "case" else None


def apply_case(tx: Tx, tables: Tables, recorded: Recorded) -> None:
    case_id = case_id_of(recorded)
    if case_id is None:
        return
    at = iso(recorded.recorded_at)
    if isinstance(recorded.event, CaseSubmitted):
        tx.conn.execute(insert(tables["cases"]).values(**_case_row(recorded.event), updated_at=at))
        for key in recorded.event.identifier_keys:
            _remember_person(tx, tables["person_keys"], key, recorded.event.person_id)
    else:
        cases = tables["cases"]
        changes = {"updated_at": at, **_changes(recorded.event)}
        tx.conn.execute(update(cases).where(cases.c.case_id == case_id).values(**changes))


def _case_row(event: CaseSubmitted) -> dict[str, object]:
    return {
        "case_id": event.case_id,
        "organisation_id": event.organisation_id,
        "program_id": event.program.program_id,
        "program_version": event.program.version,
        "person_id": event.person_id,
        "client_reference": event.client_reference,
        "reference_number": event.reference_number,
        "lifecycle": Phase.OPEN.value,
        "priority": event.priority.value,
        "owner": event.owner,
        "condition_group": event.condition_group.value,
        "country": event.country,
        "state": event.state,
        "submitted_at": iso(event.submitted_at),
    }


def _remember_person(tx: Tx, table: Table, key: str, person_id: str) -> None:
    """An update first, so that the same identifier again, in a rebuild too, changes nothing."""
    known = tx.conn.execute(update(table).where(table.c.identifier_key == key).values(person_id=person_id))
    if known.rowcount == 0:
        tx.conn.execute(insert(table).values(identifier_key=key, person_id=person_id))


def _changes(event: object) -> dict[str, str]:
    match event:
        case OwnerAssigned(owner=owner):
            return {"owner": owner}
        case PriorityChanged(priority=priority):
            return {"priority": priority.value}
        case ConditionCoded(condition_group=group):
            return {"condition_group": group.value}
        case CaseClosed(close_reason=reason):
            in_error = reason is CloseReason.ENTERED_IN_ERROR
            return {"lifecycle": (Phase.ENTERED_IN_ERROR if in_error else Phase.CLOSED).value}
        case _:
            return {}


def apply_catalogue(tx: Tx, tables: Tables, recorded: Recorded) -> None:
    match recorded.event:
        case ProgramPublished(program=program):
            row = {"program_id": program.program_id, "version": program.version}
            tx.conn.execute(
                insert(tables["programs"]).values(**row, document=canonical(program.model_dump(mode="json")))
            )
        case OrganisationRegistered() as registered:
            row = {"organisation_id": registered.organisation_id, "name": registered.name, "state": registered.state}
            tx.conn.execute(insert(tables["organisations"]).values(**row, kind=registered.kind.value))
        case JurisdictionsPublished() as published:
            row = {"version": published.version, "effective_from": published.effective_from}
            document = ROWS.dump_json(published.rows).decode()
            tx.conn.execute(insert(tables["jurisdictions"]).values(**row, document=document))
        case _:
            pass


PROJECTIONS = (
    Projection(name="cases", tables=(CASES, PERSON_KEYS), apply=apply_case),
    Projection(name="catalogue", tables=(PROGRAMS, JURISDICTIONS, ORGANISATIONS), apply=apply_catalogue),
)
