"""Facts of billing. Amounts are integer minor units of the currency; never what was wrong with whom."""

from datetime import datetime
from typing import ClassVar

from rso_shared.contracts.base import CaseFact, ErasureAnswer
from rso_shared.contracts.vocabulary import CoverageRoute


class FeeQuoted(CaseFact):
    TYPE: ClassVar[str] = "billing.fee_quoted"
    charge_id: str
    route: CoverageRoute
    amount_minor: int
    currency: str


class CoverageConfirmed(CaseFact):
    """Somebody other than the patient pays; no payment is waited for."""

    TYPE: ClassVar[str] = "billing.coverage_confirmed"
    charge_id: str
    route: CoverageRoute


class PaymentCaptured(CaseFact):
    TYPE: ClassVar[str] = "billing.payment_captured"
    charge_id: str
    amount_minor: int
    currency: str
    captured_at: datetime


class ChargeCaptured(CaseFact):
    """The charge became due to us at the program's charge point and stands in the ledger."""

    TYPE: ClassVar[str] = "billing.charge_captured"
    charge_id: str
    amount_minor: int
    currency: str


class InvoiceIssued(CaseFact):
    TYPE: ClassVar[str] = "billing.invoice_issued"
    invoice_id: str
    charge_id: str
    amount_minor: int
    currency: str
    issued_at: datetime


class RefundIssued(CaseFact):
    TYPE: ClassVar[str] = "billing.refund_issued"
    charge_id: str
    amount_minor: int
    currency: str


class ChargeVoided(CaseFact):
    TYPE: ClassVar[str] = "billing.charge_voided"
    charge_id: str


class HonorariumAccrued(CaseFact):
    TYPE: ClassVar[str] = "billing.honorarium_accrued"
    honorarium_id: str
    specialist_id: str
    amount_minor: int
    currency: str


class HonorariumApproved(CaseFact):
    TYPE: ClassVar[str] = "billing.honorarium_approved"
    honorarium_id: str


class KeyDestroyed(ErasureAnswer):
    TYPE: ClassVar[str] = "billing.key_destroyed"
