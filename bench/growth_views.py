"""What is asked of a service that has many cases: views, and commands in the order in which a case meets them.

Braces name what is known of the case at hand (`growth_cases.Known`); a word that is nothing but braces stands for the value itself.
Commands of intake make their own case. Those of the others meet one of which the service has heard, and has done nothing for yet.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rso_matching.domain import statement
from rso_onebox.client import OPERATOR
from rso_onebox.demo_people import PARTNER
from rso_operations import board, listing
from rso_operations.listing import Wanted
from rso_shared.contracts.vocabulary import Role, Stage
from rso_shared.kit.database import Tx


@dataclass(frozen=True, slots=True)
class Caller:
    role: Role
    subject: str = "bench"
    organisation: str = OPERATOR


@dataclass(frozen=True, slots=True)
class View:
    """By its path, or by the query of a page that is not HTTP alone."""

    service: str
    name: str
    path: str = ""
    caller: Caller = Caller(Role.CARE_COORDINATOR)
    query: Callable[[Tx], object] | None = None


@dataclass(frozen=True, slots=True)
class Command:
    service: str
    name: str
    path: str
    caller: Caller = Caller(Role.SERVICE)
    body: str | Mapping[str, Any] | None = None


EHR = Caller(Role.PARTNER, "example-health-ehr", PARTNER)
FINANCE, QUALITY, DIRECTOR = (Caller(role) for role in (Role.FINANCE, Role.QUALITY_REVIEWER, Role.MEDICAL_DIRECTOR))
DESK, RECORDS, SERVICE = (Caller(role) for role in (Role.CARE_COORDINATOR, Role.RECORDS_SPECIALIST, Role.SERVICE))
SPECIALIST = Caller(Role.SPECIALIST, "{specialist_id}", "public")
NOW = datetime.now(UTC)
CASE, INSIDE = "/v1/cases/{case_id}", "/internal/v1/{service}/cases/{case_id}"

VIEWS = (
    View("intake", "a case", CASE),
    View("intake", "its people", f"{CASE}/person?purpose=care"),
    View("intake", "its questions", f"{CASE}/questions"),
    View("intake", "its authorizations", f"{CASE}/authorizations"),
    View("intake", "the list of cases", "/v1/cases"),
    View("intake", "the list of one stage", "/v1/cases?stage=delivered"),
    View("intake", "the list of a stage where nobody is", "/v1/cases?stage=in_review"),
    View("intake", "the list by client reference", "/v1/cases?client_reference=nobody"),
    View("intake", "the list of late changes", "/v1/cases?updated_after=2100-01-01T00:00:00Z"),
    View("intake", "a partner's list of cases", "/v1/cases", EHR),
    View("records", "record requests", f"{CASE}/record-requests", RECORDS),
    View("records", "requests that wait", f"{INSIDE}/requests", SERVICE),
    View("records", "a checklist", f"{CASE}/checklist"),
    View("records", "the documents of a case", f"{CASE}/documents", RECORDS),
    View("records", "a summary", f"{CASE}/summary"),
    View("records", "a dossier", f"{INSIDE}/dossier", SERVICE),
    View("matching", "a specialist's offers", "/v1/offers", SPECIALIST),
    View("matching", "a specialist's open offers", "/v1/offers?status=offered", SPECIALIST),
    View("matching", "the list of offers", "/v1/offers"),
    View("matching", "the list of open offers", "/v1/offers?status=offered"),
    View("matching", "the offers of a case", "/v1/offers?case_id={case_id}"),
    View("matching", "an offer", "/v1/offers/{offer_id}", SPECIALIST),
    View("matching", "an assignment", f"{CASE}/assignment"),
    View("matching", "a match decision", f"{CASE}/match-decision"),
    View("matching", "the directory", "/v1/specialists"),
    View("matching", "the directory of a condition group", "/v1/specialists?condition_group=breast_cancer"),
    View("matching", "a specialist", "/v1/specialists/{specialist_id}"),
    View("matching", "what a specialist has open", "/internal/v1/matching/specialists/{specialist_id}/engagement", SERVICE),
    View("opinions", "a specialist's reviews", "/v1/reviews", SPECIALIST),
    View("opinions", "a specialist's reviews in drafting", "/v1/reviews?state=drafting", SPECIALIST),
    View("opinions", "the list of reviews", "/v1/reviews", QUALITY),
    View("opinions", "the list of reviews in quality review", "/v1/reviews?state=in_qa", QUALITY),
    View("opinions", "an opinion", f"{CASE}/opinion", QUALITY),
    View("opinions", "a report", f"{CASE}/report"),
    View("billing", "the charges of a case", f"{CASE}/charges", FINANCE),
    View("billing", "the invoices of a case", f"{CASE}/invoices", FINANCE),
    View("billing", "the honoraria of a case", "/v1/honoraria?case_id={case_id}", FINANCE),
    View("billing", "the list of honoraria", "/v1/honoraria", FINANCE),
    View("billing", "the list of honoraria to approve", "/v1/honoraria?status=accrued", FINANCE),
    View("billing", "a specialist's honoraria", "/v1/honoraria", SPECIALIST),
    View("billing", "the journal of a case", "/v1/ledger/entries?case_id={case_id}", FINANCE),
    View("billing", "the trial balance", "/v1/ledger/trial-balance", FINANCE),
    View("operations", "a timeline", f"{CASE}/timeline"),
    View("operations", "the list of cases", query=lambda tx: listing.page(tx, Wanted(), NOW)),
    View("operations", "the list of one stage", query=lambda tx: listing.page(tx, Wanted(stage=Stage.DELIVERED), NOW)),
    View("operations", "the list of a stage where nobody is", query=lambda tx: listing.page(tx, Wanted(stage=Stage.IN_REVIEW), NOW)),
    View("operations", "the counts by stage", query=board.by_stage),
)  # fmt: skip

COMMANDS = (
    Command("intake", "opening a case", "/v1/cases", EHR, "{submission}"),
    Command("intake", "joining a case", "/v1/case-joins", Caller(Role.PATIENT, "{someone}", "public"),
            {"reference_number": "{reference_number}", "role": "patient"}),
    Command("intake", "changing its priority", f"{CASE}/priority", DESK, {"priority": "urgent"}),
    Command("records", "starting a compilation", f"{INSIDE}/compilation"),
    Command("records", "naming a record holder", f"{CASE}/record-requests", RECORDS,
            {"facility_id": "{facility_id}", "kind": "clinical_note"}),
    Command("records", "verifying a record request", f"{CASE}/record-requests/{{request_id}}/verification", RECORDS),
    Command("records", "sending a record request", f"{CASE}/record-requests/{{request_id}}/dispatch", RECORDS,
            {"channel": "fax"}),
    Command("records", "waiving a kind of record", f"{CASE}/checklist/waivers", DIRECTOR,
            {"kind": "{waived}", "reason": "There are none."}),
    Command("matching", "changing a specialist's capacity", "/v1/specialists/{specialist_id}/capacity", DIRECTOR,
            {"capacity": "{turn}"}),
    Command("matching", "matching a case", f"{INSIDE}/matching"),
    Command("matching", "offering a case", f"{INSIDE}/offers", body={"n": 1}),
    Command("matching", "attesting no conflict", "/v1/offers/{offer_id}/attestation", SPECIALIST,
            {"conflict": False, "statement_version": statement.VERSION}),
    Command("matching", "accepting an offer", "/v1/offers/{offer_id}/acceptance", SPECIALIST),
    Command("opinions", "starting a review", f"{INSIDE}/review",
            body={"assignment_id": "{assignment_id}", "specialist_id": "{specialist_id}", "due_at": "2100-01-01T00:00:00Z"}),
    Command("opinions", "saving a draft", f"{CASE}/opinion/drafts", SPECIALIST,
            {"diagnosis_effect": "confirmed", "treatment_effect": "changed"}),
    Command("billing", "quoting a fee", f"{INSIDE}/quote"),
    Command("billing", "recording a payment", f"{CASE}/payments", FINANCE,
            {"method": "card", "amount_minor": "{open_minor}", "currency": "{currency}", "outside_reference": "bench"}),
    Command("billing", "capturing a charge", f"{INSIDE}/charge-capture"),
    Command("billing", "issuing an invoice", f"{INSIDE}/invoice"),
    Command("billing", "accruing an honorarium", f"{INSIDE}/honorarium", body={"specialist_id": "{specialist_id}"}),
    Command("billing", "approving an honorarium", "/v1/honoraria/{honorarium_id}/approval", FINANCE),
)  # fmt: skip
