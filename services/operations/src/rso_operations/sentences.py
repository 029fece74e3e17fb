"""One plain sentence per fact, built from its codes, counts and instants. What names somebody is never in a fact."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from rso_operations import words
from rso_shared.contracts.base import FactModel

ERASED = "The person's keys here are destroyed"
INTAKE = {
    "case_submitted": "Case submitted ({condition_group}, {priority}) by {requester_relation}; {coverage_route}",
    "eligibility_confirmed": "Eligible; jurisdiction: {jurisdiction_decision}",
    "case_declined": "Declined: {reason}",
    "terms_accepted": "Terms {terms_version} accepted by {role}",
    "requester_linked": "The {role} joined the case",
    "local_provider_joined": "The local provider joined the case",
    "authorization_requested": "Authorization to request records asked for",
    "authorization_signed": "Authorization signed, in force until {expires_on}",
    "authorization_revoked": "Authorization revoked",
    "owner_assigned": "Owner is now {owner}",
    "priority_changed": "Priority is now {priority}",
    "condition_coded": "Condition coded as {condition_group}",
    "questions_revised": "Questions revised (version {questions_version})",
    "questions_frozen": "Questions frozen (version {questions_version})",
    "case_held": "On hold: {reason}",
    "case_resumed": "Resumed; no longer held for {reason}",
    "case_withdrawn": "Withdrawn by {by_role}",
    "case_expired": "Expired without {waiting_on}",
    "case_closed": "Closed: {close_reason}",
    "recipient_notified": "The {role} was told by mail that the report is there",
    "program_published": "Program published",
    "organisation_registered": "Organisation registered: {kind}",
    "covered_lives_stated": "Covered lives stated",
    "legal_hold_placed": "Legal hold placed: {reason}",
    "legal_hold_lifted": "Legal hold lifted",
    "erasure_requested": "Erasure asked for: {reason}",
    "erasure_approved": "Erasure approved",
    "erasure_completed": "Erased in every service",
    "key_destroyed": ERASED,
}
RECORDS = {
    "compilation_started": "Compiling records; required: {required}",
    "record_holder_identified": "A facility holds {kind}",
    "record_request_verified": "Facility verified",
    "record_request_sent": "Request for {kind} sent",
    "record_request_acknowledged": "Facility acknowledged the request",
    "record_request_incomplete": "Facility sent part; the request is open again",
    "record_request_fulfilled": "Facility sent all that was asked",
    "no_records_found": "Facility found no records",
    "record_request_refused": "Facility refused the request",
    "record_request_cancelled": "Record request cancelled",
    "record_request_abandoned": "Record request given up",
    "record_item_received": "Document received: {kind}",
    "record_item_accepted": "Document accepted for {kinds}",
    "record_item_rejected": "Document rejected: {reason}",
    "record_item_waived": "Requirement waived by a clinician: {kind}",
    "record_set_accepted": "Record set accepted: {documents}, {waived} waived",
    "case_summary_drafted": "Summary drafted (version {summary_version})",
    "case_summary_signed": "Summary signed (version {summary_version})",
    "key_destroyed": ERASED,
}
MATCHING = {
    "matching_started": "Looking for a specialist",
    "match_decision_recorded": "Eligible specialists: {eligible} of {considered}",
    "case_offered": "Offered to a specialist until {expires_at}",
    "conflict_attested": "Specialist attested; conflict of interest: {conflict}",
    "offer_accepted": "Specialist accepted",
    "offer_declined": "Specialist declined: {reason}",
    "offer_lapsed": "Offer lapsed without an answer",
    "offer_withdrawn": "Offer withdrawn",
    "assignment_released": "Specialist released: {reason}",
    "assignment_completed": "Assignment completed",
    "matching_exhausted": "No specialist found after {offers}",
    "specialist_registered": "Specialist registered",
    "capacity_changed": "Takes {capacity} at once",
    "licence_recorded": "Licensed in {state}, {country} until {valid_to}",
    "licence_ended": "Licence ended, in force until {last_day}",
    "credentials_verified": "Credentials verified, good until {valid_to}",
    "key_destroyed": ERASED,
}
OPINIONS = {
    "review_started": "Review started, due {due_at}",
    "opinion_drafted": "Opinion drafted (version {opinion_version})",
    "opinion_submitted": "Opinion submitted (version {opinion_version})",
    "quality_review_started": "Quality review of version {opinion_version} started",
    "revision_requested": "Revision {revision} requested",
    "opinion_approved": "Opinion approved (version {opinion_version})",
    "opinion_signed": "Opinion signed (version {opinion_version})",
    "opinion_released": "Opinion released to {recipients}",
    "opinion_delivered": "Opinion delivered to the {role}",
    "opinion_viewed": "Opinion viewed by the {role}",
    "review_cancelled": "Review cancelled",
    "key_destroyed": ERASED,
}
BILLING = {
    "fee_quoted": "Fee quoted: {money}, {route}",
    "coverage_confirmed": "Covered: {route}",
    "payment_captured": "Payment recorded: {money}",
    "charge_captured": "Charge due: {money}",
    "invoice_issued": "Invoice issued: {money}",
    "refund_issued": "Refunded: {money}",
    "charge_voided": "Charge void",
    "honorarium_accrued": "Honorarium accrued: {money}",
    "honorarium_approved": "Honorarium approved",
    "key_destroyed": ERASED,
}
COORDINATOR = {
    "stage_entered": "Stage: {stage}",
    "waiting_changed": "Waiting for {waiting_on}",
    "deadline_set": "Deadline for {deadline}: {due_at}",
    "rung_fired": "Timer fired: {deadline}, {rung}",
    "escalation_raised": "Escalated to {to}: {reason}",
    "promise_changed": "Promised by {promised_by}",
    "key_destroyed": ERASED,
}
OPERATIONS = {"key_destroyed": ERASED}
SUBSCRIPTIONS = {"key_destroyed": ERASED}
SENTENCES: Mapping[str, Mapping[str, str]] = {
    "intake": INTAKE,
    "records": RECORDS,
    "matching": MATCHING,
    "opinions": OPINIONS,
    "billing": BILLING,
    "coordinator": COORDINATOR,
    "operations": OPERATIONS,
    "subscriptions": SUBSCRIPTIONS,
}

PHRASES: Mapping[str, Callable[[Any], str]] = {
    "coordinator.waiting_changed.waiting_on": words.parties,
    "coordinator.deadline_set.deadline": words.deadline,
    "coordinator.rung_fired.deadline": words.deadline,
    "coordinator.rung_fired.rung": words.rung,
    "coordinator.escalation_raised.reason": words.reason,
    "intake.owner_assigned.owner": words.owner,
    "records.record_set_accepted.documents": partial(words.counted, one="document"),
    "matching.capacity_changed.capacity": partial(words.counted, one="case"),
    "matching.matching_exhausted.offers": partial(words.counted, one="offer"),
}
"""Members that need more than their own words: what is counted, and ids, which are for programs."""


def sentence(fact: FactModel) -> str:
    """A type without a sentence of its own is told by its name."""
    service, _, name = fact.TYPE.partition(".")
    template = SENTENCES.get(service, {}).get(name, words.words(name).capitalize())
    return template.format_map(_told(fact))


def _told(fact: FactModel) -> dict[str, str]:
    fields: dict[str, Any] = {name: getattr(fact, name) for name in type(fact).model_fields}
    told = {name: PHRASES.get(f"{fact.TYPE}.{name}", words.words)(value) for name, value in fields.items()}
    if "amount_minor" in fields:
        told["money"] = words.money(fields["amount_minor"], fields["currency"])
    return told
