"""Commands and events of billing with plain values, for given/when/then."""

from datetime import UTC, datetime, timedelta

from rso_billing.domain import ledger
from rso_billing.domain.charge import CancelCharge, CaptureCharge, IssueInvoice, QuoteFee, RecordPayment
from rso_billing.domain.charge_events import (
    ChargeCaptured,
    ChargeKept,
    ChargeVoided,
    CoverageConfirmed,
    FeeQuoted,
    InvoiceIssued,
    PaymentCaptured,
    PaymentMethod,
    PaymentReference,
    RefundIssued,
)
from rso_billing.domain.money import Money
from rso_shared.contracts.program import ProgramRef
from rso_shared.contracts.vocabulary import ChargePoint, CoverageRoute
from rso_shared.kit.sealed import Sealed

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
CASE, CHARGE_ID, PAYMENT_ID, INVOICE_ID, PERSON = "case-1", "charge-1", "payment-1", "invoice-1", "person-1"
PROGRAM = ProgramRef(program_id="self-pay", version=3)
FEE = Money(60_000, "USD")
REFERENCE = Sealed(PERSON, PaymentReference("receipt 77"))
SELF_PAY, EMPLOYER = CoverageRoute.SELF_PAY, CoverageRoute.EMPLOYER_PER_CASE


def quote(route=SELF_PAY, amount=FEE, payer=None):
    return QuoteFee(
        case_id=CASE,
        charge_id=CHARGE_ID,
        program=PROGRAM,
        route=route,
        payer_organisation_id=payer,
        amount=amount,
        charge_point=ChargePoint.BEFORE_RECORDS,
        now=NOW,
    )


def pay(amount=FEE, payment_id=PAYMENT_ID):
    return RecordPayment(payment_id=payment_id, method=PaymentMethod.CARD, amount=amount, reference=REFERENCE, now=NOW)


def cancel(*, review_started):
    return CancelCharge(review_started=review_started, now=LATER)


CAPTURE = CaptureCharge(now=NOW)
INVOICE = IssueInvoice(invoice_id=INVOICE_ID, now=NOW)


def quoted(route=SELF_PAY, amount=FEE, payer=None):
    return FeeQuoted(
        case_id=CASE,
        charge_id=CHARGE_ID,
        program=PROGRAM,
        route=route,
        payer_organisation_id=payer,
        amount=amount,
        charge_point=ChargePoint.BEFORE_RECORDS,
        quoted_at=NOW,
    )


def covered(route=EMPLOYER):
    return CoverageConfirmed(case_id=CASE, charge_id=CHARGE_ID, route=route)


def paid():
    return PaymentCaptured(
        case_id=CASE,
        charge_id=CHARGE_ID,
        payment_id=PAYMENT_ID,
        method=PaymentMethod.CARD,
        amount=FEE,
        captured_at=NOW,
        reference=REFERENCE,
    )


def captured(at=NOW, amount=FEE):
    return ChargeCaptured(case_id=CASE, charge_id=CHARGE_ID, amount=amount, captured_at=at)


def invoiced(payer=None):
    return InvoiceIssued(
        case_id=CASE,
        charge_id=CHARGE_ID,
        invoice_id=INVOICE_ID,
        payer_organisation_id=payer,
        amount=FEE,
        issued_at=NOW,
    )


REFUNDED = RefundIssued(case_id=CASE, charge_id=CHARGE_ID, amount=FEE, refunded_at=LATER)
VOIDED = ChargeVoided(case_id=CASE, charge_id=CHARGE_ID, voided_at=LATER)
KEPT = ChargeKept(case_id=CASE, charge_id=CHARGE_ID, kept_at=LATER)


def posted(cause, debit, credit, amount=FEE, about=CHARGE_ID):
    lines = (ledger.Posting(debit, amount), ledger.Posting(credit, -amount))
    return ledger.LedgerEntryPosted(entry_id=f"{about}/{cause}", case_id=CASE, cause=cause, postings=lines)
