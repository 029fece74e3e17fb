"""What the coordinator commands. Each is done once: a repeat answers the state as it is."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from rso_billing import cases
from rso_billing.api.models import ChargeState, HonorariumAccrual, HonorariumState
from rso_billing.api.work import execute_charge, honorarium_state
from rso_billing.domain.charge import CHARGE, CancelCharge, CaptureCharge, IssueInvoice, QuoteFee
from rso_billing.domain.honorarium import HONORARIUM, AccrueHonorarium
from rso_billing.domain.pricing import honorarium_amount, quoted_amount
from rso_shared.kit.database import Tx
from rso_shared.kit.web.call import INTERNAL, Call, permitted

router = APIRouter(prefix="/internal/v1/billing/cases/{case_id}", tags=["billing"])
Coordinating = Annotated[Call, Depends(permitted("billing.coordinate"))]


@router.post("/quote", status_code=201, response_model=ChargeState, summary="Quote the fee of a case", **INTERNAL)
def quote(case_id: str, call: Coordinating) -> Response:
    """From the program version the case was submitted under. Every route but self-pay is covered at once."""
    charge_id = call.new_id()

    def work(tx: Tx) -> ChargeState:
        case = cases.submitted(tx, case_id)
        program = cases.program(tx, case.program)
        command = QuoteFee(
            case_id=case_id,
            charge_id=charge_id,
            program=case.program,
            route=case.coverage_route,
            payer_organisation_id=cases.payer(case),
            amount=quoted_amount(program.price, state=case.state, priority=cases.priority(tx, case)),
            charge_point=program.price.charge_point,
            now=call.now,
        )
        return execute_charge(call, tx, case, command)

    return call.command(work)


@router.post("/charge-capture", response_model=ChargeState, summary="The charge falls due", **INTERNAL)
def capture(case_id: str, call: Coordinating) -> Response:
    """503 `not_yet_known` before the program's charge point: under `at_release`, until the opinion is released."""

    def work(tx: Tx) -> ChargeState:
        case = cases.submitted(tx, case_id)
        charge = call.service.store.fold(tx, CHARGE, cases.charge_stream(case)).state
        if charge.quote is not None:
            cases.require_charge_point(tx, case_id, charge.quote.charge_point)
        return execute_charge(call, tx, case, CaptureCharge(now=call.now))

    return call.command(work)


@router.post("/invoice", response_model=ChargeState, summary="Invoice a captured charge", **INTERNAL)
def invoice(case_id: str, call: Coordinating) -> Response:
    invoice_id = call.new_id()

    def work(tx: Tx) -> ChargeState:
        return execute_charge(call, tx, cases.submitted(tx, case_id), IssueInvoice(invoice_id, call.now))

    return call.command(work)


@router.post("/cancellation", response_model=ChargeState, summary="Void, refund or keep the charge", **INTERNAL)
def cancellation(case_id: str, call: Coordinating) -> Response:
    """Before the review everything is undone; after it began nothing that was paid or due is given back."""

    def work(tx: Tx) -> ChargeState:
        command = CancelCharge(review_started=cases.review_started(tx, case_id), now=call.now)
        return execute_charge(call, tx, cases.submitted(tx, case_id), command)

    return call.command(work)


@router.post(
    "/honorarium",
    status_code=201,
    response_model=HonorariumState,
    summary="Accrue a specialist's honorarium",
    **INTERNAL,
)
def honorarium(case_id: str, body: HonorariumAccrual, call: Coordinating) -> Response:
    """Once per case and specialist, the program's amount whatever the opinion says."""
    honorarium_id = call.new_id()

    def work(tx: Tx) -> HonorariumState:
        case = cases.submitted(tx, case_id)
        cases.require_accepted(tx, case_id, body.specialist_id)
        command = AccrueHonorarium(
            case_id=case_id,
            honorarium_id=honorarium_id,
            specialist_id=body.specialist_id,
            amount=honorarium_amount(cases.program(tx, case.program).price),
            now=call.now,
        )
        stream = cases.honorarium_stream(case, body.specialist_id)
        return honorarium_state(call.service.store.execute(tx, HONORARIUM, stream, command, call.meta()))

    return call.command(work)
