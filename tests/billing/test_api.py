"""Billing over HTTP, alone on its real stores: the whole way of the money, who may, and what is refused."""

import sqlite3

import pytest

from billing.programs import program
from billing.scene import (
    CASE,
    INTERNAL,
    PAYMENT,
    PUBLIC,
    accepted,
    balanced,
    known,
    ok,
    refused,
    review_started,
    submitted,
)
from rso_billing.app import SPEC
from rso_shared.contracts import billing as facts
from rso_shared.contracts.intake import PriorityChanged, ProgramPublished
from rso_shared.contracts.opinions import OpinionReleased
from rso_shared.contracts.vocabulary import (
    ChargePoint,
    CoverageRoute,
    Priority,
    Role,
)
from support.harness import START, Harness


@pytest.fixture
def billing(tmp_path):
    harness = Harness(SPEC, tmp_path)
    yield harness
    harness.close()


def test_the_patient_pays_before_the_records(billing):
    known(billing)
    service, finance = billing.client(Role.SERVICE), billing.client(Role.FINANCE)
    quoted = ok(service.post(f"{INTERNAL}/quote"), 201)
    assert (quoted["status"], quoted["amount_minor"], quoted["awaiting_payment"]) == ("quoted", 60_000, True)
    refused(service.post(f"{INTERNAL}/charge-capture"), 409, "payment_outstanding")
    paid = ok(finance.post(f"{PUBLIC}/payments", PAYMENT), 201)
    assert (paid["status"], paid["open_minor"]) == ("authorized", 0)
    assert balanced(billing) == {"cash": 60_000, "deposits": -60_000}
    assert ok(service.post(f"{INTERNAL}/charge-capture"))["status"] == "paid"
    ok(service.post(f"{INTERNAL}/invoice"))
    assert balanced(billing) == {"cash": 60_000, "deposits": 0, "revenue": -60_000}
    kinds = [type(fact) for fact in billing.facts()]
    assert kinds == [facts.FeeQuoted, facts.PaymentCaptured, facts.ChargeCaptured, facts.InvoiceIssued]


@pytest.mark.parametrize("reference", [None, "order-17"])
def test_the_partners_own_reference_stands_on_charges_and_invoices(billing, reference):
    known(billing, client_reference=reference)
    patient = billing.client(Role.PATIENT, "patient-1")
    for listed in ("charges", "invoices"):
        assert ok(patient.get(f"{PUBLIC}/{listed}"))["client_reference"] == reference


@pytest.mark.parametrize("route", [route for route in CoverageRoute if route is not CoverageRoute.SELF_PAY])
def test_every_other_payer_is_invoiced(billing, route):
    known(billing, route, sponsor_id="sponsor-1", partner_organisation_id="partner-1")
    service = billing.client(Role.SERVICE)
    quoted = ok(service.post(f"{INTERNAL}/quote"), 201)
    payer = "partner-1" if route is CoverageRoute.PARTNER_INVOICE else "sponsor-1"
    assert (quoted["status"], quoted["awaiting_payment"], quoted["payer_organisation_id"]) == ("covered", False, payer)
    ok(service.post(f"{INTERNAL}/charge-capture"))
    ok(service.post(f"{INTERNAL}/invoice"))
    assert balanced(billing) == {f"receivable:{route}": 60_000, "revenue": -60_000}
    (invoice,) = ok(billing.client(Role.FINANCE).get(f"{PUBLIC}/invoices"))["invoices"]
    assert (invoice["status"], invoice["amount_minor"]) == ("open", 60_000)
    ok(billing.client(Role.FINANCE).post(f"{PUBLIC}/payments", PAYMENT), 201)
    (invoice,) = ok(billing.client(Role.FINANCE).get(f"{PUBLIC}/invoices"))["invoices"]
    assert invoice["status"] == "paid"
    assert billing.facts(facts.CoverageConfirmed)[0].route is route


def test_haste_costs_more(billing):
    known(billing)
    billing.receive(PriorityChanged(case_id=CASE, priority=Priority.URGENT))
    assert ok(billing.client(Role.SERVICE).post(f"{INTERNAL}/quote"), 201)["amount_minor"] == 90_000


def test_the_version_of_the_case_is_waited_for_and_never_replaced(billing):
    billing.receive(ProgramPublished(program=program(version=1, amount_minor=1)), submitted())
    service = billing.client(Role.SERVICE)
    refused(service.post(f"{INTERNAL}/quote"), 503, "not_yet_known")
    billing.receive(ProgramPublished(program=program(version=2)), ProgramPublished(program=program(version=3)))
    assert ok(service.post(f"{INTERNAL}/quote"), 201)["program_version"] == 2


def test_a_charge_at_release_waits_for_the_release(billing):
    known(billing, CoverageRoute.PLAN, ChargePoint.AT_RELEASE)
    service = billing.client(Role.SERVICE)
    ok(service.post(f"{INTERNAL}/quote"), 201)
    refused(service.post(f"{INTERNAL}/charge-capture"), 503, "not_yet_known")
    billing.receive(OpinionReleased(case_id=CASE, opinion_version=1, recipients=(Role.PATIENT,), released_at=START))
    assert ok(service.post(f"{INTERNAL}/charge-capture"))["status"] == "captured"


def test_repeats_of_the_coordinator_change_nothing(billing):
    known(billing, CoverageRoute.PLAN)
    billing.receive(accepted())
    service = billing.client(Role.SERVICE)
    for path, body in (
        ("quote", None),
        ("charge-capture", None),
        ("invoice", None),
        ("honorarium", {"specialist_id": "spec-1"}),
    ):
        first, second = service.post(f"{INTERNAL}/{path}", body), service.post(f"{INTERNAL}/{path}", body)
        assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert len(billing.facts()) == 5


@pytest.mark.parametrize(("begun", "status", "cash"), [(False, "refunded", 0), (True, "paid", 60_000)])
def test_a_cancelled_case_is_refunded_until_its_review_begins(billing, begun, status, cash):
    known(billing)
    service = billing.client(Role.SERVICE)
    ok(service.post(f"{INTERNAL}/quote"), 201)
    ok(billing.client(Role.FINANCE).post(f"{PUBLIC}/payments", PAYMENT), 201)
    if begun:
        billing.receive(review_started())
    for _ in range(2):
        assert ok(service.post(f"{INTERNAL}/cancellation"))["status"] == status
    assert balanced(billing)["cash"] == cash
    assert len(billing.facts(facts.RefundIssued)) == (not begun)


def test_a_case_without_a_charge_is_cancelled_too(billing):
    known(billing)
    assert ok(billing.client(Role.SERVICE).post(f"{INTERNAL}/cancellation"))["status"] == "none"
    assert ok(billing.client(Role.PATIENT, "patient-1").get(f"{PUBLIC}/charges"))["charges"] == []


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"amount_minor": 59_999}, 422, "amount_not_open_amount"),
        ({"currency": "EUR"}, 422, "currency_mismatch"),
        ({"amount_minor": 600.0}, 422, "validation_failed"),
        ({"amount_minor": 0}, 422, "validation_failed"),
        ({"method": "shells"}, 422, "validation_failed"),
        ({"surprise": 1}, 422, "validation_failed"),
    ],
)
def test_wrong_payments_change_nothing(billing, change, status, code):
    known(billing)
    ok(billing.client(Role.SERVICE).post(f"{INTERNAL}/quote"), 201)
    answer = billing.client(Role.FINANCE).post(f"{PUBLIC}/payments", {**PAYMENT, **change})
    assert "Quimby" not in answer.text
    refused(answer, status, code)
    assert len(billing.facts()) == 1


def test_a_payment_is_recorded_once(billing):
    known(billing)
    ok(billing.client(Role.SERVICE).post(f"{INTERNAL}/quote"), 201)
    finance = billing.client(Role.FINANCE)
    first = finance.post(f"{PUBLIC}/payments", PAYMENT, key="one")
    again = finance.post(f"{PUBLIC}/payments", PAYMENT, key="one")
    assert (first.json(), again.headers["idempotency-replayed"]) == (again.json(), "true")
    refused(finance.post(f"{PUBLIC}/payments", PAYMENT, key="two"), 409, "charge_already_paid")


def test_the_outside_reference_is_sealed_and_every_look_is_logged(billing, tmp_path):
    known(billing)
    ok(billing.client(Role.SERVICE).post(f"{INTERNAL}/quote"), 201)
    finance = billing.client(Role.FINANCE, "fin-1")
    payment_id = ok(finance.post(f"{PUBLIC}/payments", PAYMENT), 201)["payment_id"]
    assert ok(finance.get(f"{PUBLIC}/payments/{payment_id}"))["outside_reference"] == PAYMENT["outside_reference"]
    (look,) = billing.service.access_log.entries(case_id=CASE)
    assert (look.subject, look.person_id, look.what) == ("fin-1", "person-1", "payment")
    dump = "\n".join(sqlite3.connect(tmp_path / "store.db").iterdump())
    assert "Quimby" not in dump
    assert b"Quimby".hex().upper() not in dump
    refused(finance.get(f"{PUBLIC}/payments/other"), 404, "payment_unknown")


def test_as_of_shows_what_was_known(billing):
    known(billing)
    service, finance = billing.client(Role.SERVICE), billing.client(Role.FINANCE)
    ok(service.post(f"{INTERNAL}/quote"), 201)
    billing.clock.set(START.replace(hour=18))
    ok(finance.post(f"{PUBLIC}/payments", PAYMENT), 201)
    (then,) = ok(finance.get(f"{PUBLIC}/charges", as_of="2026-03-02T16:00:00Z"))["charges"]
    (now,) = ok(finance.get(f"{PUBLIC}/charges"))["charges"]
    assert (then["status"], now["status"]) == ("quoted", "authorized")
    assert ok(finance.get("/v1/ledger/trial-balance", as_of="2026-03-02T16:00:00Z"))["accounts"] == []
    refused(finance.get(f"{PUBLIC}/charges", as_of="yesterday"), 422, "as_of_invalid")


def test_who_may(billing):
    known(billing, CoverageRoute.PLAN)
    patient, stranger = billing.client(Role.PATIENT, "patient-1"), billing.client(Role.PATIENT, "patient-2")
    ok(patient.get(f"{PUBLIC}/charges"))
    refused(stranger.get(f"{PUBLIC}/charges"), 404, "case_unknown")
    refused(patient.post(f"{PUBLIC}/payments", PAYMENT), 403, "forbidden")
    refused(patient.post(f"{INTERNAL}/quote"), 403, "forbidden")
    refused(patient.get("/v1/ledger/trial-balance"), 403, "forbidden")
    refused(billing.client(Role.SPECIALIST).get(f"{PUBLIC}/charges"), 403, "forbidden")
    refused(billing.client(Role.SERVICE).post("/internal/v1/billing/cases/unknown/quote"), 404, "case_unknown")
    answer = billing.http.post(f"{INTERNAL}/quote", headers=billing.client(Role.SERVICE).headers)
    refused(answer, 400, "idempotency_key_required")


def test_nothing_quoted_nothing_paid(billing):
    known(billing)
    refused(billing.client(Role.FINANCE).post(f"{PUBLIC}/payments", PAYMENT), 404, "charge_unknown")
