"""What records knows of a case from the facts of others, and where the case's own streams are."""

from rso_records_compiler.domain.authorization import Authorization, best
from rso_records_compiler.domain.dossier_commands import StartCompilation
from rso_records_compiler.domain.dossier_events import ChecklistLine
from rso_shared.contracts.base import FactModel
from rso_shared.contracts.intake import (
    AuthorizationRevoked,
    AuthorizationSigned,
    CaseClosed,
    CaseDeclined,
    CaseExpired,
    CaseSubmitted,
    CaseWithdrawn,
    ConditionCoded,
    OrganisationRegistered,
    ProgramPublished,
    QuestionsRevised,
)
from rso_shared.contracts.program import Program, ProgramRef
from rso_shared.contracts.vocabulary import ConditionGroup, RecordKind
from rso_shared.kit import facts
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import DomainError, NotYet, invalid
from rso_shared.kit.store import stream_id

_ENDS: tuple[type[FactModel], ...] = (CaseDeclined, CaseWithdrawn, CaseExpired, CaseClosed)

KEEPS: frozenset[type[FactModel]] = frozenset(
    {
        CaseSubmitted,
        ConditionCoded,
        ProgramPublished,
        OrganisationRegistered,
        AuthorizationSigned,
        AuthorizationRevoked,
        QuestionsRevised,
        *_ENDS,
    }
)


def submitted(tx: Tx, case_id: str) -> CaseSubmitted:
    return facts.require(tx, CaseSubmitted, case_id)


def working(tx: Tx, case_id: str) -> CaseSubmitted:
    """The case, if work on it goes on. Raises 409 `case_closed` once it was declined, withdrawn, expired or closed."""
    case = submitted(tx, case_id)
    if facts.all_of(tx, case_id, *_ENDS):
        raise DomainError("case_closed", "The case is closed; nothing is added to its records.")
    return case


def not_withdrawn(tx: Tx, case_id: str) -> None:
    if facts.latest(tx, CaseWithdrawn, case_id):
        raise DomainError("case_withdrawn", "The case was withdrawn; its documents are no longer shown.")


def authorization(tx: Tx, case_id: str) -> Authorization | None:
    """As intake's facts say it stands; the decider says whether that is enough."""
    revoked = {fact.authorization_id for fact in facts.every(tx, AuthorizationRevoked, case_id)}
    signed = facts.every(tx, AuthorizationSigned, case_id)
    return best(
        [
            Authorization(fact.authorization_id, fact.expires_on, revoked=fact.authorization_id in revoked)
            for fact in signed
        ]
    )


def questions_version(tx: Tx, case_id: str) -> int:
    """The questions of the submission are version 1."""
    revised = facts.latest(tx, QuestionsRevised, case_id)
    return revised.questions_version if revised else 1


def start(tx: Tx, case: CaseSubmitted) -> StartCompilation:
    """The checklist of the case's own program version, for its condition group as coded by now."""
    coded = facts.latest(tx, ConditionCoded, case.case_id)
    group = coded.condition_group if coded else case.condition_group
    return StartCompilation(case.case_id, case.program, group, _checklist(_program(tx, case.program), group))


def _program(tx: Tx, ref: ProgramRef) -> Program:
    """Exactly this version, or NotYet: never another one."""
    for fact in facts.every(tx, ProgramPublished, ref.program_id):
        if fact.program.version == ref.version:
            return fact.program
    raise NotYet(f"program {ref.program_id}@{ref.version}")


def _checklist(program: Program, group: ConditionGroup) -> tuple[ChecklistLine, ...]:
    """A program may leave a group to the list for what is not diagnosed yet; without that one either, a person must say."""
    items = program.checklists.get(group) or program.checklists.get(ConditionGroup.RARE_UNDIAGNOSED)
    if not items:
        raise DomainError(
            "checklist_missing", "The program has no checklist for this condition group.", condition_group=group
        )
    return tuple(ChecklistLine(item.kind, item.required, item.max_age_days, item.note) for item in items)


def known_facility(tx: Tx, case: CaseSubmitted, facility_id: str, pointer: str) -> str:
    """422 `facility_unknown` unless it is registered, or named by the requester as a place of treatment."""
    named = facility_id in case.treating_facility_ids
    if not named and facts.latest(tx, OrganisationRegistered, facility_id) is None:
        raise invalid(
            "facility_unknown", "No facility of this id is known here. Register it at /v1/organisations first.", pointer
        )
    return facility_id


def dossier_stream(case: CaseSubmitted) -> str:
    return stream_id(case.organisation_id, "dossier", case.case_id)


def summary_stream(case: CaseSubmitted) -> str:
    return stream_id(case.organisation_id, "case_summary", case.case_id)


def document_stream(case: CaseSubmitted, document_id: str) -> str:
    return stream_id(case.organisation_id, "document", document_id)


def request_stream(case: CaseSubmitted, facility_id: str, kind: RecordKind) -> str:
    """One stream per case, facility and kind: never two open requests for the same thing is a property of the stream."""
    return stream_id(case.organisation_id, "record_request", f"{case.case_id}/{facility_id}/{kind}")
