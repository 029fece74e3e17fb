"""The life of a case through intake's API and its facts."""

from datetime import timedelta

from rso_intake.domain.statement import STATEMENT_VERSION
from rso_shared.contracts import coordinator, intake, opinions, records
from rso_shared.contracts.coordinator import WaitingOn
from rso_shared.contracts.vocabulary import RecordKind, Role, Stage
from rso_shared.kit.clock import iso
from support.harness import START

SIGNATURE = {"typed_name": "Ada Quillfeather", "statement_version": STATEMENT_VERSION}


def case_of(opened):
    return f"/v1/cases/{opened['case_id']}"


def code(answer):
    return answer.status_code, answer.json()["code"]


def test_from_submission_to_the_signed_authorization(desk):
    opened = desk.open()
    case_id, case = opened["case_id"], case_of(opened)
    screened = desk.coordinate(case_id, "screening")
    assert screened.status_code == 200
    assert screened.json()["eligible"]
    assert screened.json()["jurisdiction_decision"] == "silent_policy_review"
    assert screened.json()["licensed_only"]
    assert desk.coordinate(case_id, "screening").json() == screened.json()
    asked = desk.coordinate(case_id, "authorization-request").json()
    assert desk.coordinate(case_id, "authorization-request").json() == asked
    path = f"{case}/authorizations/{asked['authorization_id']}"
    assert desk.patient.post(f"{path}/signature", SIGNATURE).status_code == 201
    listed = desk.patient.get(f"{case}/authorizations").json()
    assert [each["status"] for each in listed["authorizations"]] == ["in_force"]
    assert "Who may disclose" in listed["statement"]
    snapshot = intake.CaseSnapshot.model_validate(
        desk.coordinator.get(f"/internal/v1/intake/cases/{case_id}/snapshot").json()
    )
    assert (snapshot.eligibility_decided, snapshot.authorization_signed, snapshot.lifecycle) == (True, True, "open")
    assert desk.patient.post(f"{path}/revocation", {}).status_code == 201
    kinds = [type(fact).__name__ for fact in desk.facts() if not isinstance(fact, intake.ProgramPublished)]
    assert kinds == [
        "CaseSubmitted", "TermsAccepted", "EligibilityConfirmed", "AuthorizationRequested", "AuthorizationSigned",
        "AuthorizationRevoked",
    ]  # fmt: skip


def test_a_declined_case_says_why_and_what_else(desk):
    opened = desk.open(red_flag_answers={"emergency": True, "inpatient": False, "litigation": False})
    answer = desk.coordinate(opened["case_id"], "screening").json()
    assert (answer["eligible"], answer["decline_reason"]) == (False, "emergency")
    shown = desk.patient.get(case_of(opened)).json()
    assert shown["decline"] == {"reason": "emergency", "text": "No: emergency", "alternative": "Instead of emergency"}
    assert (shown["ending"], shown["lifecycle"]) == ("declined", "open")
    assert desk.coordinate(opened["case_id"], "closing", close_reason="completed").json()["close_reason"] == "declined"
    (declined,) = desk.facts(intake.CaseDeclined)
    assert declined.alternative == "Instead of emergency"


def test_the_case_is_composed_of_everybodys_facts(desk):
    opened = desk.open()
    case_id = opened["case_id"]
    waiting = WaitingOn(party="patient", what="authorization", since=START, how_to_act="/sign")
    promised = START + timedelta(days=7)
    desk.receive(
        coordinator.StageEntered(case_id=case_id, stage=Stage.COMPILING_RECORDS, entered_at=START),
        coordinator.WaitingChanged(case_id=case_id, waiting_on=(waiting,)),
        coordinator.PromiseChanged(case_id=case_id, promised_by=promised),
        records.RecordsCompilationStarted(
            case_id=case_id, required=(RecordKind.LAB, RecordKind.PATHOLOGY_REPORT, RecordKind.IMAGING_STUDY)
        ),
        records.RecordItemReceived(
            case_id=case_id, document_id="d1", kind=RecordKind.LAB, facility_id=None, month=None
        ),
        records.RecordItemReceived(
            case_id=case_id, document_id="d2", kind=RecordKind.LAB, facility_id=None, month=None
        ),
        records.RecordItemRejected(case_id=case_id, document_id="d2", reason="wrong_patient"),
        records.RecordItemAccepted(case_id=case_id, document_id="d1", kinds=(RecordKind.LAB,)),
        records.RecordItemWaived(case_id=case_id, kind=RecordKind.IMAGING_STUDY),
        opinions.OpinionReleased(case_id=case_id, opinion_version=1, recipients=(Role.PATIENT,), released_at=START),
    )
    shown = desk.patient.get(case_of(opened)).json()
    assert (shown["stage"], shown["promised_by"]) == ("compiling_records", "2026-03-09T15:00:00Z")
    assert [each["what"] for each in shown["waiting_on"]] == ["authorization"]
    assert shown["documents"] == {
        "required": ["lab", "pathology_report", "imaging_study"], "received": {"lab": 1}, "missing": ["pathology_report"],
    }  # fmt: skip
    assert shown["links"]["report"] == f"{case_of(opened)}/report"


def test_the_composed_case_has_no_past_here(desk):
    opened = desk.open()
    answer = desk.patient.get(case_of(opened), as_of="2026-01-01T00:00:00Z")
    assert code(answer) == (400, "as_of_not_supported")
    assert answer.json()["link"] == f"{case_of(opened)}/timeline"


def test_own_resources_have_a_past(desk):
    opened = desk.open()
    desk.clock.set(START + timedelta(hours=1))
    desk.patient.post(f"{case_of(opened)}/questions", {"questions": [{"text": "Another one?"}], "based_on": 1})
    questions = f"{case_of(opened)}/questions"
    assert desk.patient.get(questions).json()["questions"][0]["text"] == "Another one?"
    then = desk.patient.get(questions, as_of=iso(START)).json()
    assert (then["questions_version"], then["questions"][0]["text"]) == (1, "Is chemotherapy needed with this profile?")
    assert code(desk.patient.get(questions, as_of="2026-01-01T00:00:00Z")) == (404, "case_unknown")


def test_the_summarys_signature_freezes_the_questions(desk):
    opened = desk.open()
    signed = records.CaseSummarySigned(
        case_id=opened["case_id"], summary_version=1, questions_version=1, signed_on=START.date()
    )
    desk.receive(signed, signed)
    assert len(desk.facts(intake.QuestionsFrozen)) == 1
    refused = desk.patient.post(f"{case_of(opened)}/questions", {"questions": [{"text": "Late?"}]})
    assert code(refused) == (409, "questions_frozen")


def test_a_fact_before_its_case_waits_for_it(desk):
    signed = records.CaseSummarySigned(
        case_id="not-yet", summary_version=1, questions_version=1, signed_on=START.date()
    )
    desk.receive(signed)
    assert desk.facts(intake.QuestionsFrozen) == []


def test_the_release_is_told_to_each_recipient_once(desk):
    provider = {"name": {"given": ["Lee"], "family": "Provider"}, "email": "lee@example.org"}
    opened = desk.open(local_provider=provider)
    released = opinions.OpinionReleased(
        case_id=opened["case_id"], opinion_version=1, recipients=(Role.PATIENT, Role.LOCAL_PROVIDER), released_at=START
    )
    desk.receive(released, released)
    assert desk.service.mail.send_pending() == 2
    assert desk.service.mail.send_pending() == 0


def test_the_second_release_writes_to_the_patient_alone(desk):
    """`provider_first`: two facts, each with its own recipient; either of them may come again."""
    provider = {"name": {"given": ["Lee"], "family": "Provider"}, "email": "lee@example.org"}
    opened = desk.open(local_provider=provider)
    first, second = (
        opinions.OpinionReleased(
            case_id=opened["case_id"], opinion_version=1, recipients=(role,), released_at=START + delay
        )
        for role, delay in ((Role.LOCAL_PROVIDER, timedelta()), (Role.PATIENT, timedelta(days=2)))
    )
    desk.receive(first)
    assert desk.service.mail.send_pending() == 1
    assert [fact.role for fact in desk.facts(intake.RecipientNotified)] == [Role.LOCAL_PROVIDER]
    desk.receive(second, first, second)
    assert desk.service.mail.send_pending() == 1
    assert [fact.role for fact in desk.facts(intake.RecipientNotified)] == [Role.LOCAL_PROVIDER, Role.PATIENT]


def test_reminders_and_notices_are_written_once_per_key(desk):
    opened = desk.open()
    desk.coordinate(opened["case_id"], "screening")
    body = {
        "template": "reminder",
        "parties": ["patient", "local_provider"],
        "key": "joining/day_2",
        "waiting_on": ["authorization"],
    }
    first = desk.coordinate(opened["case_id"], "reminders", **body).json()
    assert (len(first["notice_ids"]), first["unreachable"]) == (1, ["local_provider"])
    assert desk.coordinate(opened["case_id"], "reminders", **body).json()["notice_ids"] == first["notice_ids"]
    notice = desk.coordinate(opened["case_id"], "notices", template="case_closed", role="patient", key="case_closed")
    assert notice.status_code == 200
    assert desk.service.mail.send_pending() == 2
    wrong = desk.coordinate(opened["case_id"], "notices", template="case_closed", role="finance", key="k")
    assert code(wrong) == (422, "role_not_mailable")


def test_a_reminder_of_what_is_there_is_superseded(desk):
    opened = desk.open()
    desk.coordinate(opened["case_id"], "screening")
    asked = desk.coordinate(opened["case_id"], "authorization-request").json()
    desk.patient.post(f"{case_of(opened)}/authorizations/{asked['authorization_id']}/signature", SIGNATURE)
    body = {"template": "reminder", "parties": ["patient"], "key": "joining/day_2", "waiting_on": ["authorization"]}
    assert code(desk.coordinate(opened["case_id"], "reminders", **body)) == (409, "superseded_due")
    due = iso(START + timedelta(days=30))
    expiry = desk.coordinate(opened["case_id"], "expiry", due=due, waiting_on=["authorization"])
    assert code(expiry) == (409, "superseded_due")
    assert desk.coordinate(opened["case_id"], "expiry", due=due, waiting_on=["payment"]).status_code == 200
    assert (
        desk.coordinate(opened["case_id"], "closing", close_reason="completed").json()["close_reason"]
        == "expired_no_response"
    )


def test_both_ends_of_the_expiry(desk):
    opened = desk.open()
    early, due = (iso(START + timedelta(days=30, seconds=s)) for s in (-1, 0))
    assert code(desk.coordinate(opened["case_id"], "expiry", due=early, waiting_on=["payment"])) == (409, "not_due")
    assert desk.coordinate(opened["case_id"], "expiry", due=due, waiting_on=["payment"]).status_code == 200


def test_holds(desk):
    opened = desk.open()
    for _ in range(2):
        assert desk.coordinate(opened["case_id"], "hold", reason="no_specialist").json()["version"] == 3
    assert desk.nurse.get(case_of(opened)).json()["hold_reasons"] == ["no_specialist"]
    assert desk.coordinate(opened["case_id"], "resume", reason="no_specialist").status_code == 200
    assert desk.nurse.get(case_of(opened)).json()["hold_reasons"] == []
    assert desk.nurse.post(f"{case_of(opened)}/holds", {"reason": "legal_review"}).status_code == 201
    assert desk.nurse.post(f"{case_of(opened)}/holds/legal_review/release").status_code == 201
    assert desk.nurse.post(f"{case_of(opened)}/holds/nonsense/release").status_code == 422
    assert [type(fact).__name__ for fact in desk.facts(intake.CaseHeld, intake.CaseResumed)] == [
        "CaseHeld",
        "CaseResumed",
    ] * 2


def test_withdrawal_then_closing(desk):
    opened = desk.open()
    assert desk.patient.post(f"{case_of(opened)}/withdrawal", {"reason": "no more need"}).status_code == 201
    assert desk.patient.get(case_of(opened)).json()["ending"] == "withdrawn"
    assert code(desk.coordinate(opened["case_id"], "authorization-request")) == (409, "case_withdrawn")
    closed = desk.coordinate(opened["case_id"], "closing", close_reason="withdrawn_patient").json()
    assert closed["close_reason"] == "withdrawn_patient"
    assert desk.coordinate(opened["case_id"], "closing", close_reason="completed").json() == {**closed}
    assert code(desk.patient.post(f"{case_of(opened)}/withdrawal", {})) == (409, "case_closed")


def test_the_second_party_joins_by_the_number(desk):
    opened = desk.open(desk.partner, terms=None)
    number = opened["reference_number"]
    assert code(desk.patient.get(case_of(opened))) == (404, "case_unknown")
    body = {"reference_number": f"{number[:4]} {number[4:8]}-{number[8:]}", "role": "patient"}
    assert desk.patient.post("/v1/case-joins", body).json()["case_id"] == opened["case_id"]
    assert desk.patient.get(case_of(opened)).status_code == 200
    stranger = desk.client(Role.PATIENT, "patient-9", "public")
    assert code(stranger.post("/v1/case-joins", body)) == (404, "reference_unknown")
    wrong = {"reference_number": "0" * 11, "role": "patient"}
    assert code(stranger.post("/v1/case-joins", wrong)) == (404, "reference_unknown")
    assert code(desk.patient.post("/v1/case-joins", {**body, "role": "local_provider"})) == (403, "role_not_yours")
    accepted = desk.patient.post(
        f"{case_of(opened)}/terms-acceptances", {"typed_name": "Ada Quillfeather", "terms_version": "2026-01"}
    )
    assert accepted.status_code == 201


def test_the_number_ends_after_thirty_days(desk):
    opened = desk.open(desk.partner, terms=None)
    body = {"reference_number": opened["reference_number"], "role": "patient"}
    desk.clock.set(START + timedelta(days=30))
    assert code(desk.patient.post("/v1/case-joins", body)) == (404, "reference_unknown")
    assert desk.partner.get(case_of(opened)).json()["reference_number"] is None


def test_a_local_provider_joins_where_the_law_wants_one(desk):
    row = {
        "country": "US",
        "state": "MA",
        "decision": "permitted_with_local_physician",
        "source": "s",
        "checked_on": "2026-01-05",
    }
    desk.admin.post("/v1/jurisdictions", {"version": 1, "effective_from": "2026-01-01", "rows": [row]})
    opened = desk.open()
    assert desk.coordinate(opened["case_id"], "screening").json()["local_provider_required"]
    body = {"reference_number": opened["reference_number"], "role": "local_provider"}
    assert code(desk.provider.post("/v1/case-joins", body)) == (422, "local_provider_missing")
    body["local_provider"] = {"name": {"given": ["Lee"], "family": "Provider"}, "email": "lee@example.org"}
    assert desk.provider.post("/v1/case-joins", body).status_code == 201
    (joined,) = desk.facts(intake.LocalProviderJoined)
    assert joined.access[0].subject == "provider-1"


def test_staff_decide_owner_priority_condition_and_silence(desk):
    opened = desk.open()
    case = case_of(opened)
    assert desk.nurse.post(f"{case}/owner", {"owner": "nurse-1"}).status_code == 201
    assert desk.nurse.post(f"{case}/priority", {"priority": "urgent", "reason": "pain"}).status_code == 201
    heart = {"condition": {"codings": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I25.10"}]}}
    assert desk.nurse.post(f"{case}/condition", heart).status_code == 201
    assert code(desk.nurse.post(f"{case}/condition", {"condition": {}})) == (422, "condition_required")
    desk.coordinate(opened["case_id"], "screening")
    wider = {"decision": "permitted_direct", "reason": "counsel's letter of 2 March"}
    assert code(desk.nurse.post(f"{case}/jurisdiction-decision", wider)) == (403, "forbidden")
    assert desk.director.post(f"{case}/jurisdiction-decision", wider).status_code == 201
    first, second = desk.facts(intake.EligibilityConfirmed)
    assert (first.licensed_only, second.licensed_only) == (True, False)
    shown = desk.nurse.get(case).json()
    assert (shown["owner"], shown["priority"], shown["condition_group"]) == ("nurse-1", "urgent", "heart")
    assert shown["eligibility"]["jurisdiction_decision"] == "permitted_direct"
    assert desk.nurse.post(f"{case}/closing", {"close_reason": "deceased"}).status_code == 201
    assert code(desk.nurse.post(f"{case}/closing", {"close_reason": "completed"})) == (409, "case_closed")
