"""Reads on the read models: what a command or a page needs to know beside its own stream."""

from datetime import date
from functools import lru_cache

from sqlalchemy import Row, select

from rso_intake.domain.case import CASE, Case
from rso_intake.domain.jurisdictions import Edition
from rso_intake.domain.organisation import Organisation, OrganisationKind
from rso_intake.domain.program import ProgramVersions
from rso_intake.projections import CASES, JURISDICTIONS, ORGANISATIONS, PERSON_KEYS, PROGRAMS, ROWS
from rso_shared.contracts.program import Program
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import DomainError, unknown
from rso_shared.kit.store import EventStore, Folded, stream_id
from rso_shared.kit.tables import ERASURES


def find_stream(tx: Tx, case_id: str) -> str | None:
    organisation = tx.conn.execute(select(CASES.c.organisation_id).where(CASES.c.case_id == case_id)).scalar()
    return None if organisation is None else stream_id(organisation, "case", case_id)


def case_stream(tx: Tx, case_id: str) -> str:
    found = find_stream(tx, case_id)
    if found is None:
        raise unknown("case_unknown", "There is no such case, or none that you may see.")
    return found


def load_case(store: EventStore, tx: Tx, case_id: str) -> Folded[Case]:
    return store.fold(tx, CASE, case_stream(tx, case_id))


def case_by_reference(tx: Tx, number: str) -> str | None:
    return tx.conn.execute(select(CASES.c.case_id).where(CASES.c.reference_number == number)).scalar()


def program_versions(tx: Tx, program_id: str) -> ProgramVersions:
    query = select(PROGRAMS.c.document).where(PROGRAMS.c.program_id == program_id).order_by(PROGRAMS.c.version)
    return ProgramVersions(tuple(Program.model_validate_json(text) for text in tx.conn.execute(query).scalars()))


def program_of(tx: Tx, case: Case) -> Program:
    """The version the case was submitted under. It is never replaced by a newer one."""
    ref = case.submitted.program
    query = select(PROGRAMS.c.document).where(
        PROGRAMS.c.program_id == ref.program_id, PROGRAMS.c.version == ref.version
    )
    return _read(tx.conn.execute(query).scalar_one())


@lru_cache(maxsize=256)
def _read(document: str) -> Program:
    """A version never changes, and most requests about a case ask for the same few."""
    return Program.model_validate_json(document)


def programs(tx: Tx) -> dict[str, ProgramVersions]:
    found: dict[str, tuple[Program, ...]] = {}
    for text in tx.conn.execute(
        select(PROGRAMS.c.document).order_by(PROGRAMS.c.program_id, PROGRAMS.c.version)
    ).scalars():
        program = Program.model_validate_json(text)
        found[program.program_id] = (*found.get(program.program_id, ()), program)
    return {program_id: ProgramVersions(versions) for program_id, versions in found.items()}


def jurisdictions_in_force(tx: Tx, on: date) -> Edition:
    query = select(JURISDICTIONS).where(JURISDICTIONS.c.effective_from <= on)
    row = tx.conn.execute(query.order_by(JURISDICTIONS.c.version.desc()).limit(1)).one_or_none()
    if row is None:
        return Edition()
    return Edition(version=row.version, effective_from=row.effective_from, rows=ROWS.validate_json(row.document))


def organisation(tx: Tx, organisation_id: str) -> Organisation | None:
    row = tx.conn.execute(select(ORGANISATIONS).where(ORGANISATIONS.c.organisation_id == organisation_id)).one_or_none()
    return None if row is None else _organisation(row)


def organisations(tx: Tx, kind: OrganisationKind | None, after: str, limit: int) -> list[Organisation]:
    query = select(ORGANISATIONS).where(ORGANISATIONS.c.organisation_id > after)
    if kind is not None:
        query = query.where(ORGANISATIONS.c.kind == kind.value)
    rows = tx.conn.execute(query.order_by(ORGANISATIONS.c.organisation_id).limit(limit))
    return [_organisation(row) for row in rows]


def _organisation(row: Row[tuple[str, str, str, str | None]]) -> Organisation:
    return Organisation(
        organisation_id=row.organisation_id, kind=OrganisationKind(row.kind), name=row.name, state=row.state
    )


def person_of(tx: Tx, identifier_keys: tuple[str, ...]) -> str | None:
    """The person whom one of these identifiers already names. Never guessed from names or birth dates.

    From the order of an erasure on nobody: whoever comes back is somebody new.
    """
    erased = select(ERASURES.c.person_id).where(ERASURES.c.person_id == PERSON_KEYS.c.person_id)
    known = (PERSON_KEYS.c.identifier_key.in_(identifier_keys), ~erased.exists())
    query = select(PERSON_KEYS.c.person_id).where(*known).distinct()
    found = list(tx.conn.execute(query).scalars())
    if len(found) > 1:
        detail = "These identifiers belong to different persons here; check them before opening a case."
        raise DomainError("identifiers_disagree", detail, pointer="/patient/identifiers")
    return found[0] if found else None
