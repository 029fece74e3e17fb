"""Opinions alone on its real stores: the service over HTTP, the services it asks, and the facts it hears."""

from datetime import timedelta
from typing import Any

import httpx

from opinions.programs import program
from rso_opinions.app import SPEC
from rso_opinions.domain.statements import CURRENT_STATEMENT
from rso_shared.contracts import opinions as facts
from rso_shared.contracts.base import AccessChange
from rso_shared.contracts.intake import (
    CaseSubmitted,
    LocalProviderJoined,
    ProgramPublished,
)
from rso_shared.contracts.matching import AssignmentReleased, OfferAccepted
from rso_shared.contracts.program import ProgramRef
from rso_shared.contracts.records import RecordItemAccepted, RecordItemReceived, RecordItemRejected, RecordItemWaived
from rso_shared.contracts.vocabulary import (
    ConditionGroup,
    CoverageRoute,
    Priority,
    RecordKind,
    ReleasePolicy,
    RequesterRelation,
    Role,
)
from support.harness import START, Harness

CASE = "6f0c1b1e-5d1c-4c53-9a43-0a8d3f7f9d11"
INTERNAL, OPINION = f"/internal/v1/opinions/cases/{CASE}", f"/v1/cases/{CASE}/opinion"
REPORT = f"/v1/cases/{CASE}/report"
NAMES = ["Beatrix", "Quimby", "Lindqvist", "Adler"]
CONTENT = {
    "diagnosis_effect": "confirmed",
    "diagnosis_assessment": "Ductal carcinoma as reported to Beatrix Quimby.",
    "treatment_effect": "changed",
    "treatment_assessment": "A recurrence score first.",
    "answers": [
        {
            "question_id": "q1",
            "answer": "Not before a recurrence score.",
            "plain_answer": "One more test first.",
            "evidence": [{"document_id": "d1", "locator": "p. 2", "finding": "ER 95 %"}],
        }
    ],
    "treatment_options": [{"name": "Endocrine therapy", "pros": ["Gentle"], "cons": ["Slow"], "favoured": True}],
    "plain_language_summary": "Your diagnosis is right, Mrs Quimby.",
    "limitations": "Slides were not read again.",
}
SIGNATURE = {"typed_name": "Marta Lindqvist", "statement_version": CURRENT_STATEMENT}


class Neighbourhood:
    """Answers as intake and matching do, over the real client. `away`: nobody is there."""

    def __init__(self) -> None:
        self.away = False
        self.eligible = True
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("away")
        self.asked.append(request.url.path)
        assert request.headers["authorization"].startswith("Bearer ")
        return httpx.Response(200, json=self._answer(request.url))

    def _answer(self, url: httpx.URL) -> dict[str, Any]:
        if url.path == "/internal/v1/matching/eligibility":
            return {
                "specialist_id": url.params["specialist_id"], "case_id": url.params["case_id"], "eligible": self.eligible,
                "reasons": [] if self.eligible else ["licence_expired"], "specialist_version": 4,
                "checked_at": START.isoformat(),
            }  # fmt: skip
        assert url.params["purpose"] == "render_report"
        if url.path == f"/internal/v1/intake/cases/{CASE}/person":
            return {
                "person_id": "person-1",
                "patient": {
                    "name": {"given": "Beatrix", "family": "Quimby"},
                    "birth_date": "1971-05-04",
                    "sex": "female",
                },
                "local_provider": {"name": {"given": "Ruth", "family": "Adler"}},
            }
        if url.path == f"/v1/cases/{CASE}/questions":
            return {"questions": [{"question_id": "q1", "text": "Is chemotherapy needed?"}]}
        assert url.path == "/internal/v1/matching/specialists/dr-one/person"
        assert url.params["about_case"] == CASE
        return {
            "specialist_id": "dr-one",
            "given": "Marta",
            "family": "Lindqvist",
            "taxonomy": ["207RX0202X"],
            "npi": "1",
        }


class Room:
    """The service with its neighbours and the callers of one case."""

    def __init__(self, folder, **settings: Any) -> None:
        self.harness = Harness(SPEC, folder, **settings)
        self.neighbours = Neighbourhood()
        client = httpx.Client(base_url="http://rso.invalid", transport=httpx.MockTransport(self.neighbours))
        self.harness.service.neighbours._client.close()
        self.harness.service.neighbours._client = client
        call = self.harness.client
        self.service, self.writer = call(Role.SERVICE, "coordinator"), call(Role.SPECIALIST, "dr-one")
        self.reviewer, self.director = call(Role.QUALITY_REVIEWER, "qa-1"), call(Role.MEDICAL_DIRECTOR, "md-1")
        self.patient, self.provider = call(Role.PATIENT, "patient-1"), call(Role.LOCAL_PROVIDER, "provider-1")
        self.partner = call(Role.PARTNER, "partner-user", "partner-1")
        self.desk = call(Role.CARE_COORDINATOR, "desk-1")

    def know(self, policy=ReleasePolicy.PATIENT_AND_PROVIDER, *, joined=True, max_revisions=1) -> None:
        self.harness.receive(
            ProgramPublished(program=program(version=1)),
            ProgramPublished(program=program(version=2, policy=policy, max_revisions=max_revisions)),
            submitted(),
            RecordItemReceived(
                case_id=CASE, document_id="d1", kind=RecordKind.OTHER, facility_id=None, month="2026-01"
            ),
            RecordItemReceived(case_id=CASE, document_id="d2", kind=RecordKind.LAB, facility_id=None, month=None),
            RecordItemAccepted(case_id=CASE, document_id="d1", kinds=(RecordKind.PATHOLOGY_REPORT,)),
            RecordItemRejected(case_id=CASE, document_id="d2", reason="wrong_patient"),
            RecordItemWaived(case_id=CASE, kind=RecordKind.GENOMIC),
            accepted(),
        )
        if joined:
            access = (AccessChange(role="local_provider", subject="provider-1"),)
            self.harness.receive(LocalProviderJoined(case_id=CASE, access=access))

    def start(self, assignment="assignment-1", specialist="dr-one"):
        due = (START + timedelta(hours=48)).isoformat()
        body = {"assignment_id": assignment, "specialist_id": specialist, "due_at": due}
        return self.service.post(f"{INTERNAL}/review", body)

    def submit(self, content=CONTENT):
        ok(self.writer.post(f"{OPINION}/drafts", content), 201)
        return ok(self.writer.post(f"{OPINION}/submission"), 201)

    def approve(self) -> None:
        ok(self.start(), 201)
        self.submit()
        ok(self.service.post(f"{INTERNAL}/quality-review"))
        ok(self.reviewer.post(f"{OPINION}/quality-review", {"verdict": "approved"}), 201)

    def sign(self) -> None:
        self.approve()
        ok(self.writer.post(f"{OPINION}/signature", SIGNATURE), 201)

    def release(self, body: Any = None):
        return self.service.post(f"{INTERNAL}/release", body)


def submitted(**more: Any):
    given: dict[str, Any] = {
        "case_id": CASE,
        "organisation_id": "operator",
        "program": ProgramRef(program_id="second-look", version=2),
        "person_id": "person-1",
        "requester_relation": RequesterRelation.SELF,
        "partner_organisation_id": "partner-1",
        "client_reference": "order-77",
        "condition_group": ConditionGroup.BREAST_CANCER,
        "country": "US",
        "state": "CA",
        "minor": False,
        "language": "en",
        "priority": Priority.ROUTINE,
        "question_ids": ("q1",),
        "coverage_route": CoverageRoute.SELF_PAY,
        "owner": "team:desk",
        "reference_last_four": "1234",
        "submitted_at": START,
        "access": (
            AccessChange(role="patient", subject="patient-1"),
            AccessChange(role="partner", organisation_id="partner-1"),
        ),
    }
    return CaseSubmitted(**given | more)


def accepted(assignment="assignment-1", specialist="dr-one"):
    return OfferAccepted(
        case_id=CASE,
        offer_id=f"offer-of-{assignment}",
        assignment_id=assignment,
        specialist_id=specialist,
        accepted_at=START,
        access=(AccessChange(role="specialist", subject=specialist),),
    )


def assignment_released(assignment="assignment-1", specialist="dr-one"):
    access = (AccessChange(role="specialist", subject=specialist, granted=False),)
    return AssignmentReleased(
        case_id=CASE, assignment_id=assignment, specialist_id=specialist, reason="overdue", access=access
    )


def ok(answer, status=200):
    assert answer.status_code == status, answer.text
    return answer.json()


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert not any(name in answer.text for name in NAMES)
    return answer.json()


def kinds(room):
    return [type(fact) for fact in room.harness.facts()]


def views(room):
    return [fact.role for fact in room.harness.facts(facts.OpinionViewed)]
