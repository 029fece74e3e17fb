"""The clinician's summary: drafts whose every statement cites documents, and the signature that freezes the questions."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from rso_records_compiler import cases
from rso_records_compiler.api import bodies
from rso_records_compiler.api.bodies import SummaryDraft, SummarySignature
from rso_records_compiler.api.models import SummaryStanding, SummaryView
from rso_records_compiler.api.work import dossier, execute, purpose, summary
from rso_records_compiler.domain.completeness import ItemState
from rso_records_compiler.domain.dossier import Dossier, DossierState
from rso_records_compiler.domain.summary import (
    SUMMARY,
    CaseSummary,
    Citation,
    Content,
    DraftSummary,
    Signer,
    SignSummary,
    Statement,
)
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import unknown
from rso_shared.kit.sealed import Sealed
from rso_shared.kit.web.as_of import AsOf
from rso_shared.kit.web.call import STAFF, Call, permitted

router = APIRouter(prefix="/v1/cases/{case_id}/summary", tags=["records"])
Writing = Annotated[Call, Depends(permitted("summary.write"))]


def standing(state: CaseSummary, version: int, case_id: str) -> SummaryStanding:
    return SummaryStanding(
        case_id=case_id, version=version, state=state.state, summary_version=state.version, cited=state.cited,
        questions_version=state.questions_version, signed_by=state.signed_by,
        signed_on=state.signed_at.date() if state.signed_at else None,
    )  # fmt: skip


@router.post("", status_code=201, response_model=SummaryStanding, summary="Write a draft", **STAFF)
def draft(case_id: str, body: SummaryDraft, call: Writing) -> Response:
    """Each draft is a new version; the last one is the one that can be signed."""

    def work(tx: Tx) -> SummaryStanding:
        case = cases.working(tx, case_id)
        items = dossier(call, tx, case).state.items
        citable = frozenset(id_ for id_, item in items.items() if item.state is not ItemState.REJECTED)
        command = DraftSummary(case_id, Sealed(case.person_id, _content(body)), citable, call.principal.subject)
        done = execute(call, tx, SUMMARY, cases.summary_stream(case), command)
        return standing(done.state, done.version, case_id)

    return call.command(work)


def _content(body: SummaryDraft) -> Content:
    return Content(
        tuple(
            Statement(said.text, tuple(Citation(cite.document_id, cite.locator) for cite in said.cites))
            for said in body.statements
        )
    )


@router.get("", summary="The summary as it stands", **STAFF)
def read(case_id: str, call: Annotated[Call, Depends(permitted("summary.read"))], as_of: AsOf) -> SummaryView:
    """The last draft, or the signed version. Identified data: the look is logged."""
    with call.read() as tx:
        case = cases.submitted(tx, case_id)
        folded = summary(call, tx, case, as_of)
    if folded.state.content is None:
        raise unknown("summary_missing", "The case has no summary yet.")
    call.reveal(case_id=case_id, person_id=case.person_id, what="summary", purpose=purpose(call))
    said = [
        bodies.Statement(
            text=statement.text,
            cites=[bodies.Citation(document_id=cite.document_id, locator=cite.locator) for cite in statement.cites],
        )
        for statement in folded.state.content.open().statements
    ]
    return SummaryView(**standing(folded.state, folded.version, case_id).model_dump(), statements=said)


@router.post("/signature", status_code=201, response_model=SummaryStanding, summary="Sign the summary", **STAFF)
def sign(case_id: str, body: SummarySignature, call: Writing) -> Response:
    """Pins the version of the questions that the signer read; intake freezes them at it."""

    def work(tx: Tx) -> SummaryStanding:
        case = cases.working(tx, case_id)
        command = SignSummary(
            summary_version=body.summary_version, questions_version=body.questions_version,
            current_questions=cases.questions_version(tx, case_id), accepted=_accepted(dossier(call, tx, case).state),
            by=call.principal.subject, signer=Sealed(case.person_id, Signer(body.typed_name)), now=call.now,
        )  # fmt: skip
        done = execute(call, tx, SUMMARY, cases.summary_stream(case), command)
        return standing(done.state, done.version, case_id)

    return call.command(work)


def _accepted(state: Dossier) -> frozenset[str] | None:
    if state.state is not DossierState.ACCEPTED:
        return None
    return frozenset(id_ for id_, item in state.items.items() if item.state is ItemState.ACCEPTED)
