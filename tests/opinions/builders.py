"""A case about nobody: reports, commands and events that the tests of opinions vary."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from rso_opinions.domain import opinion_commands as c
from rso_opinions.domain import opinion_events as e
from rso_opinions.domain.report import (
    Answer,
    ClinicalTrial,
    Evidence,
    FurtherTest,
    Reference,
    Report,
    TreatmentOption,
    content_sha256,
)
from rso_opinions.domain.statements import CURRENT_STATEMENT, RELATION
from rso_shared.contracts.matching import SigningEligibility
from rso_shared.contracts.program import ProgramRef
from rso_shared.contracts.vocabulary import Effect, ReleasePolicy, Role
from rso_shared.kit.sealed import Sealed

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
DUE = NOW + timedelta(hours=48)
CASE, PERSON, WRITER, OTHER, REVIEWER = "case-1", "person-1", "specialist-1", "specialist-2", "reviewer-1"
Q1, Q2, D1, D2 = "question-1", "question-2", "document-1", "document-2"
PROGRAM = ProgramRef(program_id="second-look", version=2)
BASIS = e.Basis(
    question_ids=(Q1, Q2), questions_version=1, summary_version=3, manifest_sha256="ab" * 32, program=PROGRAM
)
DOCUMENTS = frozenset({D1, D2})
EVIDENCE = e.SignatureEvidence("Marta Lindqvist", "192.0.2.7", "a browser")
NO_FINDINGS = e.Findings(())
FINDINGS = e.Findings((e.Finding("Say which margin is meant.", "/answers/1/answer"),))
PAIR = c.Rendered(
    (e.Rendering(e.RenderingKind.PATIENT, "object-1", 10), e.Rendering(e.RenderingKind.PHYSICIAN, "object-2", 20)),
    e.RenderingHashes("11" * 32, "22" * 32),
)


def report(**changes: Any):
    made = Report(
        diagnosis_effect=Effect.CONFIRMED,
        diagnosis_assessment="Invasive ductal carcinoma, grade 2, as reported.",
        treatment_effect=Effect.CHANGED,
        treatment_assessment="A recurrence score should come before chemotherapy.",
        answers=(
            Answer(Q1, "Not before a recurrence score.", "One more test first.", (Evidence(D1, "p. 2", "ER 95 %"),)),
            Answer(Q2, "No; margins are clear.", "", (Evidence(D2, "p. 3", "3 mm posterior"),)),
        ),
        treatment_options=(TreatmentOption("Endocrine therapy", "After the score.", ("Gentle",), ("Slow",), True),),
        clinical_trials=(ClinicalTrial("NCT01234567", "A trial of endocrine therapy", "Node-negative disease"),),
        further_testing=(FurtherTest("Recurrence score", "it decides about chemotherapy"),),
        missing_material=("Original mammogram images",),
        plain_language_summary="Your diagnosis is right. One more test will tell whether chemotherapy helps you.",
        questions_for_your_doctor=("Can the test be done on stored tissue?",),
        references=(Reference("Example J Med 2018;1:1", "doi:10.1000/example"),),
        limitations="Slides were not read again.",
        synthetic=False,
    )
    return replace(made, **changes)


def sealed(value):
    return Sealed(PERSON, value)


def eligibility(**changes: Any):
    return SigningEligibility(
        **{
            "specialist_id": WRITER, "case_id": CASE, "eligible": True, "specialist_version": 4, "checked_at": NOW,
        } | changes
    )  # fmt: skip


# Commands


def start(assignment_id="assignment-1", specialist_id=WRITER, **changes: Any):
    known = {"case_withdrawn": False, "assignment_released": False} | changes
    return c.StartReview(assignment_id, specialist_id, PERSON, DUE, **known)


def submit(author=WRITER, opinion_version=None, basis=BASIS, documents=DOCUMENTS):
    return c.Submit(author, opinion_version, basis, documents)


def verdict(kind=c.Verdict.APPROVED, reviewer=REVIEWER, role=Role.QUALITY_REVIEWER, **changes: Any):
    default = FINDINGS if kind is c.Verdict.REVISION_REQUESTED else NO_FINDINGS
    more = {"findings": default, "opinion_version": None, "max_revisions": 2} | changes
    return c.GiveVerdict(reviewer=reviewer, role=role, verdict=kind, **more)


def sign(signer=WRITER, **changes: Any):
    more = {"statement_version": CURRENT_STATEMENT, "eligibility": eligibility(), "at": NOW} | changes
    return c.Sign(signer, EVIDENCE.typed_name, address=EVIDENCE.address, user_agent=EVIDENCE.user_agent, **more)


def release(policy=ReleasePolicy.PATIENT_AND_PROVIDER, recipients=None, **changes: Any):
    more = {"provider_joined": True, "case_withdrawn": False, "rendered": PAIR, "at": NOW} | changes
    return c.Release(policy=policy, program=PROGRAM, recipients=recipients, **more)


# Events


def started(assignment_id="assignment-1", specialist_id=WRITER):
    return e.ReviewStarted(assignment_id=assignment_id, specialist_id=specialist_id, person_id=PERSON, due_at=DUE)


def drafted(version=1, content=None):
    return e.OpinionDrafted(opinion_version=version, report=sealed(content or report()))


def submitted(version=1):
    return e.OpinionSubmitted(opinion_version=version, basis=BASIS)


def in_qa(version=1):
    return e.QualityReviewStarted(opinion_version=version)


def returned(version=1, revision=1):
    return e.RevisionRequested(opinion_version=version, revision=revision, findings=sealed(FINDINGS))


def approved(version=1):
    return e.OpinionApproved(opinion_version=version, findings=sealed(NO_FINDINGS))


def signed(version=1):
    return e.OpinionSigned(
        opinion_version=version,
        specialist_id=WRITER,
        content_sha256=content_sha256(report(), PERSON),
        diagnosis_effect=Effect.CONFIRMED,
        treatment_effect=Effect.CHANGED,
        statement_version=CURRENT_STATEMENT,
        relation=RELATION,
        specialist_version=4,
        eligibility_checked_at=NOW,
        signed_at=NOW,
        evidence=sealed(EVIDENCE),
    )


def rendered(version=1):
    return e.ReportRendered(opinion_version=version, renderings=PAIR.renderings, hashes=sealed(PAIR.hashes))


def released(*recipients: Role, policy=ReleasePolicy.PATIENT_AND_PROVIDER):
    return e.OpinionReleased(opinion_version=1, policy=policy, program=PROGRAM, recipients=recipients, released_at=NOW)


def cancelled(assignment_id="assignment-1", reason=e.CancelReason.ASSIGNMENT_RELEASED):
    return e.ReviewCancelled(assignment_id=assignment_id, reason=reason)


DRAFTED = (started(), drafted())
SUBMITTED = (*DRAFTED, submitted())
IN_QA = (*SUBMITTED, in_qa())
APPROVED = (*IN_QA, approved())
SIGNED = (*APPROVED, signed())
RELEASED = (*SIGNED, rendered(), released(Role.LOCAL_PROVIDER, Role.PATIENT))
