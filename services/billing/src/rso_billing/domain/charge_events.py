"""The events of a charge. The outside reference of a payment may name a person, so it is sealed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rso_billing.domain.money import Money
from rso_shared.contracts.program import ProgramRef
from rso_shared.contracts.vocabulary import ChargePoint, CoverageRoute
from rso_shared.kit.events import event
from rso_shared.kit.sealed import Sealed


class PaymentMethod(StrEnum):
    CARD = "card"
    BANK_TRANSFER = "bank_transfer"
    CHEQUE = "cheque"
    CASH = "cash"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class PaymentReference:
    """How the payment is called where it was made: a terminal's receipt, a bank's reference."""

    outside_reference: str


@event("billing.fee_quoted")
class FeeQuoted:
    """`payer_organisation_id` is who is invoiced; None is the patient."""

    case_id: str
    charge_id: str
    program: ProgramRef
    route: CoverageRoute
    payer_organisation_id: str | None
    amount: Money
    charge_point: ChargePoint
    quoted_at: datetime


@event("billing.coverage_confirmed")
class CoverageConfirmed:
    case_id: str
    charge_id: str
    route: CoverageRoute


@event("billing.payment_captured")
class PaymentCaptured:
    """A payment made elsewhere, as finance recorded it here."""

    case_id: str
    charge_id: str
    payment_id: str
    method: PaymentMethod
    amount: Money
    captured_at: datetime
    reference: Sealed[PaymentReference]


@event("billing.charge_captured")
class ChargeCaptured:
    case_id: str
    charge_id: str
    amount: Money
    captured_at: datetime


@event("billing.invoice_issued")
class InvoiceIssued:
    case_id: str
    charge_id: str
    invoice_id: str
    payer_organisation_id: str | None
    amount: Money
    issued_at: datetime


@event("billing.refund_issued")
class RefundIssued:
    case_id: str
    charge_id: str
    amount: Money
    refunded_at: datetime


@event("billing.charge_voided")
class ChargeVoided:
    case_id: str
    charge_id: str
    voided_at: datetime


@event("billing.charge_kept")
class ChargeKept:
    """The case was cancelled after its review had begun: what was paid or due stays so."""

    case_id: str
    charge_id: str
    kept_at: datetime


ChargeEvent = (
    FeeQuoted
    | CoverageConfirmed
    | PaymentCaptured
    | ChargeCaptured
    | InvoiceIssued
    | RefundIssued
    | ChargeVoided
    | ChargeKept
)
