"""What goes in and out over HTTP. Amounts are integer minor units of the currency."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from rso_billing.domain.charge import Charge, Ending
from rso_billing.domain.charge_events import PaymentMethod
from rso_shared.contracts.vocabulary import ChargePoint, CoverageRoute

Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["USD"])]


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PaymentRecord(Request):
    """A payment made elsewhere. It settles the open amount whole; `outside_reference` is what it is called there."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"method": "card", "amount_minor": 240000, "currency": "USD", "outside_reference": "receipt 001742"}
            ]
        }
    )

    method: PaymentMethod = Field(examples=["card"])
    amount_minor: int = Field(gt=0, strict=True, examples=[60000])
    currency: Currency
    outside_reference: str = Field(min_length=1, max_length=200, examples=["terminal 4, receipt 001742"])


class HonorariumAccrual(Request):
    specialist_id: str = Field(min_length=1, max_length=64)


class ChargeState(BaseModel):
    """The charge of a case after a command, or as it stands. `status` is one word for people; the rest is what it says.

    `status`: none, quoted, covered, authorized (paid, not due yet), captured, invoiced, paid, void, refunded.
    """

    case_id: str
    version: int
    status: str
    charge_id: str | None = None
    route: CoverageRoute | None = None
    payer_organisation_id: str | None = None
    program_id: str | None = None
    program_version: int | None = None
    charge_point: ChargePoint | None = None
    amount_minor: int | None = None
    open_minor: int | None = None
    currency: str | None = None
    awaiting_payment: bool = False
    covered: bool = False
    quoted_at: datetime | None = None
    payment_id: str | None = None
    payment_method: PaymentMethod | None = None
    paid_at: datetime | None = None
    captured_at: datetime | None = None
    invoice_id: str | None = None
    invoiced_at: datetime | None = None
    ending: Ending | None = None

    @classmethod
    def of(cls, case_id: str, charge: Charge, version: int) -> Self:
        quote, payment, invoice = charge.quote, charge.payment, charge.invoice
        if quote is None:
            return cls(case_id=case_id, version=version, status=charge.status)
        return cls(
            case_id=case_id,
            version=version,
            status=charge.status,
            charge_id=quote.charge_id,
            route=quote.route,
            payer_organisation_id=quote.payer_organisation_id,
            program_id=quote.program.program_id,
            program_version=quote.program.version,
            charge_point=quote.charge_point,
            amount_minor=quote.amount.amount_minor,
            open_minor=charge.open.amount_minor if charge.open else 0,
            currency=quote.amount.currency,
            awaiting_payment=charge.status == "quoted",
            covered=charge.covered,
            quoted_at=quote.quoted_at,
            payment_id=payment.payment_id if payment else None,
            payment_method=payment.method if payment else None,
            paid_at=payment.captured_at if payment else None,
            captured_at=charge.captured_at,
            invoice_id=invoice.invoice_id if invoice else None,
            invoiced_at=invoice.issued_at if invoice else None,
            ending=charge.ending,
        )


class Charges(BaseModel):
    case_id: str
    client_reference: str | None
    as_of: datetime
    charges: list[ChargeState]


class PaymentView(BaseModel):
    case_id: str
    payment_id: str
    method: PaymentMethod
    amount_minor: int
    currency: str
    paid_at: datetime
    outside_reference: str


class InvoiceView(BaseModel):
    """`status`: open, paid, void or refunded. `payer_organisation_id` None is the patient."""

    invoice_id: str
    charge_id: str
    payer_organisation_id: str | None
    amount_minor: int
    currency: str
    issued_at: datetime
    status: str


class Invoices(BaseModel):
    case_id: str
    client_reference: str | None
    as_of: datetime
    invoices: list[InvoiceView]


class HonorariumState(BaseModel):
    """`status`: accrued or approved."""

    case_id: str
    version: int
    honorarium_id: str
    specialist_id: str
    amount_minor: int
    currency: str
    status: str
    accrued_at: datetime
    approved_at: datetime | None


class HonorariumView(BaseModel):
    case_id: str
    honorarium_id: str
    specialist_id: str
    amount_minor: int
    currency: str
    status: str
    accrued_at: datetime
    approved_at: datetime | None


class Honoraria(BaseModel):
    """`next_cursor` is null on the last page. Ask again with it, and with the same filters."""

    honoraria: list[HonorariumView]
    next_cursor: str | None


class AccountBalance(BaseModel):
    """`balance_minor` is debits less credits."""

    account: str
    currency: str
    debit_minor: int
    credit_minor: int
    balance_minor: int


class TrialBalance(BaseModel):
    """`difference_minor` per currency is zero, or the books are wrong and `balanced` says so."""

    as_of: datetime
    balanced: bool
    difference_minor: dict[str, int]
    accounts: list[AccountBalance]


class JournalLine(BaseModel):
    entry_id: str
    line: int
    case_id: str
    cause: str
    account: str
    currency: str
    amount_minor: int
    posted_at: datetime


class Journal(BaseModel):
    lines: list[JournalLine]
