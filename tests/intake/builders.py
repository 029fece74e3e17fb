"""Programs, people and commands that the tests of intake start from. Each builder takes what a test changes."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from rso_intake.domain.authorization import RequestAuthorization, SignAuthorization
from rso_intake.domain.case import CASE
from rso_intake.domain.consent import AcceptTerms
from rso_intake.domain.eligibility import DecideScreening
from rso_intake.domain.jurisdictions import Edition, JurisdictionRow
from rso_intake.domain.participation import RequesterLinked
from rso_intake.domain.person import (
    Address,
    CaseDetails,
    Coding,
    Condition,
    Evidence,
    HumanName,
    LegalRepresentative,
    LocalProvider,
    Person,
    Question,
)
from rso_intake.domain.statement import STATEMENT_VERSION
from rso_intake.domain.submission import SubmitCase, Submitter
from rso_shared.contracts.program import (
    Calendar,
    Catchment,
    ChecklistItem,
    DeclineText,
    FollowUpPolicy,
    MatchingPolicy,
    Price,
    Program,
    QualityPolicy,
    RecordsLadder,
    RedFlag,
    ReleaseRule,
    Reminders,
    ReviewPolicy,
    Screening,
    Terms,
)
from rso_shared.contracts.vocabulary import (
    ChargePoint,
    CollectionMode,
    ConditionGroup,
    CoverageRoute,
    DeclineReason,
    JurisdictionDecision,
    Priority,
    RecordKind,
    ReleasePolicy,
    RequesterRelation,
    Role,
)

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CASE_ID = "6d1f1a34-5b7a-4f3e-9c49-0f3b1c1c0001"
PERSON_ID = "6d1f1a34-5b7a-4f3e-9c49-0f3b1c1c0002"
REFERENCE = "01234567897"
TERMS = Terms(version="2026-01", text="The opinion is advisory and rests on records; nobody examines you.")
RED_FLAGS = (
    RedFlag(question_id="emergency", text="Is this an emergency?", decline_reason=DeclineReason.EMERGENCY),
    RedFlag(question_id="inpatient", text="In hospital now?", decline_reason=DeclineReason.INPATIENT),
    RedFlag(question_id="litigation", text="Is there a lawsuit?", decline_reason=DeclineReason.LITIGATION),
)
ALL_CLEAR = {"emergency": False, "inpatient": False, "litigation": False}
DECLINE_TEXTS = {
    reason: DeclineText(text=f"No: {reason}", alternative=f"Instead of {reason}") for reason in DeclineReason
}


def screening(**changes: Any) -> Screening:
    return Screening(**{"red_flags": RED_FLAGS, "decline_texts": DECLINE_TEXTS, **changes})


def program(**changes: Any) -> Program:
    item = ChecklistItem(kind=RecordKind.PATHOLOGY_REPORT)
    hours, price = timedelta(hours=1), {"currency": "USD", "amount_minor": 60_000, "honorarium_minor": 50_000}
    base: dict[str, Any] = {
        "program_id": "self-pay",
        "version": 1,
        "organisation_id": "operator",
        "name": "Self-pay",
        "effective_from": date(2026, 1, 1),
        "default_owner": "queue:intake",
        "terms": TERMS,
        "calendar": Calendar(time_zone="America/New_York"),
        "collection_mode": CollectionMode.CONCIERGE,
        "screening": screening(),
        "checklists": dict.fromkeys(ConditionGroup, (item,)),
        "first_contact_within": 24 * hours,
        "reminders": Reminders(after=(2 * DAY, 5 * DAY, 10 * DAY, 20 * DAY), expire_after=30 * DAY),
        "records": RecordsLadder(
            follow_up_after=7 * DAY, escalate_after=14 * DAY, call_after=21 * DAY, decide_after=30 * DAY
        ),
        "matching": MatchingPolicy(offer_window=12 * hours, urgent_offer_window=2 * hours, max_offers=10),
        "review": ReviewPolicy(due_after=48 * hours, heads_up_percent=(50, 75), overdue_after=(hours,)),
        "quality": QualityPolicy(due_business_days=1, max_revisions=2),
        "release": ReleaseRule(policy=ReleasePolicy.PATIENT_AND_PROVIDER),
        "follow_up": FollowUpPolicy(window=14 * DAY, max_questions=3),
        "promise_business_days": 5,
        "price": Price(route=CoverageRoute.SELF_PAY, charge_point=ChargePoint.BEFORE_RECORDS, **price),
    }
    return Program(**{**base, **changes})


def edition(*rows: JurisdictionRow, version: int = 3) -> Edition:
    return Edition(version=version, effective_from=date(2026, 1, 1), rows=rows)


def row(decision: JurisdictionDecision, *, state: str = "MA", county: str | None = None) -> JurisdictionRow:
    return JurisdictionRow(
        country="US",
        state=state,
        county=county,
        decision=decision,
        rule="Rule 1",
        source="https://example.org/rule",
        checked_on=date(2026, 1, 5),
    )


def catchment(state: str, *counties: str) -> Catchment:
    return Catchment(country="US", state=state, counties=counties)


def person(**changes: Any) -> Person:
    base: dict[str, Any] = {
        "name": HumanName(given=("Ada",), family="Example"),
        "birth_date": date(1970, 6, 1),
        "email": "ada@example.org",
        "address": Address(line="1 Elm Street", city="Boston", county=None, postal_code="02101"),
    }
    return Person(**{**base, **changes})


PROVIDER = LocalProvider(name=HumanName(given=("Lee",), family="Provider"), email="lee@example.org")
REPRESENTATIVE = LegalRepresentative(
    name=HumanName(given=("Rita",), family="Guardian"), relationship="parent", email="rita@example.org"
)
EVIDENCE = Evidence(typed_name="Ada Example", relation="self", ip_address="192.0.2.1", user_agent="test")


def details(**changes: Any) -> CaseDetails:
    base: dict[str, Any] = {
        "person": person(),
        "condition": Condition(codings=(Coding(system="http://snomed.info/sct", code="254837009"),)),
        "questions": (Question(question_id="q-1", text="Is chemotherapy needed?"),),
    }
    return CaseDetails(**{**base, **changes})


def accept_terms(**changes: Any) -> AcceptTerms:
    base: dict[str, Any] = {
        "terms": TERMS, "version": TERMS.version, "role": Role.PATIENT, "evidence": EVIDENCE, "now": NOW,
    }  # fmt: skip
    return AcceptTerms(**{**base, **changes})


def submit(**changes: Any) -> SubmitCase:
    """By the patient in person."""
    base: dict[str, Any] = {
        "case_id": CASE_ID,
        "person_id": PERSON_ID,
        "program": program(),
        "jurisdictions": Edition(),
        "relation": RequesterRelation.SELF,
        "submitter": Submitter(role=Role.PATIENT, subject="patient-1", organisation_id="public"),
        "condition_group": ConditionGroup.BREAST_CANCER,
        "country": "US",
        "state": "MA",
        "language": "en",
        "priority": Priority.ROUTINE,
        "red_flag_answers": ALL_CLEAR,
        "reference_number": REFERENCE,
        "details": details(),
        "terms": accept_terms(),
        "now": NOW,
    }
    return SubmitCase(**{**base, **changes})


def by_partner(**changes: Any) -> SubmitCase:
    submitter = Submitter(role=Role.PARTNER, subject="client-1", organisation_id="north-clinic")
    return submit(**{"relation": RequesterRelation.PARTNER, "submitter": submitter, "terms": None, **changes})


def by_provider(**changes: Any) -> SubmitCase:
    submitter = Submitter(role=Role.LOCAL_PROVIDER, subject="provider-1", organisation_id="practice")
    base = {"relation": RequesterRelation.LOCAL_PROVIDER, "submitter": submitter, "terms": None}
    return submit(**{**base, "details": details(local_provider=PROVIDER), **changes})


def linked(role: Role, subject: str = "second-1") -> RequesterLinked:
    return RequesterLinked(role=role, subject=subject, joined_at=NOW)


def events_of(*commands: object) -> list[object]:
    """The events of a case after these commands, each of which must be accepted."""
    events: list[object] = []
    for command in commands:
        events.extend(CASE.decide(command, CASE.fold(events)))
    return events


def screened(*, jurisdictions: Edition | None = None) -> DecideScreening:
    return DecideScreening(program=program(), jurisdictions=jurisdictions or Edition(), county=None, now=NOW)


REQUESTED = RequestAuthorization(authorization_id="a-1", now=NOW)


def sign(**changes: Any) -> SignAuthorization:
    base: dict[str, Any] = {
        "authorization_id": "a-1",
        "statement_version": STATEMENT_VERSION,
        "role": Role.PATIENT,
        "evidence": EVIDENCE,
        "now": NOW,
    }
    return SignAuthorization(**{**base, **changes})
