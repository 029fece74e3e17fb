"""Who has a case, the end of it by the desk, and the match decision with its proof."""

import hashlib
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import TypeAdapter

from rso_matching import desk, registration
from rso_matching.api import answers, requests, views
from rso_matching.domain.case_matching import CASE_MATCHING
from rso_matching.domain.decision import MatchDecision, recompute
from rso_matching.domain.matching_commands import Release
from rso_matching.domain.matching_events import ReleaseReason
from rso_matching.domain.matching_state import AssignmentStatus, CaseMatching
from rso_matching.subscribe import stream_of_case
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import unknown
from rso_shared.kit.events import canonical
from rso_shared.kit.store import Folded
from rso_shared.kit.web.as_of import AsOf
from rso_shared.kit.web.call import PUBLIC, STAFF, Call, permitted

router = APIRouter(tags=["assignment"])
_DECISION: TypeAdapter[MatchDecision] = TypeAdapter(MatchDecision)


@router.get("/v1/cases/{case_id}/assignment", summary="Who has the case, or how far the search is", **PUBLIC)
def get_assignment(
    case_id: str, call: Annotated[Call, Depends(permitted("assignment.read"))], as_of: AsOf
) -> answers.CaseAssignment:
    with call.read() as tx:
        folded = _fold(call, tx, case_id, as_of)
    return views.case_assignment(case_id, folded.version, folded.state)


@router.post(
    "/v1/cases/{case_id}/assignment/release",
    status_code=201,
    summary="Take the case back from its specialist",
    response_model=answers.AssignmentAnswer,
    **STAFF,
)
def release(
    case_id: str, body: requests.AssignmentRelease, call: Annotated[Call, Depends(permitted("assignment.release"))]
) -> Response:
    """Access to the case ends with it; the specialist is not asked again."""
    command = Release(reason=ReleaseReason(body.reason.value), at=call.now)

    def work(tx: Tx) -> answers.AssignmentAnswer:
        done = desk.Desk(call.service.store, tx, call.meta(body.reason), call.now).execute(case_id, command)
        released = [one for one in done.state.assignments if one.status is AssignmentStatus.RELEASED][-1]
        return answers.AssignmentAnswer(
            case_id=case_id,
            version=done.version,
            assignment_id=released.assignment_id,
            specialist_id=released.specialist_id,
            status=released.status,
        )

    return call.command(work)


@router.get(
    "/v1/cases/{case_id}/match-decision", summary="The match decision; `recompute=true` makes it again", **STAFF
)
def get_decision(
    case_id: str,
    call: Annotated[Call, Depends(permitted("match_decision.read"))],
    as_of: AsOf,
    *,
    recompute: bool = False,
) -> answers.DecisionAnswer:
    """Recomputed from the specialists' streams at the versions that the decision saw, and compared bit for bit."""
    with call.read() as tx:
        folded = _fold(call, tx, case_id, as_of)
        decision = folded.state.decision
        if decision is None:
            raise unknown("match_decision_unknown", "There is no match decision of this case, or was none then.")
        again = _again(call, tx, decision) if recompute else None
    mark, second = _sha256(decision), _sha256(again) if again else None
    return answers.DecisionAnswer(
        case_id=case_id,
        version=folded.version,
        sha256=mark,
        decision=decision,
        recomputed_sha256=second,
        identical=None if second is None else second == mark,
    )


def _fold(call: Call, tx: Tx, case_id: str, as_of: datetime | None) -> Folded[CaseMatching]:
    return call.service.store.fold(tx, CASE_MATCHING, stream_of_case(tx, case_id), as_of=as_of)


def _again(call: Call, tx: Tx, decision: MatchDecision) -> MatchDecision:
    return recompute(
        decision,
        lambda specialist_id, version: registration.profile_at(call.service.store, tx, specialist_id, version),
    )


def _sha256(decision: MatchDecision) -> str:
    return hashlib.sha256(canonical(_DECISION.dump_python(decision, mode="json")).encode()).hexdigest()
