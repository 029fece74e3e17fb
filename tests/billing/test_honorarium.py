"""What a specialist is owed: accrued once, approved once, never out of the accounts of a charge."""

import inspect

from billing.builders import CASE, LATER, NOW, posted
from rso_billing.domain import honorarium, ledger, pricing
from rso_billing.domain.honorarium import (
    HONORARIUM,
    AccrueHonorarium,
    ApproveHonorarium,
    HonorariumAccrued,
    HonorariumApproved,
)
from rso_billing.domain.money import Money
from support.deciding import given

FIVE_HUNDRED = Money(50_000, "USD")
ACCRUE = AccrueHonorarium(case_id=CASE, honorarium_id="hon-1", specialist_id="spec-1", amount=FIVE_HUNDRED, now=NOW)
ACCRUED = HonorariumAccrued(
    case_id=CASE, honorarium_id="hon-1", specialist_id="spec-1", amount=FIVE_HUNDRED, accrued_at=NOW
)
APPROVED = HonorariumApproved(case_id=CASE, honorarium_id="hon-1", approved_at=LATER)
ENTRY = posted("accrual", ledger.HONORARIA_EXPENSE, ledger.HONORARIA_PAYABLE, FIVE_HUNDRED, about="hon-1")


def test_accrual():
    given(HONORARIUM).when(ACCRUE).then(ACCRUED, ENTRY)


def test_accrued_once():
    given(HONORARIUM, ACCRUED, ENTRY).when(ACCRUE).then()


def test_approval():
    given(HONORARIUM, ACCRUED, ENTRY).when(ApproveHonorarium(now=LATER)).then(APPROVED)


def test_approved_once():
    given(HONORARIUM, ACCRUED, ENTRY, APPROVED).when(ApproveHonorarium(now=LATER)).then()


def test_only_what_was_accrued_is_approved():
    given(HONORARIUM).when(ApproveHonorarium(now=LATER)).refused("honorarium_unknown")


def test_charges_and_honoraria_share_no_account():
    assert not ledger.CHARGE_ACCOUNTS & ledger.HONORARIUM_ACCOUNTS


def test_no_outcome_is_read():
    text = inspect.getsource(honorarium) + inspect.getsource(pricing.honorarium_amount)
    assert "effect" not in text
    assert "opinions" not in text
