"""The coordinator's commands and the other services' questions. Every command absorbs its repetition by state."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from rso_matching import caseload, desk, directory
from rso_matching.api import answers, requests, views
from rso_matching.domain.matching_commands import Complete, Lapse, Stop
from rso_matching.domain.matching_events import ReleaseReason, WithdrawalReason
from rso_matching.domain.matching_state import CaseMatching
from rso_matching.domain.specialist import SPECIALIST
from rso_matching.eligibility import signing_eligibility
from rso_matching.notices import mail
from rso_shared.contracts.matching import SigningEligibility, SpecialistEngagement
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import DomainError, unknown
from rso_shared.kit.store import Executed
from rso_shared.kit.web.call import INTERNAL, Call, Purpose, permitted

router = APIRouter(prefix="/internal/v1/matching", tags=["coordination"])
Coordinating = Annotated[Call, Depends(permitted("matching.coordinate"))]


def _desk(call: Call, tx: Tx) -> desk.Desk:
    return desk.Desk(call.service.store, tx, call.meta(), call.now)


@router.post(
    "/cases/{case_id}/matching",
    status_code=201,
    summary="Match the case: the decision is recorded",
    response_model=answers.StartAnswer,
    **INTERNAL,
)
def start(case_id: str, call: Coordinating) -> Response:
    decision_id = call.new_id()

    def work(tx: Tx) -> answers.StartAnswer:
        done = desk.start(_desk(call, tx), case_id, decision_id=decision_id)
        return _started(case_id, done)

    return call.command(work)


def _started(case_id: str, done: Executed[CaseMatching]) -> answers.StartAnswer:
    decision = done.state.decision
    if decision is None:
        raise DomainError("matching_not_started", "There is no match decision of this case.")
    return answers.StartAnswer(
        case_id=case_id,
        version=done.version,
        round=done.state.round,
        decision_id=decision.decision_id,
        ranking_version=decision.ranking_version,
        considered=decision.considered,
        eligible=len(decision.candidates),
    )


@router.post(
    "/cases/{case_id}/offers",
    status_code=201,
    summary="Offer the case to the next candidate",
    response_model=answers.NextOfferAnswer,
    **INTERNAL,
)
def offer_next(case_id: str, body: requests.NextOffer, call: Coordinating) -> Response:
    offer_id, decision_id = call.new_id(), call.new_id()

    def work(tx: Tx) -> answers.NextOfferAnswer:
        done = desk.offer_next(
            _desk(call, tx), case_id, n=body.n, backup=body.backup, offer_id=offer_id, decision_id=decision_id
        )
        return _offered(case_id, body, done)

    return call.command(work)


def _offered(case_id: str, body: requests.NextOffer, done: Executed[CaseMatching]) -> answers.NextOfferAnswer:
    numbered = None if body.n is None else done.state.offer_number(body.n, backup=body.backup)
    offer = done.state.open_offer if body.n is None else numbered
    if offer is None:
        return answers.NextOfferAnswer(case_id=case_id, version=done.version, exhausted=True)
    return answers.NextOfferAnswer(
        case_id=case_id,
        version=done.version,
        exhausted=False,
        offer_id=offer.offer_id,
        specialist_id=offer.specialist_id,
        status=offer.status,
        offered_at=offer.offered_at,
        expires_at=offer.expires_at,
    )


@router.post(
    "/offers/{offer_id}/lapse",
    status_code=201,
    summary="The window of an offer is over",
    response_model=answers.LapseAnswer,
    **INTERNAL,
)
def lapse(offer_id: str, body: requests.Lapse, call: Coordinating) -> Response:
    command = Lapse(offer_id=offer_id, due=body.due, at=call.now)

    def work(tx: Tx) -> answers.LapseAnswer:
        case_id = caseload.offer_row(tx, offer_id)["case_id"]
        done = _desk(call, tx).execute(case_id, command)
        status = next(offer.status for offer in done.state.offers if offer.offer_id == offer_id)
        return answers.LapseAnswer(case_id=case_id, version=done.version, offer_id=offer_id, status=status)

    return call.command(work)


@router.post(
    "/cases/{case_id}/release",
    status_code=201,
    summary="The case has ended: take back what is open",
    response_model=answers.AssignmentAnswer,
    **INTERNAL,
)
def stop(case_id: str, call: Coordinating, body: requests.Stop | None = None) -> Response:
    reason = f"case_{(body or requests.Stop()).reason}"
    command = Stop(released=ReleaseReason(reason), withdrawn=WithdrawalReason(reason), at=call.now)
    return call.command(lambda tx: _last(case_id, _desk(call, tx).execute(case_id, command)))


@router.post(
    "/cases/{case_id}/completion",
    status_code=201,
    summary="The assignment is done",
    response_model=answers.AssignmentAnswer,
    **INTERNAL,
)
def complete(case_id: str, call: Coordinating) -> Response:
    command = Complete(at=call.now)
    return call.command(lambda tx: _last(case_id, _desk(call, tx).execute(case_id, command)))


def _last(case_id: str, done: Executed[CaseMatching]) -> answers.AssignmentAnswer:
    last = done.state.assignments[-1] if done.state.assignments else None
    return answers.AssignmentAnswer(
        case_id=case_id,
        version=done.version,
        assignment_id=last.assignment_id if last else None,
        specialist_id=last.specialist_id if last else None,
        status=last.status if last else None,
    )


@router.post(
    "/cases/{case_id}/notices",
    status_code=201,
    summary="Mail to a specialist of the case",
    response_model=answers.NoticeAnswer,
    **INTERNAL,
)
def notice(case_id: str, body: requests.Notice, call: Coordinating) -> Response:
    def work(tx: Tx) -> answers.NoticeAnswer:
        notice_id = mail(
            call.service.store,
            tx,
            case_id=case_id,
            specialist_id=body.specialist_id,
            template=body.template,
            key=body.key,
            meta=call.meta(),
        )
        return answers.NoticeAnswer(case_id=case_id, notice_id=notice_id)

    return call.command(work)


@router.get("/eligibility", summary="May this specialist sign for this case now?", **INTERNAL)
def eligibility(case_id: str, specialist_id: str, call: Coordinating) -> SigningEligibility:
    with call.read() as tx:
        return signing_eligibility(tx, case_id, specialist_id, call.now)


@router.get("/specialists/{specialist_id}/engagement", summary="What a specialist has open", **INTERNAL)
def engagement(specialist_id: str, call: Coordinating) -> SpecialistEngagement:
    with call.read() as tx:
        directory.stream_of(tx, specialist_id)
        return SpecialistEngagement(
            specialist_id=specialist_id,
            open_offers=caseload.open_offers(tx, specialist_id),
            active_assignments=caseload.active_counts(tx, [specialist_id]).get(specialist_id, 0),
        )


@router.get("/specialists/{specialist_id}/person", summary="A specialist by name; the look is logged", **INTERNAL)
def person(
    specialist_id: str, purpose: Purpose, call: Coordinating, about_case: str | None = None
) -> answers.SpecialistPerson:
    with call.read() as tx:
        found = call.service.store.fold(tx, SPECIALIST, directory.stream_of(tx, specialist_id)).state
    if found.identity is None:
        raise unknown("specialist_unknown", "No specialist of that id is in the directory.")
    call.reveal(what="specialist", purpose=purpose, person_id=specialist_id, case_id=about_case)
    identity = found.identity.open()
    return answers.SpecialistPerson(
        specialist_id=specialist_id,
        version=found.version,
        given=identity.given,
        family=identity.family,
        npi=identity.npi,
        taxonomy=list(found.taxonomy),
        licences=[views.licence(one) for one in found.licences],
    )
