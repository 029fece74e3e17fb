"""One case as billing hears of it, and what its routes answer."""

from typing import Any

from billing.programs import program
from rso_shared.contracts.base import AccessChange
from rso_shared.contracts.intake import CaseSubmitted, ProgramPublished
from rso_shared.contracts.matching import OfferAccepted
from rso_shared.contracts.opinions import ReviewStarted
from rso_shared.contracts.program import ProgramRef
from rso_shared.contracts.vocabulary import (
    ChargePoint,
    ConditionGroup,
    CoverageRoute,
    Priority,
    RequesterRelation,
    Role,
)
from support.harness import START

CASE = "6f0c1b1e-5d1c-4c53-9a43-0a8d3f7f9d11"
INTERNAL = f"/internal/v1/billing/cases/{CASE}"
PUBLIC = f"/v1/cases/{CASE}"
PAYMENT = {
    "method": "card",
    "amount_minor": 60_000,
    "currency": "USD",
    "outside_reference": "Receipt for Beatrix Quimby",
}


def submitted(route=CoverageRoute.SELF_PAY, case_id=CASE, **more: Any):
    return CaseSubmitted(
        case_id=case_id,
        organisation_id="operator",
        program=ProgramRef(program_id="second-look", version=2),
        person_id="person-1",
        requester_relation=RequesterRelation.SELF,
        condition_group=ConditionGroup.BREAST_CANCER,
        country="US",
        state="CA",
        minor=False,
        language="en",
        priority=Priority.ROUTINE,
        question_ids=("q1",),
        coverage_route=route,
        owner="team:desk",
        reference_last_four="1234",
        submitted_at=START,
        access=(AccessChange(role="patient", subject="patient-1"),),
        **more,
    )


def accepted(specialist_id="spec-1"):
    return OfferAccepted(
        case_id=CASE,
        offer_id="offer-1",
        assignment_id="assignment-1",
        specialist_id=specialist_id,
        accepted_at=START,
        access=(AccessChange(role="specialist", subject=specialist_id),),
    )


def review_started():
    return ReviewStarted(case_id=CASE, assignment_id="assignment-1", specialist_id="spec-1", due_at=START)


def known(billing, route=CoverageRoute.SELF_PAY, charge_point=ChargePoint.BEFORE_RECORDS, **more: Any):
    billing.receive(
        ProgramPublished(program=program(version=1, amount_minor=1)),
        ProgramPublished(program=program(version=2, charge_point=charge_point)),
        submitted(route, **more),
    )


def ok(answer, status=200):
    assert answer.status_code == status, answer.text
    return answer.json()


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    return answer.json()


def balanced(billing):
    book = ok(billing.client(Role.FINANCE).get("/v1/ledger/trial-balance"))
    assert book["balanced"]
    return {account["account"]: account["balance_minor"] for account in book["accounts"]}
