"""The specialist's side: the draft, its submission, its signature; and the worklist."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from rso_opinions import cases, projections
from rso_opinions.api.content import ReportContent
from rso_opinions.api.models import (
    OpinionState,
    OpinionView,
    ReviewRow,
    Reviews,
    Signature,
    Statement,
    Submission,
    findings_of,
)
from rso_opinions.api.work import Seen, run, seen
from rso_opinions.domain.opinion_commands import SaveDraft, Sign, Submit
from rso_opinions.domain.opinion_state import ReviewState, Version
from rso_opinions.domain.statements import CURRENT_STATEMENT, STATEMENTS
from rso_shared.contracts.matching import SigningEligibility
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit import cursor
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import Transient, forbidden
from rso_shared.kit.web.as_of import AsOf
from rso_shared.kit.web.call import STAFF, Call, Purpose, permitted

router = APIRouter(prefix="/v1", tags=["opinions"])
Reading = Annotated[Call, Depends(permitted("opinion.read"))]
Writing = Annotated[Call, Depends(permitted("opinion.write"))]
Signing = Annotated[Call, Depends(permitted("opinion.sign"))]

ELIGIBILITY = "/internal/v1/matching/eligibility"
USER_AGENT_MAX = 500


@router.get("/reviews", summary="Reviews under way: a specialist's own, or all for quality review", **STAFF)
def reviews(
    call: Reading,
    state: Annotated[ReviewState | None, Query()] = None,
    cursor_: Annotated[str | None, Query(alias="cursor", max_length=400)] = None,
    limit: Annotated[int, Query(ge=1, le=projections.PAGE)] = projections.PAGE,
) -> Reviews:
    own = call.principal.subject if call.principal.role is Role.SPECIALIST else None
    after = cursor.decode(call.service.keys, cursor_, 2) if cursor_ else None
    wanted = projections.Wanted(state=state, specialist_id=own, after=after, limit=limit)
    with call.read() as tx:
        rows = projections.reviews(tx, wanted)
    last = rows[-1] if len(rows) == limit else None
    follows = cursor.encode(call.service.keys, last["due_at"], last["case_id"]) if last else None
    return Reviews(reviews=[ReviewRow.model_validate(dict(row)) for row in rows], next_cursor=follows)


@router.get("/cases/{case_id}/opinion", summary="The opinion being written or reviewed", **STAFF)
def opinion(case_id: str, call: Reading, as_of: AsOf) -> OpinionView:
    """The specialist sees the newest draft of their own review, a reviewer the submitted version."""
    with call.read() as tx:
        found = seen(call, tx, case_id, as_of=as_of)
        question_ids = cases.basis(tx, found.case).question_ids
    shown = _shown(call, found)
    if shown is not None:
        purpose = Purpose.REVIEW if call.principal.role is Role.SPECIALIST else Purpose.QUALITY_REVIEW
        call.reveal(what="opinion", purpose=purpose, case_id=case_id, person_id=found.opinion.person_id)
    findings = found.opinion.findings
    return OpinionView(
        opinion=OpinionState.of(case_id, found.opinion, found.version),
        as_of=as_of or call.now,
        question_ids=question_ids,
        report_version=shown.number if shown else None,
        report=ReportContent.of(shown.report.open()) if shown else None,
        findings=findings_of(findings.open() if findings else None),
        statement=Statement(version=CURRENT_STATEMENT, text=STATEMENTS[CURRENT_STATEMENT]),
    )


def _shown(call: Call, found: Seen) -> Version | None:
    """Blind: a specialist sees the review assigned to them and never another's, whatever instant they ask for."""
    if call.principal.role is not Role.SPECIALIST:
        return found.opinion.submitted
    if found.opinion.specialist_id != call.principal.subject:
        raise forbidden("not_assigned_specialist", "Only the specialist to whom the case is assigned may see this.")
    return found.opinion.draft


@router.post(
    "/cases/{case_id}/opinion/drafts",
    status_code=201,
    response_model=OpinionState,
    summary="Save a numbered draft",
    **STAFF,
)
def draft(case_id: str, body: ReportContent, call: Writing) -> Response:
    report = body.to_domain()

    def work(tx: Tx) -> OpinionState:
        return run(call, tx, cases.submitted(tx, case_id), SaveDraft(call.principal.subject, report))

    return call.command(work)


@router.post(
    "/cases/{case_id}/opinion/submission",
    status_code=201,
    response_model=OpinionState,
    summary="Submit the newest draft to quality review",
    **STAFF,
)
def submission(case_id: str, call: Writing, body: Submission | None = None) -> Response:
    """Refused until every current question has an answer and every citation is a document of the case."""

    def work(tx: Tx) -> OpinionState:
        case = cases.submitted(tx, case_id)
        command = Submit(
            author=call.principal.subject,
            opinion_version=body.opinion_version if body else None,
            basis=cases.basis(tx, case),
            document_ids=frozenset(document.document_id for document in cases.documents(tx, case_id)),
        )
        return run(call, tx, case, command)

    return call.command(work)


@router.post(
    "/cases/{case_id}/opinion/signature",
    status_code=201,
    response_model=OpinionState,
    summary="Sign the approved opinion",
    **STAFF,
)
def signature(case_id: str, body: Signature, call: Signing) -> Response:
    """Fixes the content for ever. 409 `licence_lapsed` if the specialist may not sign; 503 if that cannot be checked."""
    client = call.request.client
    command = Sign(
        signer=call.principal.subject,
        typed_name=body.typed_name,
        statement_version=body.statement_version,
        address=client.host if client else "",
        user_agent=call.request.headers.get("user-agent", "")[:USER_AGENT_MAX],
        eligibility=_eligibility(call, case_id),
        at=call.now,
    )

    def work(tx: Tx) -> OpinionState:
        return run(call, tx, cases.submitted(tx, case_id), command)

    return call.command(work)


def _eligibility(call: Call, case_id: str) -> SigningEligibility | None:
    """Asked before the transaction; None if matching is away, so that a stored answer can still be replayed."""
    try:
        answer = call.service.neighbours.get(ELIGIBILITY, case_id=case_id, specialist_id=call.principal.subject)
    except Transient:
        return None
    return SigningEligibility.model_validate(answer)
