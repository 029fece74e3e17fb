"""What a person decides about a case: withdrawal, owner, priority, condition, jurisdiction, decline, closing."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import ConfigDict

from rso_intake import conditions, queries
from rso_intake.api.models import Code, CodedCondition, Prose, Request
from rso_intake.casework import answer
from rso_intake.domain.condition import CodeCondition
from rso_intake.domain.eligibility import DecideJurisdiction, DeclineCase
from rso_intake.domain.lifecycle import CloseCase, WithdrawCase
from rso_intake.domain.program import local_date
from rso_intake.domain.triage import AssignOwner, ChangePriority, HoldCase, ResumeCase
from rso_intake.views import CaseVersion
from rso_shared.contracts.vocabulary import CloseReason, DeclineReason, HoldReason, JurisdictionDecision, Priority
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import invalid
from rso_shared.kit.web.call import PUBLIC, STAFF, Call, permitted

router = APIRouter(tags=["cases"])


class Withdrawal(Request):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Treatment has begun elsewhere."}]})

    reason: Prose | None = None


class Owner(Request):
    """A user's id, or a team's queue such as `queue:intake`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"owner": "team:care-coordination"}]})

    owner: Code


class NewPriority(Request):
    model_config = ConfigDict(json_schema_extra={"examples": [{"priority": "urgent", "reason": "Surgery is planned."}]})

    priority: Priority
    reason: Prose | None = None


class Ruling(Request):
    """`permitted_direct` or `permitted_with_local_physician`, with the reason that the director stands by."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"decision": "permitted_direct", "reason": "The board confirmed it in writing."}]
        }
    )

    decision: JurisdictionDecision
    reason: Prose


class HoldReasonBody(Request):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "further_testing"}]})

    reason: HoldReason


class Decline(Request):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "insufficient_records"}]})

    reason: DeclineReason


class Closing(Request):
    model_config = ConfigDict(json_schema_extra={"examples": [{"close_reason": "completed"}]})

    close_reason: CloseReason
    remark: Prose | None = None


@router.post(
    "/v1/cases/{case_id}/withdrawal",
    status_code=201,
    response_model=CaseVersion,
    summary="Withdraw a case",
    **PUBLIC,
)
def withdraw(case_id: str, body: Withdrawal, call: Annotated[Call, Depends(permitted("case.withdraw"))]) -> Response:
    """At any stage. Requests, offers and charges are undone next, and then the case is closed."""
    command = WithdrawCase(by_role=call.principal.role, remark=body.reason, now=call.now)
    return call.command(lambda tx: answer(call, tx, case_id, command))


@router.post(
    "/v1/cases/{case_id}/owner", status_code=201, response_model=CaseVersion, summary="Assign the owner", **STAFF
)
def assign_owner(case_id: str, body: Owner, call: Annotated[Call, Depends(permitted("case.owner.assign"))]) -> Response:
    """The one person or queue that answers for the case."""
    command = AssignOwner(owner=body.owner, now=call.now)
    return call.command(lambda tx: answer(call, tx, case_id, command))


@router.post(
    "/v1/cases/{case_id}/priority", status_code=201, response_model=CaseVersion, summary="Change the priority", **STAFF
)
def change_priority(
    case_id: str, body: NewPriority, call: Annotated[Call, Depends(permitted("case.priority.change"))]
) -> Response:
    command = ChangePriority(priority=body.priority, remark=body.reason, now=call.now)
    return call.command(lambda tx: answer(call, tx, case_id, command))


@router.post(
    "/v1/cases/{case_id}/holds", status_code=201, response_model=CaseVersion, summary="Put a case on hold", **STAFF
)
def hold(case_id: str, body: HoldReasonBody, call: Annotated[Call, Depends(permitted("case.hold"))]) -> Response:
    """A case may be held for several reasons at once; it goes on when the last one is lifted."""
    command = HoldCase(reason=body.reason, now=call.now)
    return call.command(lambda tx: answer(call, tx, case_id, command))


@router.post(
    "/v1/cases/{case_id}/holds/{reason}/release",
    status_code=201,
    response_model=CaseVersion,
    summary="Lift a hold",
    **STAFF,
)
def release_hold(case_id: str, reason: HoldReason, call: Annotated[Call, Depends(permitted("case.hold"))]) -> Response:
    command = ResumeCase(reason=reason, now=call.now)
    return call.command(lambda tx: answer(call, tx, case_id, command))


@router.post(
    "/v1/cases/{case_id}/condition", status_code=201, response_model=CaseVersion, summary="Code the condition", **STAFF
)
def code_condition(
    case_id: str, body: CodedCondition, call: Annotated[Call, Depends(permitted("case.condition.code"))]
) -> Response:
    """The group follows from the codes unless the clinician names it."""
    condition = body.condition.value()
    if not condition.codings and not condition.text:
        raise invalid("condition_required", "Say which condition it is: a code or a text.", "/condition")
    known = conditions.load(call.service.settings.conditions_file)
    group = body.condition_group or known.group(condition.codings)
    command = CodeCondition(condition_group=group, condition=condition, now=call.now)
    return call.command(lambda tx: answer(call, tx, case_id, command))


@router.post(
    "/v1/cases/{case_id}/jurisdiction-decision",
    status_code=201,
    response_model=CaseVersion,
    summary="Decide where the law is silent",
    **STAFF,
)
def decide_jurisdiction(
    case_id: str, body: Ruling, call: Annotated[Call, Depends(permitted("case.jurisdiction.decide"))]
) -> Response:
    """By a medical director, for this case alone, where the jurisdictions in force are silent."""

    def work(tx: Tx) -> CaseVersion:
        case = queries.load_case(call.service.store, tx, case_id).state
        opened, program = case.submitted, queries.program_of(tx, case)
        in_force = queries.jurisdictions_in_force(tx, local_date(program, call.now))
        command = DecideJurisdiction(
            program=program,
            ruling=in_force.ruling(opened.country, opened.state, case.details().person.address.county),
            decision=body.decision,
            remark=body.reason,
            now=call.now,
        )
        return answer(call, tx, case_id, command)

    return call.command(work)


@router.post(
    "/v1/cases/{case_id}/decline", status_code=201, response_model=CaseVersion, summary="Decline a case", **STAFF
)
def decline(case_id: str, body: Decline, call: Annotated[Call, Depends(permitted("case.decline"))]) -> Response:
    """By a nurse or a medical director, after screening and before the summary is signed. What was begun is called back.

    The program says for each reason what whoever asked can do instead.
    """

    def work(tx: Tx) -> CaseVersion:
        program = queries.program_of(tx, queries.load_case(call.service.store, tx, case_id).state)
        command = DeclineCase(program=program, reason=body.reason, now=call.now)
        return answer(call, tx, case_id, command)

    return call.command(work)


@router.post(
    "/v1/cases/{case_id}/closing", status_code=201, response_model=CaseVersion, summary="Close a case", **STAFF
)
def close(case_id: str, body: Closing, call: Annotated[Call, Depends(permitted("case.close"))]) -> Response:
    command = CloseCase(close_reason=body.close_reason, remark=body.remark, now=call.now)
    return call.command(lambda tx: answer(call, tx, case_id, command))
