"""`GET /v1/cases/{id}` as a pure function of intake's own state and the facts it keeps of the others."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from rso_intake.domain.case import Case
from rso_intake.domain.reference import joinable_until
from rso_intake.views import CaseView, DeclineView, DocumentsView, EligibilityView
from rso_shared.contracts import coordinator, opinions, records
from rso_shared.contracts.base import FactModel
from rso_shared.contracts.coordinator import WaitingOn
from rso_shared.contracts.program import Program
from rso_shared.contracts.vocabulary import RecordKind, Stage

F = TypeVar("F", bound=FactModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """Intake's part: the folded case, its stream's version, the program version it carries and the instant of asking."""

    case: Case
    version: int
    program: Program
    now: datetime


def compose(own: Own, kept: Sequence[FactModel]) -> CaseView:
    """`kept` in order of arrival. Before the first stage_entered the case is `submitted` and waits for its screening."""
    case, opened = own.case, own.case.submitted
    entered = _last(kept, coordinator.StageEntered)
    promise = _last(kept, coordinator.PromiseChanged)
    return CaseView(
        case_id=opened.case_id,
        person_id=opened.person_id,
        version=own.version,
        client_reference=opened.client_reference,
        reference_number=opened.reference_number if own.now < joinable_until(opened.submitted_at) else None,
        program=opened.program,
        requester_relation=opened.requester_relation,
        partner_organisation_id=opened.partner_organisation_id,
        sponsor_id=opened.sponsor_id,
        condition_group=case.coded.group,
        country=opened.country,
        state=opened.state,
        minor=opened.minor,
        language=opened.language,
        coverage_route=opened.coverage_route,
        priority=case.triage.priority,
        owner=case.triage.owner,
        lifecycle=case.lifecycle.phase,
        ending=case.lifecycle.ending,
        close_reason=case.lifecycle.close_reason,
        hold_reasons=list(case.triage.hold_reasons),
        decline=_decline(own),
        eligibility=_eligibility(case),
        stage=entered.stage if entered else Stage.SUBMITTED,
        stage_as_of=entered.entered_at if entered else opened.submitted_at,
        waiting_on=_waiting_on(own, kept, started=entered is not None),
        promised_by=promise.promised_by if promise else None,
        documents=_documents(kept),
        questions_version=case.questions.version,
        questions_frozen=case.questions.frozen_version is not None,
        submitted_at=opened.submitted_at,
        links=_links(opened.case_id, kept),
    )


def _last(kept: Sequence[FactModel], model: type[F]) -> F | None:
    return next((fact for fact in reversed(kept) if isinstance(fact, model)), None)


def _waiting_on(own: Own, kept: Sequence[FactModel], *, started: bool) -> list[WaitingOn]:
    changed = _last(kept, coordinator.WaitingChanged)
    if started or changed:
        return list(changed.waiting_on) if changed else []
    opened = own.case.submitted
    screening = WaitingOn(
        party="program",
        what="screening",
        since=opened.submitted_at,
        due=opened.submitted_at + own.program.first_contact_within,
        how_to_act=f"/v1/cases/{opened.case_id}",
    )
    return [screening]


def _documents(kept: Sequence[FactModel]) -> DocumentsView:
    started = _last(kept, records.RecordsCompilationStarted)
    required = started.required if started else ()
    received: dict[str, RecordKind] = {}
    settled: set[RecordKind] = set()
    for fact in kept:
        match fact:
            case records.RecordItemReceived(document_id=document, kind=kind):
                received[document] = kind
            case records.RecordItemRejected(document_id=document):
                received.pop(document, None)
            case records.RecordItemAccepted(kinds=kinds):
                settled.update(kinds)
            case records.RecordItemWaived(kind=kind):
                settled.add(kind)
            case _:
                pass
    missing = [kind for kind in required if kind not in settled]
    return DocumentsView(required=list(required), received=dict(Counter(received.values())), missing=missing)


def _decline(own: Own) -> DeclineView | None:
    declined = own.case.eligibility.declined
    if declined is None:
        return None
    text = own.program.screening.decline_texts[declined.reason].text
    return DeclineView(reason=declined.reason, text=text, alternative=declined.alternative)


def _eligibility(case: Case) -> EligibilityView | None:
    confirmed = case.eligibility.confirmed
    if confirmed is None:
        return None
    return EligibilityView(
        jurisdiction_decision=confirmed.jurisdiction_decision,
        jurisdictions_version=confirmed.jurisdictions_version,
        local_provider_required=confirmed.local_provider_required,
        licensed_only=confirmed.licensed_only,
        decided_at=confirmed.decided_at,
    )


def case_links(case_id: str) -> dict[str, str]:
    own = f"/v1/cases/{case_id}"
    parts = ("questions", "authorizations", "documents", "checklist", "record-requests", "charges", "timeline")
    return {"self": own, **{part.replace("-", "_"): f"{own}/{part}" for part in parts}}


def _links(case_id: str, kept: Sequence[FactModel]) -> dict[str, str]:
    links = case_links(case_id)
    if _last(kept, opinions.OpinionReleased):
        links |= {"report": f"/v1/cases/{case_id}/report", "report_pdf": f"/v1/cases/{case_id}/report.pdf"}
    return links
