"""What the coordinator commands. Each is done once: a repeat answers the state as it is."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from rso_opinions import cases
from rso_opinions.api.models import (
    CancellationBody,
    OpinionState,
    QualityReviewStart,
    ReleaseBody,
    ReviewStart,
)
from rso_opinions.api.press import press
from rso_opinions.api.work import run, seen
from rso_opinions.domain.opinion_commands import (
    CancelReview,
    Release,
    StartQualityReview,
    StartReview,
)
from rso_opinions.domain.opinion_state import ENDED, FIXED
from rso_shared.contracts.intake import CaseSubmitted
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import DomainError, NotYet
from rso_shared.kit.web.call import INTERNAL, Call, permitted

router = APIRouter(prefix="/internal/v1/opinions/cases/{case_id}", tags=["opinions"])
Coordinating = Annotated[Call, Depends(permitted("opinions.coordinate"))]


@router.post("/review", status_code=201, response_model=OpinionState, summary="Start a review", **INTERNAL)
def review(case_id: str, body: ReviewStart, call: Coordinating) -> Response:
    """503 `not_yet_known` until the acceptance has arrived, and while the review of a released assignment still runs."""

    def work(tx: Tx) -> OpinionState:
        case = cases.submitted(tx, case_id)
        _require_accepted(tx, case_id, body)
        _require_free(call, tx, case, body.assignment_id)
        command = StartReview(
            assignment_id=body.assignment_id,
            specialist_id=body.specialist_id,
            person_id=case.person_id,
            due_at=body.due_at,
            case_withdrawn=cases.withdrawn(tx, case_id),
            assignment_released=cases.assignment_released(tx, case_id, body.assignment_id),
        )
        return run(call, tx, case, command)

    return call.command(work)


def _require_accepted(tx: Tx, case_id: str, body: ReviewStart) -> None:
    if cases.accepted(tx, case_id, body.assignment_id).specialist_id != body.specialist_id:
        raise DomainError("assignment_mismatch", "This assignment is another specialist's.")


def _require_free(call: Call, tx: Tx, case: CaseSubmitted, assignment_id: str) -> None:
    """Matching never has two active assignments: if another review still runs here, its release is on the way."""
    opinion = seen(call, tx, case.case_id).opinion
    if opinion.state in ENDED | FIXED or assignment_id in opinion.assignments:
        return
    raise NotYet(f"release of assignment {opinion.assignment_id}")


@router.post("/quality-review", response_model=OpinionState, summary="Start quality review", **INTERNAL)
def quality_review(case_id: str, call: Coordinating, body: QualityReviewStart | None = None) -> Response:
    """`opinion_version`: the submission that is meant; another one is left alone."""
    meant = body.opinion_version if body else None

    def work(tx: Tx) -> OpinionState:
        return run(call, tx, cases.submitted(tx, case_id), StartQualityReview(meant))

    return call.command(work)


@router.post("/release", status_code=201, response_model=OpinionState, summary="Release to whoever is next", **INTERNAL)
def release(case_id: str, call: Coordinating, body: ReleaseBody | None = None) -> Response:
    """Renders the PDFs at the first release and keeps one pair. `recipients` in the answer are all released to so far."""
    pressed = press(call, case_id)

    def work(tx: Tx) -> OpinionState:
        case = cases.submitted(tx, case_id)
        command = Release(
            policy=cases.program(tx, case.program).release.policy,
            program=case.program,
            provider_joined=cases.provider_joined(tx, case),
            case_withdrawn=cases.withdrawn(tx, case_id),
            recipients=body.recipients if body else None,
            rendered=pressed.rendered if pressed else None,
            at=call.now,
        )
        answer = run(call, tx, case, command)
        kept = {rendering.object_id for rendering in seen(call, tx, case_id).opinion.renderings}
        for blob in pressed.blobs if pressed else ():
            if blob.object_id in kept:
                call.service.blobs.commit(tx, blob)
        return answer

    return call.command(work)


@router.post("/cancellation", response_model=OpinionState, summary="End an active review", **INTERNAL)
def cancellation(case_id: str, call: Coordinating, body: CancellationBody | None = None) -> Response:
    asked = body or CancellationBody()

    def work(tx: Tx) -> OpinionState:
        command = CancelReview(asked.reason, asked.assignment_id)
        return run(call, tx, cases.submitted(tx, case_id), command)

    return call.command(work)
