"""Opinions over HTTP, alone on its real stores: from the review to the report, who may, and what is refused."""

import hashlib
import io
import json
import threading
from datetime import timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest
from pypdf import PdfReader
from sqlalchemy import select

from opinions.programs import program
from rso_opinions.app import SPEC
from rso_opinions.domain.statements import CURRENT_STATEMENT
from rso_opinions.projections import REVIEWS
from rso_shared.contracts import opinions as facts
from rso_shared.contracts.base import AccessChange
from rso_shared.contracts.intake import (
    CaseSubmitted,
    CaseWithdrawn,
    LocalProviderJoined,
    ProgramPublished,
    QuestionsRevised,
    RecipientNotified,
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
from rso_shared.kit import tables
from rso_shared.kit.events import canonical
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


@pytest.fixture
def room(tmp_path):
    made = Room(tmp_path)
    yield made
    made.harness.close()


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


# The straight way


def test_from_the_review_to_the_report(room):
    room.know()
    room.sign()
    answer = ok(room.release(), 201)
    assert answer["recipients"] == ["local_provider", "patient"]
    assert (answer["case_id"], answer["state"], answer["opinion_version"]) == (CASE, "released", 1)
    assert kinds(room) == [
        facts.ReviewStarted, facts.OpinionDrafted, facts.OpinionSubmitted, facts.QualityReviewStarted,
        facts.OpinionApproved, facts.OpinionSigned, facts.OpinionReleased,
    ]  # fmt: skip
    got = ok(room.patient.get(REPORT))
    assert (got["client_reference"], got["specialist_id"], got["synthetic"]) == ("order-77", "dr-one", False)
    assert got["report"]["answers"][0]["answer"] == "Not before a recurrence score."
    covered = canonical({"person_id": "person-1", "report": got["report"]})
    assert got["content_sha256"] == hashlib.sha256(covered.encode()).hexdigest()
    assert room.harness.facts(facts.OpinionSigned)[0].content_sha256 == got["content_sha256"]
    assert got["links"]["patient_pdf"].endswith("/report.pdf?rendering=patient")


def test_commands_and_facts_name_nobody(room):
    room.know()
    room.sign()
    answer = room.release()
    assert not any(name in answer.text for name in NAMES)
    published = json.dumps([fact.model_dump(mode="json") for fact in room.harness.facts()])
    assert not any(name in published for name in NAMES)
    with room.harness.service.db.read() as tx:
        rows = tx.conn.execute(select(tables.EVENTS.c.data, tables.EVENTS.c.sealed, tables.EVENTS.c.meta)).all()
        kept = tx.conn.execute(select(tables.IDEMPOTENCY.c.response)).all()
    stored = repr(rows) + repr(kept)
    assert not any(name in stored for name in [*NAMES, "recurrence score", "192.0.2", "testclient"])


def test_the_pdfs_are_sealed_blobs_in_two_renderings(room, tmp_path):
    room.know()
    room.sign()
    ok(room.release(), 201)
    for client, rendering, expected in [
        (room.patient, None, "Your second opinion"),
        (room.patient, "physician", "Second opinion report"),
        (room.provider, None, "Second opinion report"),
        (room.provider, "patient", "Your second opinion"),
    ]:
        answer = client.get(f"{REPORT}.pdf", **({"rendering": rendering} if rendering else {}))
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
        assert answer.headers["cache-control"] == "no-store"
        page = PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
        assert expected in page
        assert "Beatrix Quimby" in page
    blobs = [path.read_bytes() for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    assert len(blobs) == 2
    assert not any(b"%PDF" in blob for blob in blobs)
    assert room.patient.get(f"{REPORT}.pdf", rendering="other").status_code == 422


def test_a_sandbox_marks_every_page(tmp_path):
    room = Room(tmp_path, sandbox=True)
    room.know()
    room.sign()
    ok(room.release(), 201)
    assert ok(room.patient.get(REPORT))["synthetic"]
    reader = PdfReader(io.BytesIO(room.patient.get(f"{REPORT}.pdf").content))
    assert all("SYNTHETIC DEMONSTRATION" in page.extract_text() for page in reader.pages)
    room.harness.close()


# Review


def test_the_review_waits_for_the_acceptance(room):
    room.harness.receive(ProgramPublished(program=program(version=2)), submitted())
    refused(room.start(), 503, "not_yet_known")
    room.harness.receive(accepted())
    refused(room.start(specialist="dr-two"), 409, "assignment_mismatch")
    first = ok(room.start(), 201)
    assert ok(room.start(), 201) == first
    assert kinds(room) == [facts.ReviewStarted]


def test_an_unknown_case_is_unknown(room):
    for client in (room.service, room.writer, room.reviewer):
        path = f"{INTERNAL}/review" if client is room.service else f"{OPINION}/submission"
        body = (
            {"assignment_id": "a", "specialist_id": "s", "due_at": START.isoformat()} if client is room.service else {}
        )
        expected = (403, "forbidden") if client is room.reviewer else (404, "case_unknown")
        refused(client.post(path, body), *expected)


def test_a_released_assignment_is_cancelled_and_the_next_specialist_sees_nothing(room):
    room.know()
    ok(room.start(), 201)
    room.submit()
    before = room.harness.clock.now()
    room.harness.clock.set(before + timedelta(hours=1))
    room.harness.receive(accepted("assignment-2", "dr-two"))
    refused(room.start("assignment-2", "dr-two"), 503, "not_yet_known")
    room.harness.receive(assignment_released())
    assert room.harness.facts(facts.ReviewCancelled)[0].assignment_id == "assignment-1"
    refused(room.writer.get(OPINION), 404, "case_unknown")
    refused(room.writer.post(f"{OPINION}/drafts", CONTENT), 404, "case_unknown")
    second = room.harness.client(Role.SPECIALIST, "dr-two")
    refused(second.get(OPINION), 403, "not_assigned_specialist")
    ok(room.start("assignment-2", "dr-two"), 201)
    assert ok(second.get(OPINION))["report"] is None
    refused(second.get(OPINION, as_of=before.isoformat()), 403, "not_assigned_specialist")
    assert ok(second.post(f"{OPINION}/drafts", CONTENT), 201)["opinion_version"] == 2


def test_a_late_start_of_a_released_assignment_is_refused(room):
    room.know()
    room.harness.receive(assignment_released())
    refused(room.start(), 409, "assignment_released")


def test_withdrawal_cancels_and_nothing_starts_again(room):
    room.know()
    ok(room.start(), 201)
    room.harness.receive(CaseWithdrawn(case_id=CASE, by_role=Role.PATIENT))
    assert ok(room.service.post(f"{INTERNAL}/cancellation"))["state"] == "cancelled"
    assert kinds(room) == [facts.ReviewStarted, facts.ReviewCancelled]
    refused(room.writer.post(f"{OPINION}/drafts", CONTENT), 409, "no_active_review")
    room.harness.receive(accepted("assignment-2", "dr-one"))
    refused(room.start("assignment-2"), 409, "case_withdrawn")


def test_a_withdrawn_case_releases_nothing(room):
    room.know()
    room.sign()
    room.harness.receive(CaseWithdrawn(case_id=CASE, by_role=Role.PATIENT))
    refused(room.release(), 409, "case_withdrawn")
    refused(room.patient.get(REPORT), 404, "report_not_released")


# Drafts and submission


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"diagnosis_effect": "cured"}, "/diagnosis_effect"),
        ({"diagnosis_effect": None}, "/diagnosis_effect"),
        ({"order": "Quimby shall take 5 mg"}, ""),
        ({"answers": [{"question_id": "q1", "answer": "Yes.", "prescription": "x"}]}, "/answers/0"),
        ({"limitations": "x" * 20_001}, "/limitations"),
    ],
)
def test_a_draft_of_the_wrong_shape_is_refused_by_field(room, change, pointer):
    room.know()
    ok(room.start(), 201)
    problem = refused(room.writer.post(f"{OPINION}/drafts", CONTENT | change), 422, "validation_failed")
    assert problem["errors"][0]["pointer"] == pointer
    assert kinds(room) == [facts.ReviewStarted]


def test_submission_answers_the_current_questions(room):
    room.know()
    room.harness.receive(QuestionsRevised(case_id=CASE, question_ids=("q1", "q2"), questions_version=2))
    ok(room.start(), 201)
    refused(room.writer.post(f"{OPINION}/submission"), 409, "draft_missing")
    ok(room.writer.post(f"{OPINION}/drafts", CONTENT), 201)
    problem = refused(room.writer.post(f"{OPINION}/submission"), 422, "question_unanswered")
    assert problem["question_ids"] == ["q2"]
    assert problem["errors"][0]["pointer"] == "/answers"
    more = {**CONTENT["answers"][0], "question_id": "q2"}
    ok(room.writer.post(f"{OPINION}/drafts", CONTENT | {"answers": [*CONTENT["answers"], more]}), 201)
    refused(room.writer.post(f"{OPINION}/submission", {"opinion_version": 1}), 409, "opinion_version_superseded")
    assert ok(room.writer.post(f"{OPINION}/submission", {"opinion_version": 2}), 201)["submitted_version"] == 2


def test_a_rejected_document_cannot_be_cited(room):
    room.know()
    ok(room.start(), 201)
    cited = [{**CONTENT["answers"][0], "evidence": [{"document_id": "d2", "finding": "x"}]}]
    ok(room.writer.post(f"{OPINION}/drafts", CONTENT | {"answers": cited}), 201)
    refused(room.writer.post(f"{OPINION}/submission"), 422, "document_unknown")


def test_the_same_draft_sent_twice_is_one_draft(room):
    room.know()
    ok(room.start(), 201)
    answers = [room.writer.post(f"{OPINION}/drafts", CONTENT, key="one-key-for-this") for _ in range(3)]
    assert {answer.text for answer in answers} == {answers[0].text}
    assert answers[2].headers["idempotency-replayed"] == "true"
    assert kinds(room) == [facts.ReviewStarted, facts.OpinionDrafted]
    other = CONTENT | {"limitations": "Other."}
    refused(room.writer.post(f"{OPINION}/drafts", other, key="one-key-for-this"), 422, "idempotency_key_reused")


# Quality review


def test_the_loop_and_its_bound(room):
    room.know(max_revisions=1)
    ok(room.start(), 201)
    room.submit()
    assert ok(room.service.post(f"{INTERNAL}/quality-review", {"opinion_version": 1}))["state"] == "in_qa"
    findings = [{"text": "Which margin, for Quimby?", "pointer": "/answers/0"}]
    revise = {"verdict": "revision_requested", "findings": findings, "opinion_version": 1}
    refused(room.reviewer.post(f"{OPINION}/quality-review", revise | {"findings": []}), 422, "findings_missing")
    assert ok(room.reviewer.post(f"{OPINION}/quality-review", revise), 201)["revisions"] == 1
    shown = ok(room.writer.get(OPINION))
    assert shown["findings"] == findings
    assert shown["statement"]["version"] == CURRENT_STATEMENT
    room.submit()
    refused(room.reviewer.post(f"{OPINION}/quality-review", {"verdict": "approved"}), 409, "revisions_exhausted")
    assert ok(room.director.post(f"{OPINION}/quality-review", {"verdict": "approved"}), 201)["state"] == "approved"
    requested = room.harness.facts(facts.RevisionRequested)
    assert [(fact.opinion_version, fact.revision) for fact in requested] == [(1, 1)]


def test_the_author_in_another_role_does_not_review(room):
    room.know()
    ok(room.start(), 201)
    room.submit()
    same = room.harness.client(Role.QUALITY_REVIEWER, "dr-one")
    refused(same.post(f"{OPINION}/quality-review", {"verdict": "approved"}), 409, "reviewer_is_author")


def test_a_reviewer_sees_what_was_submitted_and_no_draft(room):
    room.know()
    ok(room.start(), 201)
    ok(room.writer.post(f"{OPINION}/drafts", CONTENT), 201)
    assert ok(room.reviewer.get(OPINION))["report"] is None
    ok(room.writer.post(f"{OPINION}/submission"), 201)
    assert ok(room.reviewer.get(OPINION))["report"]["limitations"] == CONTENT["limitations"]
    log = room.harness.service.access_log.entries(case_id=CASE)
    assert [(entry.what, entry.purpose, entry.person_id) for entry in log] == [
        ("opinion", "quality_review", "person-1")
    ]


def test_the_worklist(room):
    room.know()
    ok(room.start(), 201)
    room.submit()
    for client in (room.writer, room.reviewer):
        (row,) = ok(client.get("/v1/reviews"))["reviews"]
        assert (row["case_id"], row["state"], row["opinion_version"]) == (CASE, "submitted", 1)
    assert ok(room.reviewer.get("/v1/reviews", state="in_qa"))["reviews"] == []
    assert ok(room.harness.client(Role.SPECIALIST, "dr-two").get("/v1/reviews"))["reviews"] == []
    refused(room.patient.get("/v1/reviews"), 403, "forbidden")


# Signature


def test_a_lapsed_licence_signs_nothing(room):
    room.know()
    room.approve()
    room.neighbours.eligible = False
    problem = refused(room.writer.post(f"{OPINION}/signature", SIGNATURE), 409, "licence_lapsed")
    assert problem["reasons"] == ["licence_expired"]
    assert room.harness.facts(facts.OpinionSigned) == []


def test_without_matching_nothing_is_signed_and_the_same_call_succeeds_later(room):
    room.know()
    room.approve()
    room.neighbours.away = True
    refused(room.writer.post(f"{OPINION}/signature", SIGNATURE, key="sign-once-key"), 503, "eligibility_unavailable")
    room.neighbours.away = False
    first = room.writer.post(f"{OPINION}/signature", SIGNATURE, key="sign-once-key")
    assert ok(first, 201)["state"] == "signed"
    room.neighbours.away = True
    replay = room.writer.post(f"{OPINION}/signature", SIGNATURE, key="sign-once-key")
    assert (replay.status_code, replay.text) == (201, first.text)


def test_after_the_signature_nothing_changes(room):
    room.know()
    room.sign()
    for path, body in (("drafts", CONTENT), ("submission", {}), ("signature", SIGNATURE)):
        refused(room.writer.post(f"{OPINION}/{path}", body), 409, "opinion_already_signed")
    refused(room.reviewer.post(f"{OPINION}/quality-review", {"verdict": "approved"}), 409, "not_in_quality_review")


def test_signing_wants_the_statement_in_force_and_a_name(room):
    room.know()
    room.approve()
    old = SIGNATURE | {"statement_version": "1999-01"}
    refused(room.writer.post(f"{OPINION}/signature", old), 422, "statement_not_current")
    refused(room.writer.post(f"{OPINION}/signature", SIGNATURE | {"typed_name": " "}), 422, "validation_failed")


# Release, delivery, view


def test_provider_first_over_http(room):
    room.know(ReleasePolicy.PROVIDER_FIRST)
    room.sign()
    refused(room.release({"recipients": ["patient"]}), 409, "recipient_not_due")
    assert ok(room.release(), 201)["recipients"] == ["local_provider"]
    refused(room.patient.get(REPORT), 404, "report_not_released")
    ok(room.provider.get(REPORT))
    ok(room.partner.get(REPORT))
    assert ok(room.release({"recipients": ["patient"]}), 201)["recipients"] == ["local_provider", "patient"]
    assert ok(room.release({"recipients": ["patient"]}), 201)["recipients"] == ["local_provider", "patient"]
    ok(room.patient.get(REPORT))
    assert [fact.recipients for fact in room.harness.facts(facts.OpinionReleased)] == [
        ("local_provider",),
        ("patient",),
    ]
    assert views(room) == [Role.LOCAL_PROVIDER, Role.PARTNER, Role.PATIENT]


def test_without_a_provider_the_patient_comes_first(room):
    room.know(ReleasePolicy.PROVIDER_FIRST, joined=False)
    room.sign()
    assert ok(room.release(), 201)["recipients"] == ["patient"]


def test_one_pair_of_pdfs_is_kept(room):
    room.know(ReleasePolicy.PROVIDER_FIRST)
    room.sign()
    ok(room.release(), 201)
    asked = len(room.neighbours.asked)
    ok(room.release(), 201)
    ok(room.release(), 201)
    assert len(room.neighbours.asked) == asked
    with room.harness.service.db.read() as tx:
        states = tx.conn.execute(select(tables.BLOBS.c.state)).scalars().all()
    assert states == ["stored", "stored"]


def test_without_names_nothing_is_released(room):
    room.know()
    room.sign()
    room.neighbours.away = True
    refused(room.release(), 503, "temporarily_unavailable")
    room.neighbours.away = False
    ok(room.release(), 201)


def test_two_releases_at_once_are_one(room):
    room.know()
    room.sign()
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(room.release())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len(room.harness.facts(facts.OpinionReleased)) == 1
    with room.harness.service.db.read() as tx:
        states = tx.conn.execute(select(tables.BLOBS.c.state)).scalars().all()
    assert states.count("stored") == 2
    assert room.patient.get(f"{REPORT}.pdf").status_code == 200


def test_delivered_and_viewed_are_facts_of_their_own(room):
    room.know()
    room.sign()
    ok(room.release(), 201)
    for _ in range(2):
        room.harness.receive(RecipientNotified(case_id=CASE, role=Role.PATIENT, notified_at=START))
    assert views(room) == []
    for _ in range(2):
        ok(room.patient.get(REPORT))
        assert room.patient.get(f"{REPORT}.pdf").status_code == 200
    ok(room.desk.get(REPORT))
    ok(room.writer.get(REPORT))
    assert room.provider.get(f"{REPORT}.pdf").status_code == 200
    assert views(room) == [Role.PATIENT, Role.LOCAL_PROVIDER]
    assert [fact.role for fact in room.harness.facts(facts.OpinionDelivered)] == [Role.PATIENT]


def test_every_look_at_a_report_is_logged(room):
    room.know()
    room.sign()
    ok(room.release(), 201)
    ok(room.patient.get(REPORT))
    room.provider.get(f"{REPORT}.pdf", rendering="physician")
    log = room.harness.service.access_log.entries(case_id=CASE)
    assert [(entry.role, entry.what, entry.purpose) for entry in log] == [
        ("patient", "report", "own_data"), ("local_provider", "report.pdf/physician", "care"),
    ]  # fmt: skip


def test_who_may_not_read_the_report(room):
    room.know()
    room.sign()
    ok(room.release(), 201)
    call = room.harness.client
    refused(call(Role.PATIENT, "patient-2").get(REPORT), 404, "case_unknown")
    refused(call(Role.SPECIALIST, "dr-two").get(REPORT), 404, "case_unknown")
    refused(call(Role.PARTNER, "someone", "partner-2").get(REPORT), 404, "case_unknown")
    refused(call(Role.FINANCE).get(REPORT), 403, "forbidden")
    refused(call(Role.SPONSOR).get(REPORT), 403, "forbidden")
    refused(room.patient.get(OPINION), 403, "forbidden")


def test_an_erased_person_has_no_report(room):
    room.know()
    room.sign()
    ok(room.release(), 201)
    room.harness.service.keys.destroy("person-1")
    refused(room.patient.get(REPORT), 410, "erased")
    refused(room.patient.get(f"{REPORT}.pdf"), 410, "erased")


# Looking back


def test_as_of_shows_what_was_known_then(room):
    room.know()
    ok(room.start(), 201)
    room.submit()
    then = room.harness.clock.now()
    room.harness.clock.set(then + timedelta(hours=2))
    ok(room.reviewer.post(f"{OPINION}/quality-review", {"verdict": "approved"}), 201)
    assert ok(room.reviewer.get(OPINION, as_of=then.isoformat()))["opinion"]["state"] == "submitted"
    assert ok(room.reviewer.get(OPINION))["opinion"]["state"] == "approved"
    ok(room.writer.post(f"{OPINION}/signature", SIGNATURE), 201)
    ok(room.release(), 201)
    refused(room.patient.get(REPORT, as_of=then.isoformat()), 404, "report_not_released")
    ok(room.patient.get(REPORT))


def test_a_rebuilt_worklist_is_the_live_one(room):
    room.know()
    room.sign()
    ok(room.release(), 201)
    live = ok(room.reviewer.get("/v1/reviews"))
    assert room.harness.rebuild() == {"reviews": 1}
    assert ok(room.reviewer.get("/v1/reviews")) == live
    assert live["reviews"][0]["state"] == "released"


def _worklist(room):
    with room.harness.service.db.read() as tx:
        return sorted(map(tuple, tx.conn.execute(select(REVIEWS))))


@pytest.mark.parametrize("revised", [False, True])
def test_at_every_step_a_rebuild_equals_what_was_there(room, revised):
    room.know(max_revisions=2)
    findings = [{"text": "Say which guideline.", "pointer": "/answers/0"}]

    def judge(body):
        return ok(room.reviewer.post(f"{OPINION}/quality-review", body), 201)

    back = (room.submit, lambda: judge({"verdict": "revision_requested", "findings": findings}))
    steps = [
        room.start, *(back if revised else ()), room.submit, lambda: judge({"verdict": "approved"}),
        lambda: room.writer.post(f"{OPINION}/signature", SIGNATURE), room.release,
    ]  # fmt: skip
    seen = []
    for step in steps:
        step()
        live = _worklist(room)
        room.harness.rebuild()
        assert _worklist(room) == live
        seen.append(live)
    assert all(one != other for one, other in pairwise(seen))
    assert room.reviewer.get("/v1/reviews").json()["reviews"][0]["state"] == "released"
