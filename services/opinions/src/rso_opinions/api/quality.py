"""The quality reviewer's verdict."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from rso_opinions import cases
from rso_opinions.api.models import OpinionState, QualityVerdict
from rso_opinions.api.work import run
from rso_opinions.domain.opinion_commands import GiveVerdict
from rso_opinions.domain.opinion_events import Finding, Findings
from rso_shared.kit.database import Tx
from rso_shared.kit.web.call import STAFF, Call, permitted

router = APIRouter(prefix="/v1/cases/{case_id}/opinion", tags=["opinions"])


@router.post(
    "/quality-review",
    status_code=201,
    response_model=OpinionState,
    summary="Approve the submitted opinion or ask for a revision",
    **STAFF,
)
def verdict(
    case_id: str, body: QualityVerdict, call: Annotated[Call, Depends(permitted("opinion.review"))]
) -> Response:
    """By someone other than the author. Once the program's revisions are used up, only the medical director decides."""
    findings = Findings(tuple(Finding(item.text, item.pointer) for item in body.findings))

    def work(tx: Tx) -> OpinionState:
        case = cases.submitted(tx, case_id)
        command = GiveVerdict(
            reviewer=call.principal.subject,
            role=call.principal.role,
            verdict=body.verdict,
            findings=findings,
            opinion_version=body.opinion_version,
            max_revisions=cases.program(tx, case.program).quality.max_revisions,
        )
        return run(call, tx, case, command)

    return call.command(work)
