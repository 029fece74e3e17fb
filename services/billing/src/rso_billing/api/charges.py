"""The charge of a case for those who pay it, and the payments finance records."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from rso_billing import cases
from rso_billing.api.models import Charges, ChargeState, Invoices, InvoiceView, PaymentRecord, PaymentView
from rso_billing.api.work import execute_charge
from rso_billing.domain.charge import CHARGE, Charge, RecordPayment
from rso_billing.domain.charge_events import PaymentReference
from rso_billing.domain.money import Money
from rso_shared.contracts.intake import CaseSubmitted
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import unknown
from rso_shared.kit.sealed import Sealed
from rso_shared.kit.web.as_of import AsOf
from rso_shared.kit.web.call import PUBLIC, STAFF, Call, Purpose, permitted

router = APIRouter(prefix="/v1/cases/{case_id}", tags=["billing"])


def _folded(call: Call, case_id: str, as_of: datetime | None) -> tuple[CaseSubmitted, Charge, int]:
    with call.read() as tx:
        case = cases.submitted(tx, case_id)
        folded = call.service.store.fold(tx, CHARGE, cases.charge_stream(case), as_of=as_of)
    return case, folded.state, folded.version


@router.get("/charges", summary="What the case costs and how that stands", **PUBLIC)
def charges(case_id: str, call: Annotated[Call, Depends(permitted("charge.read"))], as_of: AsOf) -> Charges:
    case, charge, version = _folded(call, case_id, as_of)
    known = [ChargeState.of(case_id, charge, version)] if charge.quote else []
    return Charges(case_id=case_id, client_reference=case.client_reference, as_of=as_of or call.now, charges=known)


@router.get("/invoices", summary="Invoices of a case", **PUBLIC)
def invoices(case_id: str, call: Annotated[Call, Depends(permitted("invoice.read"))], as_of: AsOf) -> Invoices:
    case, charge, _ = _folded(call, case_id, as_of)
    return Invoices(
        case_id=case_id, client_reference=case.client_reference, as_of=as_of or call.now, invoices=_invoices(charge)
    )


def _invoices(charge: Charge) -> list[InvoiceView]:
    issued = charge.invoice
    if issued is None:
        return []
    view = InvoiceView(
        invoice_id=issued.invoice_id,
        charge_id=issued.charge_id,
        payer_organisation_id=issued.payer_organisation_id,
        amount_minor=issued.amount.amount_minor,
        currency=issued.amount.currency,
        issued_at=issued.issued_at,
        status=charge.status if charge.ended or charge.payment else "open",
    )
    return [view]


@router.post("/payments", status_code=201, response_model=ChargeState, summary="Record a payment", **STAFF)
def payment(case_id: str, body: PaymentRecord, call: Annotated[Call, Depends(permitted("payment.record"))]) -> Response:
    """Recorded, not processed. The amount must be the open amount; a covered charge is paid on its invoice."""
    payment_id = call.new_id()

    def work(tx: Tx) -> ChargeState:
        case = cases.submitted(tx, case_id)
        command = RecordPayment(
            payment_id=payment_id,
            method=body.method,
            amount=Money(body.amount_minor, body.currency),
            reference=Sealed(case.person_id, PaymentReference(body.outside_reference)),
            now=call.now,
        )
        return execute_charge(call, tx, case, command)

    return call.command(work)


@router.get("/payments/{payment_id}", summary="A payment with its outside reference", **STAFF)
def payment_view(
    case_id: str, payment_id: str, call: Annotated[Call, Depends(permitted("payment.record"))], as_of: AsOf
) -> PaymentView:
    """Identified data: the look is logged."""
    _, charge, _ = _folded(call, case_id, as_of)
    paid = charge.payment
    if paid is None or paid.payment_id != payment_id:
        raise unknown("payment_unknown", "There is no such payment on this case.")
    call.reveal(what="payment", purpose=Purpose.BILLING, case_id=case_id, person_id=paid.reference.person_id)
    return PaymentView(
        case_id=case_id,
        payment_id=payment_id,
        method=paid.method,
        amount_minor=paid.amount.amount_minor,
        currency=paid.amount.currency,
        paid_at=paid.captured_at,
        outside_reference=paid.reference.open().outside_reference,
    )
