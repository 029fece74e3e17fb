"""The charge of a case: every transition and every refusal."""

import pytest

from billing.builders import (
    CAPTURE,
    EMPLOYER,
    FEE,
    INVOICE,
    KEPT,
    LATER,
    REFUNDED,
    VOIDED,
    cancel,
    captured,
    covered,
    invoiced,
    paid,
    pay,
    posted,
    quote,
    quoted,
)
from rso_billing.domain.charge import CHARGE
from rso_billing.domain.ledger import CASH, DEPOSITS, REFUNDS, REVENUE
from rso_billing.domain.money import Money
from rso_shared.contracts.vocabulary import CoverageRoute
from support.deciding import given

RECEIVABLE = "receivable:employer_per_case"
PREPAID = (quoted(), paid(), posted("payment", CASH, DEPOSITS))
EARNED = (*PREPAID, captured(), posted("capture", DEPOSITS, REVENUE))
OWED = (quoted(EMPLOYER), covered(), captured(), posted("capture", RECEIVABLE, REVENUE))
INVOICED = (*OWED, invoiced())


def test_a_patient_who_pays_is_quoted_and_waited_for():
    given(CHARGE).when(quote()).then(quoted())


@pytest.mark.parametrize("route", [r for r in CoverageRoute if r is not CoverageRoute.SELF_PAY])
def test_every_other_route_is_covered_at_once(route):
    given(CHARGE).when(quote(route, payer="org-9")).then(quoted(route, payer="org-9"), covered(route))


def test_a_free_case_waits_for_no_payment():
    free = Money(0, "USD")
    given(CHARGE).when(quote(amount=free)).then(quoted(amount=free), covered(CoverageRoute.SELF_PAY))


def test_a_second_quote_changes_nothing():
    given(CHARGE, quoted()).when(quote(amount=Money(1, "USD"))).then()


def test_a_payment_before_the_charge_point_is_a_deposit():
    given(CHARGE, quoted()).when(pay()).then(paid(), posted("payment", CASH, DEPOSITS))


def test_a_payment_of_an_invoice_settles_the_receivable():
    given(CHARGE, *INVOICED).when(pay()).then(paid(), posted("payment", CASH, RECEIVABLE))


@pytest.mark.parametrize(
    ("events", "command", "code"),
    [
        ((), pay(), "charge_unknown"),
        ((), CAPTURE, "charge_unknown"),
        ((), INVOICE, "charge_unknown"),
        (PREPAID, pay(payment_id="payment-2"), "charge_already_paid"),
        ((quoted(),), pay(Money(59_999, "USD")), "amount_not_open_amount"),
        ((quoted(),), pay(Money(60_000, "EUR")), "currency_mismatch"),
        ((quoted(amount=Money(0, "USD")), covered()), pay(Money(0, "USD")), "nothing_to_pay"),
        (OWED, pay(), "invoice_not_issued"),
        ((quoted(),), CAPTURE, "payment_outstanding"),
        (PREPAID, INVOICE, "charge_not_captured"),
        ((quoted(), VOIDED), pay(), "charge_cancelled"),
        ((quoted(EMPLOYER), covered(), VOIDED), CAPTURE, "charge_cancelled"),
        ((*EARNED, REFUNDED), INVOICE, "charge_cancelled"),
    ],
)
def test_refusals(events, command, code):
    given(CHARGE, *events).when(command).refused(code)


def test_the_refusal_of_a_wrong_amount_names_the_field_and_the_open_amount():
    refusal = given(CHARGE, quoted()).when(pay(Money(1, "USD"))).refused("amount_not_open_amount")
    assert (refusal.status, refusal.pointer, refusal.facts) == (422, "/amount_minor", {"open_minor": 60_000})


def test_capture_earns_a_deposit():
    given(CHARGE, *PREPAID).when(CAPTURE).then(captured(), posted("capture", DEPOSITS, REVENUE))


def test_capture_of_a_covered_charge_makes_a_receivable():
    given(CHARGE, quoted(EMPLOYER), covered()).when(CAPTURE).then(captured(), posted("capture", RECEIVABLE, REVENUE))


def test_a_free_charge_is_captured_without_a_ledger_entry():
    free = Money(0, "USD")
    given(CHARGE, quoted(amount=free), covered()).when(CAPTURE).then(captured(amount=free))


def test_capture_and_invoice_happen_once():
    given(CHARGE, *EARNED).when(CAPTURE).then()
    given(CHARGE, *INVOICED).when(INVOICE).then()


def test_an_invoice_goes_to_the_payer_of_the_quote():
    events = (quoted(EMPLOYER, payer="org-9"), covered(), captured())
    given(CHARGE, *events).when(INVOICE).then(invoiced("org-9"))


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        ((), ()),
        ((quoted(),), (VOIDED,)),
        (PREPAID, (REFUNDED, posted("refund", DEPOSITS, CASH))),
        (EARNED, (REFUNDED, posted("refund", REFUNDS, CASH))),
        (INVOICED, (VOIDED, posted("void", REVENUE, RECEIVABLE))),
        ((*INVOICED, paid()), (REFUNDED, posted("refund", REFUNDS, CASH))),
    ],
)
def test_before_the_review_everything_is_undone(events, outcome):
    given(CHARGE, *events).when(cancel(review_started=False)).then(*outcome)


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        ((), ()),
        ((quoted(EMPLOYER), covered()), (VOIDED,)),
        (PREPAID, (captured(LATER), posted("capture", DEPOSITS, REVENUE), KEPT)),
        (EARNED, (KEPT,)),
        (INVOICED, (KEPT,)),
    ],
)
def test_after_the_review_began_nothing_is_given_back(events, outcome):
    given(CHARGE, *events).when(cancel(review_started=True)).then(*outcome)


@pytest.mark.parametrize("ending", [VOIDED, REFUNDED, KEPT])
@pytest.mark.parametrize("review_started", [True, False])
def test_a_case_is_cancelled_once(ending, review_started):
    given(CHARGE, *EARNED, ending).when(cancel(review_started=review_started)).then()


def test_a_kept_receivable_can_still_be_invoiced_and_paid():
    given(CHARGE, *OWED, KEPT).when(INVOICE).then(invoiced())
    given(CHARGE, *INVOICED, KEPT).when(pay()).then(paid(), posted("payment", CASH, RECEIVABLE))


@pytest.mark.parametrize(
    ("events", "status", "open_minor"),
    [
        ((quoted(),), "quoted", 60_000),
        ((quoted(EMPLOYER), covered()), "covered", 60_000),
        (PREPAID, "authorized", 0),
        (OWED, "captured", 60_000),
        (INVOICED, "invoiced", 60_000),
        (EARNED, "paid", 0),
        ((*INVOICED, paid()), "paid", 0),
        ((quoted(), VOIDED), "void", 0),
        ((*EARNED, REFUNDED), "refunded", 0),
    ],
)
def test_one_word_for_people_and_what_is_open(events, status, open_minor):
    charge = given(CHARGE, *events).state()
    assert (charge.status, charge.open) == (status, Money(open_minor, FEE.currency))


def test_no_charge_has_no_open_amount():
    charge = given(CHARGE).state()
    assert (charge.status, charge.open) == ("none", None)
