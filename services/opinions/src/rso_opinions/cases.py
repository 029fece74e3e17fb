"""What opinions knows of a case from the facts of others, and where the case's own stream is."""

from dataclasses import replace

from rso_opinions.domain.opinion_events import Basis
from rso_opinions.rendering.document import RecordDocument
from rso_shared.contracts.intake import (
    CaseSubmitted,
    CaseWithdrawn,
    LocalProviderJoined,
    ProgramPublished,
    QuestionsFrozen,
    QuestionsRevised,
)
from rso_shared.contracts.matching import AssignmentReleased, OfferAccepted
from rso_shared.contracts.program import Program, ProgramRef
from rso_shared.contracts.records import (
    CaseSummarySigned,
    RecordItemAccepted,
    RecordItemReceived,
    RecordItemRejected,
    RecordItemWaived,
    RecordSetAccepted,
)
from rso_shared.contracts.vocabulary import RecordKind, RequesterRelation
from rso_shared.kit import facts
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import NotYet
from rso_shared.kit.store import stream_id


def submitted(tx: Tx, case_id: str) -> CaseSubmitted:
    return facts.require(tx, CaseSubmitted, case_id)


def opinion_stream(case: CaseSubmitted) -> str:
    return stream_id(case.organisation_id, "opinion", case.case_id)


def program(tx: Tx, ref: ProgramRef) -> Program:
    """The version the case was submitted under, never another one; NotYet while it is on its way."""
    for published in facts.every(tx, ProgramPublished, ref.program_id):
        if published.program.version == ref.version:
            return published.program
    raise NotYet(f"program {ref.program_id}@{ref.version}")


def withdrawn(tx: Tx, case_id: str) -> bool:
    return facts.latest(tx, CaseWithdrawn, case_id) is not None


def provider_joined(tx: Tx, case: CaseSubmitted) -> bool:
    """A local provider who submitted the case is its local provider."""
    submitted_it = case.requester_relation is RequesterRelation.LOCAL_PROVIDER
    return submitted_it or facts.latest(tx, LocalProviderJoined, case.case_id) is not None


def accepted(tx: Tx, case_id: str, assignment_id: str) -> OfferAccepted:
    """The acceptance from which this assignment came; NotYet until it has arrived."""
    for offer in facts.every(tx, OfferAccepted, case_id):
        if offer.assignment_id == assignment_id:
            return offer
    raise NotYet(f"assignment {assignment_id}")


def assignment_released(tx: Tx, case_id: str, assignment_id: str) -> bool:
    return any(fact.assignment_id == assignment_id for fact in facts.every(tx, AssignmentReleased, case_id))


def basis(tx: Tx, case: CaseSubmitted) -> Basis:
    """What an opinion submitted now rests on."""
    revised = facts.latest(tx, QuestionsRevised, case.case_id)
    frozen = facts.latest(tx, QuestionsFrozen, case.case_id)
    summary = facts.latest(tx, CaseSummarySigned, case.case_id)
    record_set = facts.latest(tx, RecordSetAccepted, case.case_id)
    versioned = revised or frozen
    return Basis(
        question_ids=revised.question_ids if revised else case.question_ids,
        questions_version=versioned.questions_version if versioned else None,
        summary_version=summary.summary_version if summary else None,
        manifest_sha256=record_set.manifest_sha256 if record_set else None,
        program=case.program,
    )


def documents(tx: Tx, case_id: str) -> tuple[RecordDocument, ...]:
    """The documents of the record in the order they came, without the rejected ones."""
    found: dict[str, RecordDocument] = {}
    for fact in facts.all_of(tx, case_id, RecordItemReceived, RecordItemAccepted, RecordItemRejected):
        match fact.data:
            case RecordItemReceived(document_id=id_, kind=kind, month=month):
                found[id_] = RecordDocument(id_, (kind,), month)
            case RecordItemAccepted(document_id=id_, kinds=kinds) if id_ in found:
                found[id_] = replace(found[id_], kinds=kinds)
            case RecordItemRejected(document_id=id_):
                found.pop(id_, None)
    return tuple(found.values())


def waived(tx: Tx, case_id: str) -> tuple[RecordKind, ...]:
    return tuple(dict.fromkeys(fact.kind for fact in facts.every(tx, RecordItemWaived, case_id)))
