"""Review, drafts, submission, quality review and signature: every transition and every refusal."""

from dataclasses import replace

import pytest

from opinions import builders as b
from rso_opinions.domain import opinion_commands as c
from rso_opinions.domain.opinion import OPINION
from rso_opinions.domain.opinion_events import CancelReason
from rso_opinions.domain.opinion_state import ReviewState
from rso_opinions.domain.report import Answer, Evidence, content_sha256
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.events import UnknownEvent
from support.deciding import given

REVISE = c.Verdict.REVISION_REQUESTED


# Review


def test_a_review_starts():
    given(OPINION).when(b.start()).then(b.started())


@pytest.mark.parametrize("history", [b.DRAFTED, b.SIGNED, (*b.DRAFTED, b.cancelled())])
def test_the_same_assignment_starts_one_review(history):
    given(OPINION, *history).when(b.start()).then()


def test_one_review_at_a_time():
    refusal = given(OPINION, *b.DRAFTED).when(b.start("assignment-2", b.OTHER)).refused("review_active")
    assert refusal.facts == {"assignment_id": "assignment-1"}


def test_no_review_after_withdrawal_release_or_signature():
    given(OPINION).when(b.start(case_withdrawn=True)).refused("case_withdrawn")
    given(OPINION).when(b.start(assignment_released=True)).refused("assignment_released")
    given(OPINION, *b.SIGNED).when(b.start("assignment-2", b.OTHER)).refused("opinion_already_signed")


def test_a_new_assignment_starts_blind_and_numbers_go_on():
    history = (*b.SUBMITTED, b.cancelled())
    given(OPINION, *history).when(b.start("assignment-2", b.OTHER)).then(b.started("assignment-2", b.OTHER))
    history = (*history, b.started("assignment-2", b.OTHER))
    state = given(OPINION, *history).state()
    assert (state.draft, state.submitted, state.findings, state.revisions) == (None, None, None, 0)
    given(OPINION, *history).when(c.SaveDraft(b.OTHER, b.report())).then(b.drafted(2))
    given(OPINION, *history).when(c.SaveDraft(b.WRITER, b.report())).refused("not_assigned_specialist")


# Drafts


def test_drafts_are_numbered():
    given(OPINION, b.started()).when(c.SaveDraft(b.WRITER, b.report())).then(b.drafted(1))
    given(OPINION, *b.DRAFTED).when(c.SaveDraft(b.WRITER, b.report())).then(b.drafted(2))


def test_a_draft_may_have_gaps():
    gaps = b.report(answers=(), limitations="", plain_language_summary="")
    given(OPINION, b.started()).when(c.SaveDraft(b.WRITER, gaps)).then(b.drafted(1, gaps))


@pytest.mark.parametrize(
    ("history", "code"),
    [
        ((), "no_active_review"),
        ((*b.DRAFTED, b.cancelled()), "no_active_review"),
        (b.SUBMITTED, "opinion_in_quality_review"),
        (b.IN_QA, "opinion_in_quality_review"),
        (b.APPROVED, "opinion_in_quality_review"),
        (b.SIGNED, "opinion_already_signed"),
        (b.RELEASED, "opinion_already_signed"),
    ],
)
def test_drafts_are_refused_outside_of_drafting(history, code):
    given(OPINION, *history).when(c.SaveDraft(b.WRITER, b.report())).refused(code)
    given(OPINION, *history).when(b.submit()).refused(code)


def test_only_the_assigned_specialist_writes():
    given(OPINION, b.started()).when(c.SaveDraft(b.OTHER, b.report())).refused("not_assigned_specialist")
    given(OPINION, *b.DRAFTED).when(b.submit(author=b.OTHER)).refused("not_assigned_specialist")


# Submission


def test_a_complete_draft_is_submitted_with_what_it_rests_on():
    given(OPINION, *b.DRAFTED).when(b.submit()).then(b.submitted())
    given(OPINION, *b.DRAFTED).when(b.submit(opinion_version=1)).then(b.submitted())


def test_the_newest_draft_is_submitted_and_no_other():
    given(OPINION, b.started()).when(b.submit()).refused("draft_missing")
    history = (*b.DRAFTED, b.drafted(2))
    given(OPINION, *history).when(b.submit(opinion_version=1)).refused("opinion_version_superseded")


@pytest.mark.parametrize(
    "gap", ["diagnosis_assessment", "treatment_assessment", "plain_language_summary", "limitations"]
)
def test_submission_wants_every_part(gap):
    history = (b.started(), b.drafted(1, b.report(**{gap: "  "})))
    assert given(OPINION, *history).when(b.submit()).refused("report_incomplete").pointer == f"/{gap}"


ONE, TWO = b.report().answers


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ((ONE,), "question_unanswered"),
        ((ONE, replace(TWO, answer=" ")), "question_unanswered"),
        ((ONE, TWO, Answer("question-9", "Yes.", "", ONE.evidence)), "question_unknown"),
        ((ONE, TWO, TWO), "question_answered_twice"),
        ((ONE, replace(TWO, evidence=())), "evidence_missing"),
        ((ONE, replace(TWO, evidence=(Evidence("document-9", "", "x"),))), "document_unknown"),
    ],
)
def test_submission_wants_an_answer_with_evidence_to_every_question(answers, code):
    history = (b.started(), b.drafted(1, b.report(answers=answers)))
    refusal = given(OPINION, *history).when(b.submit()).refused(code)
    assert refusal.status == 422
    assert refusal.pointer.startswith("/answers")


def test_the_current_questions_count():
    revised = replace(b.BASIS, question_ids=(b.Q1, b.Q2, "question-3"), questions_version=2)
    refusal = given(OPINION, *b.DRAFTED).when(b.submit(basis=revised)).refused("question_unanswered")
    assert refusal.facts["question_ids"] == ["question-3"]


def test_a_record_without_documents_needs_no_citation():
    bare = b.report(answers=tuple(replace(answer, evidence=()) for answer in b.report().answers))
    given(OPINION, b.started(), b.drafted(1, bare)).when(b.submit(documents=frozenset())).then(b.submitted())


# Quality review


def test_quality_review_starts_once():
    given(OPINION, *b.SUBMITTED).when(c.StartQualityReview()).then(b.in_qa())
    given(OPINION, *b.SUBMITTED).when(c.StartQualityReview(1)).then(b.in_qa())
    for history in (b.IN_QA, b.APPROVED, b.RELEASED):
        given(OPINION, *history).when(c.StartQualityReview()).then()
    given(OPINION, *b.SUBMITTED).when(c.StartQualityReview(7)).then()
    given(OPINION, *b.DRAFTED).when(c.StartQualityReview()).refused("opinion_not_submitted")
    given(OPINION, *b.SUBMITTED, b.cancelled()).when(c.StartQualityReview()).refused("opinion_not_submitted")


def test_approval():
    given(OPINION, *b.IN_QA).when(b.verdict()).then(b.approved())


def test_a_quick_reviewer_need_not_wait_for_the_coordinator():
    given(OPINION, *b.SUBMITTED).when(b.verdict()).then(b.in_qa(), b.approved())
    given(OPINION, *b.SUBMITTED).when(b.verdict(REVISE)).then(b.in_qa(), b.returned())


def test_a_revision_needs_a_finding_and_a_new_draft():
    given(OPINION, *b.IN_QA).when(b.verdict(REVISE)).then(b.returned())
    given(OPINION, *b.IN_QA).when(b.verdict(REVISE, findings=b.NO_FINDINGS)).refused("findings_missing")
    history = (*b.IN_QA, b.returned())
    given(OPINION, *history).when(b.submit()).refused("draft_missing")
    given(OPINION, *history).when(c.SaveDraft(b.WRITER, b.report())).then(b.drafted(2))
    given(OPINION, *history, b.drafted(2)).when(b.submit()).then(b.submitted(2))


@pytest.mark.parametrize("history", [(), b.DRAFTED, (*b.IN_QA, b.returned()), b.APPROVED, b.SIGNED])
def test_a_verdict_needs_a_submitted_opinion(history):
    given(OPINION, *history).when(b.verdict()).refused("not_in_quality_review")


def test_the_author_does_not_review():
    given(OPINION, *b.IN_QA).when(b.verdict(reviewer=b.WRITER)).refused("reviewer_is_author")
    director = b.verdict(reviewer=b.WRITER, role=Role.MEDICAL_DIRECTOR)
    given(OPINION, *b.IN_QA).when(director).refused("reviewer_is_author")


def test_the_version_read_is_the_version_judged():
    given(OPINION, *b.IN_QA).when(b.verdict(opinion_version=1)).then(b.approved())
    given(OPINION, *b.IN_QA).when(b.verdict(opinion_version=2)).refused("opinion_version_superseded")


def test_the_loop_is_bounded():
    history = (*b.IN_QA, b.returned(), b.drafted(2), b.submitted(2), b.in_qa(2))
    given(OPINION, *history).when(b.verdict(REVISE, max_revisions=2)).then(b.returned(2, 2))
    history = (*history, b.returned(2, 2), b.drafted(3), b.submitted(3), b.in_qa(3))
    for kind in c.Verdict:
        given(OPINION, *history).when(b.verdict(kind)).refused("revisions_exhausted")
    director = {"role": Role.MEDICAL_DIRECTOR, "reviewer": "director-1"}
    given(OPINION, *history).when(b.verdict(**director)).then(b.approved(3))
    given(OPINION, *history).when(b.verdict(REVISE, **director)).then(b.returned(3, 3))


def test_without_revisions_the_director_decides_at_once():
    given(OPINION, *b.IN_QA).when(b.verdict(max_revisions=0)).refused("revisions_exhausted")


# Signature


def test_the_signature_fixes_the_content():
    given(OPINION, *b.APPROVED).when(b.sign()).then(b.signed())


def test_the_hash_covers_every_word_and_the_person():
    reports = [b.report(), b.report(limitations="Slides were not read again!"), b.report(synthetic=True)]
    hashes = {content_sha256(report, b.PERSON) for report in reports} | {content_sha256(reports[0], "person-2")}
    assert len(hashes) == 4
    assert content_sha256(b.report(), b.PERSON) == content_sha256(b.report(), b.PERSON)


@pytest.mark.parametrize(
    ("history", "code"),
    [
        ((), "no_active_review"),
        (b.DRAFTED, "opinion_not_approved"),
        (b.SUBMITTED, "opinion_not_approved"),
        (b.IN_QA, "opinion_not_approved"),
        ((*b.IN_QA, b.returned()), "opinion_not_approved"),
        (b.SIGNED, "opinion_already_signed"),
        (b.RELEASED, "opinion_already_signed"),
    ],
)
def test_only_an_approved_opinion_is_signed_and_once(history, code):
    given(OPINION, *history).when(b.sign()).refused(code)


def test_the_signer_is_the_assigned_specialist():
    given(OPINION, *b.APPROVED).when(b.sign(signer=b.OTHER)).refused("not_assigned_specialist")


def test_the_statement_in_force_is_signed():
    assert given(OPINION, *b.APPROVED).when(b.sign(statement_version="1999-01")).refused("statement_not_current")


def test_a_lapsed_licence_stops_the_signature():
    lapsed = b.eligibility(eligible=False, reasons=("licence_expired",))
    refusal = given(OPINION, *b.APPROVED).when(b.sign(eligibility=lapsed)).refused("licence_lapsed")
    assert (refusal.status, refusal.facts) == (409, {"reasons": ["licence_expired"]})
    another = b.eligibility(specialist_id=b.OTHER)
    given(OPINION, *b.APPROVED).when(b.sign(eligibility=another)).refused("licence_lapsed")


def test_without_an_answer_about_the_licence_nothing_is_signed():
    refusal = given(OPINION, *b.APPROVED).when(b.sign(eligibility=None)).refused("eligibility_unavailable")
    assert refusal.status == 503


# Cancellation


@pytest.mark.parametrize("history", [(b.started(),), b.DRAFTED, b.SUBMITTED, b.IN_QA, b.APPROVED])
@pytest.mark.parametrize("reason", CancelReason)
def test_an_open_review_is_cancelled_once(history, reason):
    given(OPINION, *history).when(c.CancelReview(reason, None)).then(b.cancelled(reason=reason))
    given(OPINION, *history, b.cancelled()).when(c.CancelReview(reason, None)).then()


def test_only_the_review_of_that_assignment_is_cancelled():
    ours, another = (c.CancelReview(CancelReason.ASSIGNMENT_RELEASED, f"assignment-{n}") for n in (1, 2))
    given(OPINION, *b.DRAFTED).when(another).then()
    given(OPINION, *b.DRAFTED).when(ours).then(b.cancelled())


def test_a_signed_opinion_outlives_its_assignment_but_not_a_withdrawal():
    given(OPINION, *b.SIGNED).when(c.CancelReview(CancelReason.ASSIGNMENT_RELEASED, "assignment-1")).then()
    withdrawn = c.CancelReview(CancelReason.CASE_WITHDRAWN, None)
    given(OPINION, *b.SIGNED).when(withdrawn).then(b.cancelled(reason=CancelReason.CASE_WITHDRAWN))
    given(OPINION, *b.RELEASED).when(withdrawn).then()
    given(OPINION).when(withdrawn).then()


def test_unknown_events_change_nothing():
    before = given(OPINION, *b.DRAFTED).state()
    assert given(OPINION, *b.DRAFTED, UnknownEvent("opinions.later", {})).state() == before
    assert before.state is ReviewState.DRAFTING
