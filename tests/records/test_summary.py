"""CaseSummary and Document: every transition and refusal."""

from datetime import date

import pytest

from records.builders import CASE, IN_FORCE, LAB, NOW, NURSE, PERSON
from rso_records_compiler.domain.document import (
    DOCUMENT,
    Description,
    DocumentReceived,
    OpenDocument,
    PatientMark,
    ReceiveDocument,
)
from rso_records_compiler.domain.summary import (
    SUMMARY,
    CaseSummaryDrafted,
    CaseSummarySigned,
    Citation,
    Content,
    DraftSummary,
    Signer,
    SignSummary,
    Statement,
    SummaryState,
)
from rso_shared.kit.sealed import Sealed
from support.deciding import given

CITED = Statement("Invasive ductal carcinoma.", (Citation("d2", "page 3"), Citation("d1")))
SIGNER = Sealed(PERSON, Signer("Nora Nurse"))


def content(*statements: Statement):
    return Sealed(PERSON, Content(statements))


def draft(*statements: Statement, citable=("d1", "d2")):
    return DraftSummary(CASE, content(*statements), frozenset(citable), NURSE)


def drafted(version=1):
    return CaseSummaryDrafted(
        case_id=CASE, summary_version=version, drafted_by=NURSE, cited=("d1", "d2"), content=content(CITED)
    )


def sign(version=1, questions=2, current=2, accepted=frozenset({"d1", "d2", "d3"})):
    return SignSummary(version, questions, current, accepted, NURSE, SIGNER, NOW)


SIGNED = CaseSummarySigned(
    case_id=CASE,
    summary_version=1,
    questions_version=2,
    signed_by=NURSE,
    signed_at=NOW,
    signed_on=date(2026, 3, 2),
    signer=SIGNER,
)


def test_drafts_are_versions():
    given(SUMMARY).when(draft(CITED)).then(drafted())
    given(SUMMARY, drafted()).when(draft(CITED)).then(drafted(2))


def test_a_draft_is_refused_with_the_place():
    uncited = Statement("Nothing to see.", ())
    assert given(SUMMARY).when(draft()).refused("summary_empty").pointer == "/statements"
    assert given(SUMMARY).when(draft(CITED, uncited)).refused("statement_uncited").pointer == "/statements/1/cites"
    refusal = given(SUMMARY).when(draft(CITED, citable=("d2",))).refused("citation_dangling")
    assert refusal.pointer == "/statements/0/cites/1/document_id"


def test_signing_pins_the_questions():
    given(SUMMARY, drafted()).when(sign()).then(SIGNED)
    state = given(SUMMARY, drafted(), SIGNED).state()
    assert (state.state, state.questions_version, state.version) == (SummaryState.SIGNED, 2, 1)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (sign(accepted=None), "record_set_not_accepted"),
        (sign(version=2), "summary_version_stale"),
        (sign(questions=1), "questions_version_stale"),
        (sign(accepted=frozenset({"d1"})), "citation_dangling"),
    ],
)
def test_signing_is_refused(command, code):
    given(SUMMARY, drafted()).when(command).refused(code)


def test_there_must_be_a_draft_and_only_one_signature():
    given(SUMMARY).when(sign()).refused("summary_missing")
    given(SUMMARY, drafted(), SIGNED).when(sign()).refused("summary_already_signed")
    given(SUMMARY, drafted(), SIGNED).when(draft(CITED)).refused("summary_already_signed")


def test_a_signed_summary_ignores_unknown_events():
    state = given(SUMMARY, drafted(), SIGNED).state()
    assert SUMMARY.evolve(state, object()) == state


RECEIVED = DocumentReceived(
    document_id="d1",
    case_id=CASE,
    media_type="application/pdf",
    encoding=None,
    size=9,
    pages=1,
    kind=LAB,
    satisfies=(),
    resources=(),
    month=None,
    facility_id=None,
    patient=PatientMark.UNVERIFIED,
    received_at=NOW,
    description=Sealed(PERSON, Description("Labs", (), None, "00", ())),
)


def test_a_document_is_received_once():
    given(DOCUMENT).when(ReceiveDocument(RECEIVED)).then(RECEIVED)
    given(DOCUMENT, RECEIVED).when(ReceiveDocument(RECEIVED)).refused("document_exists")


def test_a_document_opens_only_under_an_authorization():
    today = NOW.date()
    given(DOCUMENT, RECEIVED).when(OpenDocument(IN_FORCE, today)).then()
    given(DOCUMENT, RECEIVED).when(OpenDocument(None, today)).refused("authorization_missing")
    given(DOCUMENT, RECEIVED).when(OpenDocument(IN_FORCE, date(2027, 1, 1))).refused("authorization_expired")
    given(DOCUMENT).when(OpenDocument(IN_FORCE, today)).refused("document_unknown")


def test_a_document_never_changes():
    state = given(DOCUMENT, RECEIVED).state()
    assert DOCUMENT.evolve(state, object()) == state
