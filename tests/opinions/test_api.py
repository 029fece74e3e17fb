"""Opinions over HTTP: from the review to the report, the review itself, and what a draft must be."""

import hashlib
import io
import json
from datetime import timedelta

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from opinions.programs import program
from opinions.room import (
    CASE,
    CONTENT,
    INTERNAL,
    NAMES,
    OPINION,
    REPORT,
    Room,
    accepted,
    assignment_released,
    kinds,
    ok,
    refused,
    submitted,
)
from rso_shared.contracts import opinions as facts
from rso_shared.contracts.intake import (
    CaseWithdrawn,
    ProgramPublished,
    QuestionsRevised,
)
from rso_shared.contracts.vocabulary import (
    Role,
)
from rso_shared.kit import tables
from rso_shared.kit.events import canonical
from support.harness import START


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
