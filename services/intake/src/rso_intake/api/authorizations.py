"""The patient's authorization: what is to be signed, signing it, and taking it back."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict

from rso_intake.api.models import Line, Prose, Request, Signature
from rso_intake.casework import answer, evidence, folded
from rso_intake.domain.authorization import AuthorizationStatus, RevokeAuthorization, SignAuthorization
from rso_intake.domain.statement import STATEMENT_TEXT, STATEMENT_VERSION
from rso_intake.views import CaseVersion
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.web.as_of import AsOf
from rso_shared.kit.web.call import PUBLIC, Call, permitted

router = APIRouter(tags=["authorizations"])


class AuthorizationView(BaseModel):
    authorization_id: str
    status: AuthorizationStatus
    requested_at: datetime
    statement_version: str | None
    signed_by: Role | None
    signed_at: datetime | None
    expires_on: date | None
    revoked_at: datetime | None


class AuthorizationList(BaseModel):
    """`statement` is the text that is to be signed now; a signature names its version."""

    case_id: str
    version: int
    statement_version: str
    statement: str
    authorizations: list[AuthorizationView]


class AuthorizationSignature(Signature):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"typed_name": "Jane Sample", "statement_version": STATEMENT_VERSION}]},
    )

    statement_version: Line


class Revocation(Request):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "The patient no longer wants it."}]})

    reason: Prose | None = None


@router.get(
    "/v1/cases/{case_id}/authorizations",
    response_model=AuthorizationList,
    summary="Authorizations of a case",
    **PUBLIC,
)
def read(case_id: str, call: Annotated[Call, Depends(permitted("case.read"))], as_of: AsOf) -> AuthorizationList:
    with call.read() as tx:
        found = folded(call, tx, case_id, as_of)
    at = as_of or call.now
    views = [
        AuthorizationView(
            authorization_id=item.authorization_id,
            status=item.status(at),
            requested_at=item.requested_at,
            statement_version=item.statement_version,
            signed_by=item.signed_by,
            signed_at=item.signed_at,
            expires_on=item.expires_on,
            revoked_at=item.revoked_at,
        )
        for item in found.case.authorizations.items
    ]
    return AuthorizationList(
        case_id=case_id,
        version=found.version,
        statement_version=STATEMENT_VERSION,
        statement=STATEMENT_TEXT,
        authorizations=views,
    )


@router.post(
    "/v1/cases/{case_id}/authorizations/{authorization_id}/signature",
    status_code=201,
    response_model=CaseVersion,
    summary="Sign an authorization",
    **PUBLIC,
)
def sign(
    case_id: str,
    authorization_id: str,
    body: AuthorizationSignature,
    call: Annotated[Call, Depends(permitted("case.authorization.sign"))],
) -> Response:
    """By the patient, or by the legal representative, who alone signs for a minor. The terms come first."""
    command = SignAuthorization(
        authorization_id=authorization_id,
        statement_version=body.statement_version,
        role=call.principal.role,
        evidence=evidence(call, body.typed_name, body.relation),
        now=call.now,
    )
    return call.command(lambda tx: answer(call, tx, case_id, command))


@router.post(
    "/v1/cases/{case_id}/authorizations/{authorization_id}/revocation",
    status_code=201,
    response_model=CaseVersion,
    summary="Revoke an authorization",
    **PUBLIC,
)
def revoke(
    case_id: str,
    authorization_id: str,
    body: Revocation,
    call: Annotated[Call, Depends(permitted("case.authorization.revoke"))],
) -> Response:
    """At any time. What was disclosed before cannot be taken back; nothing more is disclosed after."""
    command = RevokeAuthorization(authorization_id=authorization_id, remark=body.reason, now=call.now)
    return call.command(lambda tx: answer(call, tx, case_id, command))
