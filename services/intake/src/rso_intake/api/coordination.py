"""What the coordinator asks for. Every command absorbs a repeat: the second call answers with the state as it is."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import AwareDatetime, Field, StringConstraints

from rso_intake import queries
from rso_intake.api.models import Line, Request
from rso_intake.casework import answer, folded, on_case
from rso_intake.domain.authorization import RequestAuthorization
from rso_intake.domain.case import Case
from rso_intake.domain.eligibility import DecideScreening
from rso_intake.domain.lifecycle import ConcludeCase, Ending, ExpireCase
from rso_intake.domain.notice import MAILABLE
from rso_intake.domain.program import local_date
from rso_intake.domain.triage import HoldCase, ResumeCase
from rso_intake.notices import mail
from rso_intake.views import CaseVersion
from rso_shared.contracts.intake import CaseSnapshot
from rso_shared.contracts.vocabulary import CloseReason, DeclineReason, HoldReason, JurisdictionDecision, Role
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import DomainError, invalid
from rso_shared.kit.web.call import INTERNAL, Call, permitted

router = APIRouter(tags=["coordination"], prefix="/internal/v1/intake/cases/{case_id}")

Coordinating = Annotated[Call, Depends(permitted("case.coordinate"))]
Template = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]{0,63}$")]
Key = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class ScreeningView(CaseVersion):
    """The rules' answer, and the versions of the program and of the jurisdictions that gave it."""

    eligible: bool
    decline_reason: DeclineReason | None
    jurisdiction_decision: JurisdictionDecision
    jurisdictions_version: int
    program_version: int
    local_provider_required: bool
    licensed_only: bool


class AuthorizationRequestView(CaseVersion):
    authorization_id: str


class ClosedView(CaseVersion):
    close_reason: CloseReason


class NoticesView(CaseVersion):
    """`unreachable`: roles without an address here. Nobody is written to twice for one key."""

    notice_ids: list[str]
    unreachable: list[Role]


class Expiry(Request):
    due: AwareDatetime
    waiting_on: list[Line] = Field(min_length=1, max_length=20)


class Hold(Request):
    reason: HoldReason


class Conclusion(Request):
    close_reason: CloseReason


class Reminder(Request):
    """`key` names the deadline and the rung. With `waiting_on`, a reminder of what is there already is refused."""

    template: Template
    parties: list[Role] = Field(min_length=1, max_length=3)
    key: Key
    waiting_on: list[Line] = Field(default_factory=list, max_length=20)


class Notice(Request):
    template: Template
    role: Role
    key: Key


@router.get("/snapshot", response_model=CaseSnapshot, summary="The case at the start of a run", **INTERNAL)
def snapshot(case_id: str, call: Coordinating) -> CaseSnapshot:
    with call.read() as tx:
        case = folded(call, tx, case_id).case
        program = queries.program_of(tx, case)
    opened, current = case.submitted, case.authorizations.current
    return CaseSnapshot(
        case_id=case_id,
        organisation_id=opened.organisation_id,
        person_id=opened.person_id,
        lifecycle=case.lifecycle.phase,
        program=program,
        priority=case.triage.priority,
        submitted_at=opened.submitted_at,
        eligibility_decided=case.eligibility.decided,
        declined=case.eligibility.declined is not None,
        local_provider_required=case.eligibility.local_provider_required,
        authorization_id=current.authorization_id if current else None,
        authorization_signed=case.authorizations.in_force(call.now),
        local_provider_joined=case.parties.local_provider_joined,
        withdrawn=case.lifecycle.ending is Ending.WITHDRAWN,
        hold_reasons=case.triage.hold_reasons,
    )


@router.post("/screening", response_model=ScreeningView, summary="Screen by the program's rules", **INTERNAL)
def screen(case_id: str, call: Coordinating) -> Response:
    def work(tx: Tx) -> ScreeningView:
        case = queries.load_case(call.service.store, tx, case_id).state
        program = queries.program_of(tx, case)
        command = DecideScreening(
            program=program,
            jurisdictions=queries.jurisdictions_in_force(tx, local_date(program, call.now)),
            county=case.details().person.address.county,
            now=call.now,
        )
        done = on_case(call, tx, case_id, command)
        return _screened(done.case, done.version)

    return call.command(work)


def _screened(case: Case, version: int) -> ScreeningView:
    confirmed, declined = case.eligibility.confirmed, case.eligibility.declined
    decided = declined or confirmed
    if decided is None:
        raise DomainError("screening_undecided", "The case has not been screened yet.")
    return ScreeningView(
        case_id=case.submitted.case_id,
        version=version,
        at=decided.decided_at,
        eligible=declined is None,
        decline_reason=declined.reason if declined else None,
        jurisdiction_decision=decided.jurisdiction_decision,
        jurisdictions_version=decided.jurisdictions_version,
        program_version=decided.program.version,
        local_provider_required=case.eligibility.local_provider_required,
        licensed_only=confirmed.licensed_only if confirmed else False,
    )


@router.post(
    "/authorization-request", response_model=AuthorizationRequestView, summary="Ask for the authorization", **INTERNAL
)
def request_authorization(case_id: str, call: Coordinating) -> Response:
    command = RequestAuthorization(authorization_id=call.new_id(), now=call.now)

    def work(tx: Tx) -> AuthorizationRequestView:
        done = on_case(call, tx, case_id, command)
        current = done.case.authorizations.items[-1]
        return AuthorizationRequestView(
            case_id=case_id,
            version=done.version,
            at=current.requested_at,
            authorization_id=current.authorization_id,
        )

    return call.command(work)


@router.post("/reminders", response_model=NoticesView, summary="Remind parties by mail", **INTERNAL)
def remind(case_id: str, body: Reminder, call: Coordinating) -> Response:
    def work(tx: Tx) -> NoticesView:
        found = queries.load_case(call.service.store, tx, case_id)
        found.state.lifecycle.require_active()
        found.state.require_missing(frozenset(body.waiting_on), call.now)
        return _mailed(call, tx, found.state, found.version, body.parties, body.template, body.key)

    return call.command(work)


@router.post("/notices", response_model=NoticesView, summary="Write to one party by mail", **INTERNAL)
def notify(case_id: str, body: Notice, call: Coordinating) -> Response:
    def work(tx: Tx) -> NoticesView:
        found = queries.load_case(call.service.store, tx, case_id)
        return _mailed(call, tx, found.state, found.version, [body.role], body.template, body.key)

    return call.command(work)


def _mailed(call: Call, tx: Tx, case: Case, version: int, roles: list[Role], template: str, key: str) -> NoticesView:
    if not set(roles) <= set(MAILABLE):
        raise invalid("role_not_mailable", "Intake writes to patient, legal_representative and local_provider.")
    sent = {
        role: mail(call.service.store, tx, case, role=role, template=template, key=key, meta=call.meta())
        for role in roles
    }
    return NoticesView(
        case_id=case.submitted.case_id,
        version=version,
        at=call.now,
        notice_ids=[notice_id for notice_id in sent.values() if notice_id],
        unreachable=[role for role, notice_id in sent.items() if notice_id is None],
    )


@router.post("/expiry", response_model=CaseVersion, summary="Expire a case nobody answers for", **INTERNAL)
def expire(case_id: str, body: Expiry, call: Coordinating) -> Response:
    """409 `superseded_due` if what was waited for is there after all, `not_due` where the program lets it wait longer."""

    def work(tx: Tx) -> CaseVersion:
        case = queries.load_case(call.service.store, tx, case_id).state
        patience = queries.program_of(tx, case).reminders.expire_after
        command = ExpireCase(
            due=body.due,
            not_before=case.submitted.submitted_at + patience,
            waiting_on=tuple(body.waiting_on),
            now=call.now,
        )
        return answer(call, tx, case_id, command)

    return call.command(work)


@router.post("/hold", response_model=CaseVersion, summary="Put on hold", **INTERNAL)
def hold(case_id: str, body: Hold, call: Annotated[Call, Depends(permitted("case.hold"))]) -> Response:
    command = HoldCase(reason=body.reason, now=call.now)
    return call.command(lambda tx: answer(call, tx, case_id, command))


@router.post("/resume", response_model=CaseVersion, summary="Lift a hold", **INTERNAL)
def resume(case_id: str, body: Hold, call: Annotated[Call, Depends(permitted("case.hold"))]) -> Response:
    command = ResumeCase(reason=body.reason, now=call.now)
    return call.command(lambda tx: answer(call, tx, case_id, command))


@router.post("/closing", response_model=ClosedView, summary="Close at the end of a run", **INTERNAL)
def conclude(case_id: str, body: Conclusion, call: Coordinating) -> Response:
    """How the case ended decides the reason; a case that a person closed meanwhile stays as it is."""
    command = ConcludeCase(close_reason=body.close_reason, now=call.now)

    def work(tx: Tx) -> ClosedView:
        done = on_case(call, tx, case_id, command)
        reason = done.case.lifecycle.close_reason or body.close_reason
        return ClosedView(case_id=case_id, version=done.version, at=call.now, close_reason=reason)

    return call.command(work)
