"""Facts of other services, and a case that is ready to be matched."""

from datetime import date, timedelta
from typing import Any

from rso_shared.contracts.base import AccessChange
from rso_shared.contracts.intake import CaseSubmitted, EligibilityConfirmed, ProgramPublished
from rso_shared.contracts.program import (
    Calendar,
    DeclineText,
    FollowUpPolicy,
    MatchingPolicy,
    Price,
    Program,
    ProgramRef,
    QualityPolicy,
    RecordsLadder,
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
    ReleasePolicy,
    RequesterRelation,
    Role,
)
from support.harness import START, Harness

DAY = timedelta(days=1)
WINDOW = timedelta(hours=12)
INTERNAL = "/internal/v1/matching"


def program(version: int = 1, max_offers: int = 10) -> Program:
    texts = {reason: DeclineText(text="No.", alternative="Elsewhere.") for reason in DeclineReason}
    return Program(
        program_id="direct",
        version=version,
        organisation_id="operator",
        name="Direct",
        effective_from=date(2026, 1, 1),
        default_owner="team:desk",
        terms=Terms(version="1", text="Advice."),
        calendar=Calendar(time_zone="America/New_York"),
        collection_mode=CollectionMode.CONCIERGE,
        screening=Screening(red_flags=(), decline_texts=texts),
        checklists={},
        first_contact_within=DAY,
        reminders=Reminders(after=(2 * DAY,), expire_after=30 * DAY),
        records=RecordsLadder(
            follow_up_after=7 * DAY, escalate_after=14 * DAY, call_after=21 * DAY, decide_after=30 * DAY
        ),
        matching=MatchingPolicy(offer_window=WINDOW, urgent_offer_window=timedelta(hours=2), max_offers=max_offers),
        review=ReviewPolicy(due_after=2 * DAY, heads_up_percent=(50, 75), overdue_after=(DAY,)),
        quality=QualityPolicy(due_business_days=1, max_revisions=2),
        release=ReleaseRule(policy=ReleasePolicy.PATIENT_AND_PROVIDER),
        follow_up=FollowUpPolicy(window=14 * DAY, max_questions=3),
        promise_business_days=5,
        price=Price(
            currency="USD",
            amount_minor=60_000,
            honorarium_minor=50_000,
            route=CoverageRoute.SELF_PAY,
            charge_point=ChargePoint.BEFORE_RECORDS,
        ),
    )


def submitted(case_id: str = "case-1", **changes: Any) -> CaseSubmitted:
    fields: dict[str, Any] = {
        "case_id": case_id,
        "organisation_id": "operator",
        "program": ProgramRef(program_id="direct", version=1),
        "person_id": f"person of {case_id}",
        "requester_relation": RequesterRelation.SELF,
        "condition_group": ConditionGroup.BREAST_CANCER,
        "country": "US",
        "state": "MA",
        "minor": False,
        "language": "en-US",
        "priority": Priority.ROUTINE,
        "question_ids": ("q1", "q2"),
        "treating_facility_ids": ("facility-1",),
        "coverage_route": CoverageRoute.SELF_PAY,
        "owner": "team:desk",
        "reference_last_four": "4321",
        "submitted_at": START,
        "access": (AccessChange(role=Role.PATIENT, subject="patient-1"),),
    }
    return CaseSubmitted(**{**fields, **changes})


def confirmed(case_id: str = "case-1", *, licensed_only: bool = True) -> EligibilityConfirmed:
    return EligibilityConfirmed(
        case_id=case_id,
        jurisdiction_decision=JurisdictionDecision.SILENT_POLICY_REVIEW,
        jurisdictions_version=1,
        local_provider_required=False,
        licensed_only=licensed_only,
    )


def ready(harness: Harness, case_id: str = "case-1", **changes: Any) -> None:
    harness.receive(ProgramPublished(program=program()), submitted(case_id, **changes), confirmed(case_id))


def npi(index: int) -> str:
    """A number with a valid check digit: Luhn over 80840 and the first nine digits."""
    nine = f"1{index:08d}"
    total = 0
    for place, digit in enumerate(reversed("80840" + nine)):
        value = int(digit) * (1 if place % 2 else 2)
        total += value - 9 if value > 9 else value
    return nine + str(-total % 10)


def body(index: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "given": "Specialist",
        "family": f"{index:04d}",
        "email": f"specialist{index:04d}@example.org",
        "npi": npi(index),
        "taxonomy": ["207RX0202X"],
        "focus": ["breast_cancer"],
        "languages": ["en"],
        "licences": [
            {
                "country": "US",
                "state": "MA",
                "number": f"MA-{index}",
                "valid_from": "2020-01-01",
                "valid_to": "2026-12-31",
            }
        ],
        "credentials_verified_on": "2026-01-15",
        "evidence": ["licence_primary_source"],
        **changes,
    }


def register(harness: Harness, index: int = 1, **changes: Any) -> str:
    answer = harness.client(Role.OPERATIONS).post("/v1/specialists", body(index, **changes))
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["specialist_id"]
    return id_


def coordinate(harness: Harness, path: str, content: Any = None, status: int = 201) -> Any:
    answer = harness.client(Role.SERVICE, "coordinator").post(f"{INTERNAL}{path}", content)
    assert answer.status_code == status, answer.text
    return answer.json()


def offer(harness: Harness, case_id: str = "case-1", *, backup: bool = False) -> Any:
    return coordinate(harness, f"/cases/{case_id}/offers", {"backup": backup})


def answer_offer(harness: Harness, given: Any, what: str, content: Any = None) -> Any:
    return harness.client(Role.SPECIALIST, given["specialist_id"]).post(
        f"/v1/offers/{given['offer_id']}/{what}", content
    )


def attest(harness: Harness, given: Any, *, conflict: bool = False) -> Any:
    return answer_offer(harness, given, "attestation", {"conflict": conflict, "statement_version": "2026-11-01"})


def assign(harness: Harness, case_id: str = "case-1") -> Any:
    """Matches, offers, attests and accepts."""
    coordinate(harness, f"/cases/{case_id}/matching")
    given = offer(harness, case_id)
    assert attest(harness, given).status_code == 201
    accepted = answer_offer(harness, given, "acceptance")
    assert accepted.status_code == 201, accepted.text
    return {**given, **accepted.json()}


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def end_licence(harness: Harness, specialist: str) -> None:
    staff = harness.client(Role.OPERATIONS)
    [licence] = staff.get(f"/v1/specialists/{specialist}").json()["licences"]
    path = f"/v1/specialists/{specialist}/licences/{licence['licence_id']}/ending"
    assert staff.post(path, {"last_day": "2026-03-01", "reason": "revoked"}).status_code == 201
