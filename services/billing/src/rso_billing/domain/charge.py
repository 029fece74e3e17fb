"""The charge of one case: who pays, when it falls due, and how it ends.

Whatever the coordinator commands twice is done once: the second time the state answers, and no event follows.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from rso_billing.domain import ledger
from rso_billing.domain.charge_events import (
    ChargeCaptured,
    ChargeEvent,
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
from rso_shared.kit.decider import Decider
from rso_shared.kit.errors import DomainError, invalid, unknown
from rso_shared.kit.sealed import Sealed


class Ending(StrEnum):
    """What became of the charge when its case was cancelled."""

    VOID = "void"
    REFUNDED = "refunded"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Charge:
    """Coverage, payment, capture, invoice and ending move independently; `status` is one word for people."""

    quote: FeeQuoted | None = None
    covered: bool = False
    payment: PaymentCaptured | None = None
    captured_at: datetime | None = None
    invoice: InvoiceIssued | None = None
    ending: Ending | None = None

    @property
    def ended(self) -> bool:
        return self.ending in {Ending.VOID, Ending.REFUNDED}

    @property
    def status(self) -> str:
        steps = (
            ("none", self.quote is None),
            (str(self.ending), self.ended),
            ("paid", self.payment is not None and self.captured_at is not None),
            ("invoiced", self.invoice is not None),
            ("captured", self.captured_at is not None),
            ("authorized", self.payment is not None),
            ("covered", self.covered),
        )
        return next((name for name, reached in steps if reached), "quoted")

    @property
    def open(self) -> Money | None:
        """What is still to be paid; None when there is no charge."""
        if self.quote is None:
            return None
        settled = self.payment is not None or self.ended
        return Money(0, self.quote.amount.currency) if settled else self.quote.amount


@dataclass(frozen=True, slots=True)
class QuoteFee:
    case_id: str
    charge_id: str
    program: ProgramRef
    route: CoverageRoute
    payer_organisation_id: str | None
    amount: Money
    charge_point: ChargePoint
    now: datetime


@dataclass(frozen=True, slots=True)
class RecordPayment:
    payment_id: str
    method: PaymentMethod
    amount: Money
    reference: Sealed[PaymentReference]
    now: datetime


@dataclass(frozen=True, slots=True)
class CaptureCharge:
    now: datetime


@dataclass(frozen=True, slots=True)
class IssueInvoice:
    invoice_id: str
    now: datetime


@dataclass(frozen=True, slots=True)
class CancelCharge:
    """`review_started`: whether the specialist had begun, as far as this service knew when it decided."""

    review_started: bool
    now: datetime


ChargeCommand = QuoteFee | RecordPayment | CaptureCharge | IssueInvoice | CancelCharge
Event = ChargeEvent | ledger.LedgerEntryPosted


def decide(command: ChargeCommand, charge: Charge) -> list[Event]:
    match command:
        case QuoteFee():
            return _quote(command, charge)
        case RecordPayment():
            return _pay(command, charge, _quoted(charge))
        case CaptureCharge():
            return _capture(command, charge, _quoted(charge))
        case IssueInvoice():
            return _invoice(command, charge, _quoted(charge))
        case CancelCharge():
            return _cancel(command, charge)


def _quoted(charge: Charge) -> FeeQuoted:
    if charge.quote is None:
        raise unknown("charge_unknown", "Nothing was quoted for this case.")
    return charge.quote


def _refuse_ended(charge: Charge) -> None:
    if charge.ended:
        raise DomainError("charge_cancelled", f"The charge is {charge.ending}; nothing more happens to it.")


def _quote(command: QuoteFee, charge: Charge) -> list[Event]:
    if charge.quote is not None:
        return []
    quoted = FeeQuoted(
        case_id=command.case_id,
        charge_id=command.charge_id,
        program=command.program,
        route=command.route,
        payer_organisation_id=command.payer_organisation_id,
        amount=command.amount,
        charge_point=command.charge_point,
        quoted_at=command.now,
    )
    if command.route is CoverageRoute.SELF_PAY and command.amount:
        return [quoted]
    return [
        quoted,
        CoverageConfirmed(case_id=command.case_id, charge_id=command.charge_id, route=command.route),
    ]


def _pay(command: RecordPayment, charge: Charge, quote: FeeQuoted) -> list[Event]:
    _refuse_ended(charge)
    if charge.payment is not None:
        raise DomainError("charge_already_paid", "This charge is paid; a second payment belongs to another charge.")
    if not quote.amount:
        raise DomainError("nothing_to_pay", "This charge is zero.")
    if charge.covered and charge.invoice is None:
        raise DomainError("invoice_not_issued", "A covered charge is paid on its invoice; issue the invoice first.")
    if command.amount.currency != quote.amount.currency:
        raise invalid("currency_mismatch", f"The charge is in {quote.amount.currency}.", "/currency")
    if command.amount != quote.amount:
        raise invalid(
            "amount_not_open_amount",
            f"The open amount is {quote.amount.amount_minor} minor units; a payment settles it whole.",
            "/amount_minor",
            open_minor=quote.amount.amount_minor,
        )
    paid = PaymentCaptured(
        case_id=quote.case_id,
        charge_id=quote.charge_id,
        payment_id=command.payment_id,
        method=command.method,
        amount=command.amount,
        captured_at=command.now,
        reference=command.reference,
    )
    settled = ledger.receivable(quote.route) if charge.captured_at else ledger.DEPOSITS
    return [paid, *_entry(quote, "payment", debit=ledger.CASH, credit=settled)]


def _capture(command: CaptureCharge, charge: Charge, quote: FeeQuoted) -> list[Event]:
    _refuse_ended(charge)
    if charge.captured_at is not None:
        return []
    if not charge.covered and charge.payment is None:
        raise DomainError("payment_outstanding", "The patient pays this charge and has not; record the payment first.")
    captured = ChargeCaptured(
        case_id=quote.case_id, charge_id=quote.charge_id, amount=quote.amount, captured_at=command.now
    )
    source = ledger.DEPOSITS if charge.payment else ledger.receivable(quote.route)
    return [captured, *_entry(quote, "capture", debit=source, credit=ledger.REVENUE)]


def _invoice(command: IssueInvoice, charge: Charge, quote: FeeQuoted) -> list[Event]:
    _refuse_ended(charge)
    if charge.invoice is not None:
        return []
    if charge.captured_at is None:
        raise DomainError("charge_not_captured", "The charge is not due yet; capture it at the program's charge point.")
    return [
        InvoiceIssued(
            case_id=quote.case_id,
            charge_id=quote.charge_id,
            invoice_id=command.invoice_id,
            payer_organisation_id=quote.payer_organisation_id,
            amount=quote.amount,
            issued_at=command.now,
        )
    ]


def _cancel(command: CancelCharge, charge: Charge) -> list[Event]:
    """Before the review everything is undone. After it, what was paid or due is kept, and what never came due lapses."""
    quote = charge.quote
    if quote is None or charge.ending is not None:
        return []
    if not command.review_started:
        return _refund(command, charge, quote) if charge.payment else _void(command, charge, quote)
    if charge.payment is None and charge.captured_at is None:
        return _void(command, charge, quote)
    earned = _capture(CaptureCharge(command.now), charge, quote)
    return [*earned, ChargeKept(case_id=quote.case_id, charge_id=quote.charge_id, kept_at=command.now)]


def _refund(command: CancelCharge, charge: Charge, quote: FeeQuoted) -> list[Event]:
    refund = RefundIssued(
        case_id=quote.case_id, charge_id=quote.charge_id, amount=quote.amount, refunded_at=command.now
    )
    given_back = ledger.REFUNDS if charge.captured_at else ledger.DEPOSITS
    return [refund, *_entry(quote, "refund", debit=given_back, credit=ledger.CASH)]


def _void(command: CancelCharge, charge: Charge, quote: FeeQuoted) -> list[Event]:
    void = ChargeVoided(case_id=quote.case_id, charge_id=quote.charge_id, voided_at=command.now)
    if charge.captured_at is None:
        return [void]
    return [void, *_entry(quote, "void", debit=ledger.REVENUE, credit=ledger.receivable(quote.route))]


def _entry(quote: FeeQuoted, cause: str, *, debit: str, credit: str) -> list[ledger.LedgerEntryPosted]:
    return ledger.entry(
        about=quote.charge_id, case_id=quote.case_id, cause=cause, debit=debit, credit=credit, amount=quote.amount
    )


def evolve(charge: Charge, happened: Event) -> Charge:
    match happened:
        case FeeQuoted():
            charge = replace(charge, quote=happened)
        case CoverageConfirmed():
            charge = replace(charge, covered=True)
        case PaymentCaptured():
            charge = replace(charge, payment=happened)
        case ChargeCaptured(captured_at=captured_at):
            charge = replace(charge, captured_at=captured_at)
        case InvoiceIssued():
            charge = replace(charge, invoice=happened)
        case RefundIssued():
            charge = replace(charge, ending=Ending.REFUNDED)
        case ChargeVoided():
            charge = replace(charge, ending=Ending.VOID)
        case ChargeKept():
            charge = replace(charge, ending=Ending.KEPT)
    return charge


CHARGE: Decider[Charge, ChargeCommand, Event] = Decider(Charge, decide, evolve)
