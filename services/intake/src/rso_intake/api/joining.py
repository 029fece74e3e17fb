"""The second party joins by the reference number; the terms are accepted."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import ConfigDict, Field

from rso_intake import queries
from rso_intake.api.models import LocalProvider, Request, TermsSignature
from rso_intake.casework import answer, evidence
from rso_intake.domain.case import CASE
from rso_intake.domain.consent import AcceptTerms
from rso_intake.domain.participation import JoinCase, reference_unknown
from rso_intake.domain.reference import normalised
from rso_intake.views import CaseVersion
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import forbidden
from rso_shared.kit.web.call import PUBLIC, Call, permitted

router = APIRouter(tags=["cases"])


class Join(Request):
    """`role` must be the token's own. A local provider says who they are unless the request named them already."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reference_number": "01234567897", "role": "patient"}]}
    )

    reference_number: str = Field(max_length=40)
    role: Role
    local_provider: LocalProvider | None = None


@router.post("/v1/case-joins", status_code=201, response_model=CaseVersion, summary="Join a case", **PUBLIC)
def join(body: Join, call: Annotated[Call, Depends(permitted("case.join"))]) -> Response:
    """One party per role. A wrong, used-up or expired number is 404, like any unknown case."""
    if body.role is not call.principal.role:
        raise forbidden("role_not_yours", "A party joins in the role of its own token.")

    def work(tx: Tx) -> CaseVersion:
        number = normalised(body.reference_number)
        case_id = queries.case_by_reference(tx, number) if number else None
        if case_id is None:
            raise reference_unknown()
        command = JoinCase(
            role=body.role,
            subject=call.principal.subject,
            contact=body.local_provider.value() if body.local_provider else None,
            now=call.now,
        )
        stream = queries.case_stream(tx, case_id)
        executed = call.service.store.execute(tx, CASE, stream, command, call.meta())
        return CaseVersion(case_id=case_id, version=executed.version, at=call.now)

    return call.command(work)


@router.post(
    "/v1/cases/{case_id}/terms-acceptances",
    status_code=201,
    response_model=CaseVersion,
    summary="Accept the terms",
    **PUBLIC,
)
def accept_terms(
    case_id: str, body: TermsSignature, call: Annotated[Call, Depends(permitted("case.terms.accept"))]
) -> Response:
    def work(tx: Tx) -> CaseVersion:
        case = queries.load_case(call.service.store, tx, case_id).state
        command = AcceptTerms(
            terms=queries.program_of(tx, case).terms,
            version=body.terms_version,
            role=call.principal.role,
            evidence=evidence(call, body.typed_name, body.relation),
            now=call.now,
        )
        return answer(call, tx, case_id, command)

    return call.command(work)
