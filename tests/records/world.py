"""Records alone on real stores, with one submitted case and the facts of others it needs."""

from datetime import date, timedelta
from typing import Any

from rso_records_compiler.app import SPEC
from rso_shared.contracts.base import AccessChange, FactModel
from rso_shared.contracts.intake import (
    AuthorizationRevoked,
    AuthorizationSigned,
    CaseSubmitted,
    OrganisationRegistered,
    ProgramPublished,
)
from rso_shared.contracts.program import (
    Calendar,
    ChecklistItem,
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
    Priority,
    RecordKind,
    ReleasePolicy,
    RequesterRelation,
    Role,
)
from support.harness import START, Harness

CASE = "4a6d1c1e-0f0f-4a51-9a54-8f9e4f1f2c01"
PERSON, HOSPITAL, CLINIC = "person-1", "hospital-1", "clinic-1"
PATH = f"/v1/cases/{CASE}"
INTERNAL = f"/internal/v1/records/cases/{CASE}"
FHIR, PDF = "application/fhir+json", "application/pdf"
DAY = timedelta(days=1)


def program(version=1, checklists=None):
    required = (
        ChecklistItem(kind=RecordKind.PATHOLOGY_REPORT, note="with receptors"),
        ChecklistItem(kind=RecordKind.IMAGING_REPORT),
        ChecklistItem(kind=RecordKind.LAB, required=False, max_age_days=180),
    )
    return Program(
        program_id="second-look",
        version=version,
        organisation_id="operator",
        name="Second look",
        effective_from=date(2026, 1, 1),
        default_owner="team:desk",
        terms=Terms(version="1", text="Advice."),
        calendar=Calendar(time_zone="America/Los_Angeles"),
        collection_mode=CollectionMode.CONCIERGE,
        screening=Screening(
            red_flags=(),
            decline_texts={reason: DeclineText(text="No.", alternative="Elsewhere.") for reason in DeclineReason},
        ),
        checklists={ConditionGroup.BREAST_CANCER: required} if checklists is None else checklists,
        first_contact_within=DAY,
        reminders=Reminders(after=(2 * DAY,), expire_after=30 * DAY),
        records=RecordsLadder(
            follow_up_after=7 * DAY, escalate_after=14 * DAY, call_after=21 * DAY, decide_after=30 * DAY
        ),
        matching=MatchingPolicy(offer_window=DAY / 2, urgent_offer_window=DAY / 12, max_offers=10),
        review=ReviewPolicy(due_after=2 * DAY, heads_up_percent=(50,), overdue_after=(DAY,)),
        quality=QualityPolicy(due_business_days=1, max_revisions=2),
        release=ReleaseRule(policy=ReleasePolicy.PATIENT_AND_PROVIDER),
        follow_up=FollowUpPolicy(window=14 * DAY, max_questions=3),
        promise_business_days=5,
        price=Price(
            currency="USD",
            amount_minor=1,
            honorarium_minor=1,
            route=CoverageRoute.SELF_PAY,
            charge_point=ChargePoint.AT_RELEASE,
        ),
    )


SUBMITTED = CaseSubmitted(
    case_id=CASE,
    organisation_id="operator",
    program=ProgramRef(program_id="second-look", version=1),
    person_id=PERSON,
    requester_relation=RequesterRelation.SELF,
    condition_group=ConditionGroup.BREAST_CANCER,
    country="US",
    state="MA",
    minor=False,
    language="en",
    priority=Priority.ROUTINE,
    question_ids=("q1",),
    treating_facility_ids=(CLINIC,),
    coverage_route=CoverageRoute.SELF_PAY,
    owner="team:desk",
    reference_last_four="1234",
    submitted_at=START,
    access=(
        AccessChange(role="patient", subject="pat"),
        AccessChange(role="specialist", subject="doc"),
        AccessChange(role="partner", organisation_id="partner-1"),
    ),
)
SIGNED = AuthorizationSigned(
    case_id=CASE, authorization_id="authorization-1", signed_at=START, expires_on=date(2026, 12, 31)
)
REVOKED = AuthorizationRevoked(case_id=CASE, authorization_id="authorization-1")
FACILITY = OrganisationRegistered(organisation_id=HOSPITAL, kind="facility", name="General Hospital")


class World:
    """`internal_url` leads nowhere: intake is away, and uploads go on without it."""

    def __init__(self, folder, *facts: FactModel, **settings: Any) -> None:
        self.harness = Harness(SPEC, folder, internal_url="http://127.0.0.1:9", **settings)
        self.harness.receive(*(facts or (SUBMITTED, SIGNED, FACILITY, ProgramPublished(program=program()))))
        self.patient = self.harness.client(Role.PATIENT, "pat")
        self.clerk = self.harness.client(Role.RECORDS_SPECIALIST, "clerk")
        self.nurse = self.harness.client(Role.NURSE_CARE_MANAGER, "nurse")
        self.doctor = self.harness.client(Role.SPECIALIST, "doc")
        self.service = self.harness.client(Role.SERVICE, "coordinator")

    def upload(self, content, media_type, client=None, *, key=None, headers=None, **labels: str):
        more = {"content-type": media_type, **(headers or {})}
        sender = client or self.clerk
        return sender.post(f"{PATH}/documents", content=content, params=labels, headers=more, key=key)

    def blob_files(self, folder):
        return sorted(path for path in (folder / "blobs").rglob("*") if path.is_file())
