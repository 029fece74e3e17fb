"""Offers: what a specialist is asked, de-identified until accepted, and the answers to it."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import RowMapping

from rso_matching import caseload, desk
from rso_matching.api import answers, requests, views
from rso_matching.domain import statement
from rso_matching.domain.matching_commands import Attest, Decline, MatchingCommand
from rso_matching.domain.matching_state import CaseMatching, OfferStatus
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import DomainError, unknown
from rso_shared.kit.store import Executed
from rso_shared.kit.web.call import PUBLIC, Call, permitted

router = APIRouter(tags=["offers"])
Reading = Annotated[Call, Depends(permitted("offer.read"))]
Answering = Annotated[Call, Depends(permitted("offer.answer"))]
Decision = Callable[[desk.Desk, str], Executed[CaseMatching]]


@router.get("/v1/offers", summary="A specialist's own offers, newest first; for the desk, all", **PUBLIC)
def list_offers(
    call: Reading,
    status: OfferStatus | None = None,
    case_id: str | None = None,
    specialist_id: str | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> answers.OfferPage:
    wanted = caseload.OfferFilter(
        specialist_id=specialist_id if _staff(call) else call.principal.subject,
        case_id=case_id if _staff(call) else None,
        status=status,
        before=_place(cursor),
    )
    with call.read() as tx:
        rows = caseload.offer_rows(tx, wanted, limit)
    last = rows[-1] if len(rows) == limit else None
    return answers.OfferPage(
        offers=[views.offer(row, call.now, staff=_staff(call)) for row in rows],
        next_cursor=f"{last['offered_at']}~{last['offer_id']}" if last else None,
    )


@router.get("/v1/offers/{offer_id}", summary="One offer", **PUBLIC)
def get_offer(offer_id: str, call: Reading) -> answers.OfferView:
    with call.read() as tx:
        row = _own(call, tx, offer_id)
    return views.offer(row, call.now, staff=_staff(call))


@router.post(
    "/v1/offers/{offer_id}/attestation",
    status_code=201,
    summary="Attest whether there is a conflict of interest",
    response_model=answers.OfferAnswer,
    **PUBLIC,
)
def attest(offer_id: str, body: requests.Attestation, call: Answering) -> Response:
    """`conflict: true` declines the offer in the same breath."""
    statement.require_current(body.statement_version)
    command = Attest(offer_id=offer_id, conflict=body.conflict, statement_version=body.statement_version, at=call.now)
    return _answer(call, offer_id, _plain(command))


@router.post(
    "/v1/offers/{offer_id}/acceptance",
    status_code=201,
    summary="Accept an offer: identified access to the case begins",
    response_model=answers.OfferAnswer,
    **PUBLIC,
)
def accept(offer_id: str, call: Answering, _body: requests.Acceptance | None = None) -> Response:
    assignment_id = call.new_id()

    def decision(at: desk.Desk, case_id: str) -> Executed[CaseMatching]:
        return desk.accept(at, case_id, offer_id=offer_id, assignment_id=assignment_id)

    return _answer(call, offer_id, decision)


@router.post(
    "/v1/offers/{offer_id}/decline",
    status_code=201,
    summary="Decline an offer with a reason",
    response_model=answers.OfferAnswer,
    **PUBLIC,
)
def decline(offer_id: str, body: requests.OfferRefusal, call: Answering) -> Response:
    return _answer(call, offer_id, _plain(Decline(offer_id=offer_id, reason=body.reason, at=call.now)))


def _plain(command: MatchingCommand) -> Decision:
    return lambda at, case_id: at.execute(case_id, command)


def _answer(call: Call, offer_id: str, decision: Decision) -> Response:
    def work(tx: Tx) -> answers.OfferAnswer:
        case_id = _own(call, tx, offer_id)["case_id"]
        done = decision(desk.Desk(call.service.store, tx, call.meta(), call.now), case_id)
        return _answered(done, offer_id)

    return call.command(work)


def _answered(done: Executed[CaseMatching], offer_id: str) -> answers.OfferAnswer:
    """The case is named from acceptance on, and not before."""
    status = next(offer.status for offer in done.state.offers if offer.offer_id == offer_id)
    assignment = next((one for one in done.state.assignments if one.offer_id == offer_id), None)
    return answers.OfferAnswer(
        offer_id=offer_id,
        status=status,
        version=done.version,
        case_id=done.state.case_id if assignment else None,
        assignment_id=assignment.assignment_id if assignment else None,
        accepted_at=assignment.accepted_at if assignment else None,
    )


def _own(call: Call, tx: Tx, offer_id: str) -> RowMapping:
    """An unknown offer and somebody else's look the same."""
    row = caseload.offer_row(tx, offer_id)
    if not _staff(call) and row["specialist_id"] != call.principal.subject:
        raise unknown("offer_unknown", "There is no such offer, or none that you may see.")
    return row


def _staff(call: Call) -> bool:
    return call.principal.role is not Role.SPECIALIST


def _place(cursor: str | None) -> tuple[str, str] | None:
    if cursor is None:
        return None
    offered_at, mark, offer_id = cursor.partition("~")
    if not mark:
        raise DomainError("cursor_invalid", "Use the next_cursor of the page before.", status=400)
    return offered_at, offer_id
