"""Opinions over HTTP: quality review and its bound, and what a signature needs."""

from opinions.room import CASE, CONTENT, INTERNAL, OPINION, SIGNATURE, ok, refused
from rso_opinions.domain.statements import CURRENT_STATEMENT
from rso_shared.contracts import opinions as facts
from rso_shared.contracts.vocabulary import (
    Role,
)


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
