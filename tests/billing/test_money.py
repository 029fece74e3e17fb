"""Money counts whole minor units of one currency, and a surcharge is rounded half up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rso_billing.domain.ledger import Posting, entry, trial_balance
from rso_billing.domain.money import Money
from rso_billing.domain.pricing import honorarium_amount, quoted_amount
from rso_shared.contracts.program import Price
from rso_shared.contracts.vocabulary import ChargePoint, CoverageRoute, Priority
from rso_shared.kit.errors import DomainError

PRICE = Price(
    currency="USD",
    amount_minor=79_000,
    amount_minor_by_state={"CA": 60_000},
    expedited_percent=50,
    honorarium_minor=50_000,
    route=CoverageRoute.SELF_PAY,
    charge_point=ChargePoint.BEFORE_RECORDS,
)
AMOUNTS = st.integers(min_value=0, max_value=10**12)


@pytest.mark.parametrize(
    ("amount", "percent", "total"), [(100, 50, 150), (101, 50, 152), (1, 49, 1), (1, 50, 2), (333, 15, 383), (0, 50, 0)]
)
def test_a_percentage_is_rounded_half_up(amount, percent, total):
    assert Money(amount, "USD").plus_percent(percent) == Money(total, "USD")


@given(AMOUNTS, st.integers(min_value=0, max_value=500))
def test_rounding_is_never_off_by_more_than_half_a_unit(amount, percent):
    surcharge = Money(amount, "USD").plus_percent(percent).amount_minor - amount
    assert -50 < surcharge * 100 - amount * percent <= 50


@pytest.mark.parametrize("wrong", [1.0, True, "1"])
def test_only_whole_units(wrong):
    with pytest.raises(TypeError):
        Money(wrong, "USD")


@pytest.mark.parametrize("wrong", ["usd", "US", "EURO", "ÄÖÜ"])
def test_only_currencies(wrong):
    with pytest.raises(ValueError, match="three capital letters"):
        Money(1, wrong)


def test_currencies_do_not_mix():
    with pytest.raises(DomainError) as refusal:
        Money(1, "USD") + Money(1, "EUR")
    assert refusal.value.code == "currency_mismatch"
    with pytest.raises(DomainError):
        Money(1, "USD") - Money(1, "EUR")


@given(AMOUNTS, AMOUNTS)
def test_what_is_added_can_be_taken_away(one, other):
    assert Money(one, "USD") + Money(other, "USD") - Money(other, "USD") == Money(one, "USD")


@pytest.mark.parametrize(
    ("state", "priority", "amount"),
    [
        ("CA", Priority.ROUTINE, 60_000),
        ("NV", Priority.ROUTINE, 79_000),
        ("CA", Priority.EXPEDITED, 90_000),
        ("NV", Priority.URGENT, 118_500),
    ],
)
def test_the_price_of_the_state_and_the_surcharge_for_haste(state, priority, amount):
    assert quoted_amount(PRICE, state=state, priority=priority) == Money(amount, "USD")


def test_the_honorarium_is_the_programs():
    assert honorarium_amount(PRICE) == Money(50_000, "USD")


def test_an_entry_balances_per_currency_and_zero_makes_none():
    (posted,) = entry(about="c", case_id="k", cause="x", debit="cash", credit="revenue", amount=Money(5, "USD"))
    assert posted.postings == (Posting("cash", Money(5, "USD")), Posting("revenue", Money(-5, "USD")))
    assert trial_balance(posted.postings) == {"USD": 0}
    assert entry(about="c", case_id="k", cause="x", debit="cash", credit="revenue", amount=Money(0, "USD")) == []
