"""The checklist, waivers, the accepted set and the signed summary, through the HTTP face."""

from records import material
from records.steps import accepted, new_request, refused, uploaded
from records.world import CASE, INTERNAL, PATH, PDF, SUBMITTED, World, program
from rso_shared.contracts import records as facts
from rso_shared.contracts.intake import ConditionCoded, ProgramPublished, QuestionsRevised
from rso_shared.contracts.program import ChecklistItem
from rso_shared.contracts.vocabulary import ConditionGroup, RecordKind


def test_the_checklist_comes_from_program_and_condition(world):
    before = world.patient.get(f"{PATH}/checklist").json()
    assert (before["state"], before["lines"], before["complete"]) == ("gathering", [], False)
    started = world.service.post(f"{INTERNAL}/compilation").json()
    assert started == started | {
        "case_id": CASE,
        "state": "compiling",
        "required": ["pathology_report", "imaging_report"],
        "helpful": ["lab"],
        "condition_group": "breast_cancer",
    }
    assert world.service.post(f"{INTERNAL}/compilation").json() == started
    assert len(world.harness.facts(facts.RecordsCompilationStarted)) == 1
    after = world.patient.get(f"{PATH}/checklist").json()
    assert after["missing"] == ["pathology_report", "imaging_report"]
    assert after["lines"][0]["note"] == "with receptors"


def test_the_condition_as_coded_counts(tmp_path):
    lists = {
        ConditionGroup.SPINE: (ChecklistItem(kind=RecordKind.IMAGING_STUDY),),
        ConditionGroup.RARE_UNDIAGNOSED: (ChecklistItem(kind=RecordKind.CLINICAL_NOTE),),
    }
    published = ProgramPublished(program=program(checklists=lists))
    coded = ConditionCoded(case_id=CASE, condition_group=ConditionGroup.SPINE)
    for number, (extra, required) in enumerate([((coded,), ["imaging_study"]), ((), ["clinical_note"])]):
        world = World(tmp_path / str(number), SUBMITTED, published, *extra)
        assert world.service.post(f"{INTERNAL}/compilation").json()["required"] == required
        world.harness.close()


def test_another_version_of_the_program_never_stands_in(tmp_path):
    world = World(tmp_path, SUBMITTED, ProgramPublished(program=program(version=2)))
    refused(world.service.post(f"{INTERNAL}/compilation"), 503, "not_yet_known")
    world.harness.receive(ProgramPublished(program=program()))
    assert world.service.post(f"{INTERNAL}/compilation").status_code == 200
    world.harness.close()


def test_a_program_without_a_checklist(tmp_path):
    world = World(tmp_path, SUBMITTED, ProgramPublished(program=program(checklists={})))
    refused(world.service.post(f"{INTERNAL}/compilation"), 409, "checklist_missing")
    world.harness.close()


def test_the_record_set(world):
    world.service.post(f"{INTERNAL}/compilation")
    refused_set = refused(world.clerk.post(f"{PATH}/record-set"), 409, "record_set_incomplete")
    assert refused_set["missing"] == ["pathology_report", "imaging_report"]
    accepted(world, "pathology_report", "lab")
    request = new_request(world, kind="imaging_report")
    waived = world.nurse.post(f"{PATH}/checklist/waivers", {"kind": "imaging_report", "reason": "The archive burned."})
    assert waived.json() == waived.json() | {"waived_by": "nurse", "abandoned_requests": [request["request_id"]]}
    done = world.clerk.post(f"{PATH}/record-set").json()
    assert (done["documents"], done["waived"], len(done["manifest_sha256"])) == (1, 1, 64)
    fact = world.harness.facts(facts.RecordSetAccepted)[0]
    assert (fact.manifest_sha256, fact.documents) == (done["manifest_sha256"], 1)
    refused(world.clerk.post(f"{PATH}/record-set"), 409, "record_set_already_accepted")
    shown = world.patient.get(f"{PATH}/checklist").json()
    assert (shown["state"], shown["complete"], shown["missing"]) == ("accepted", True, [])
    late = world.upload(material.pdf(), PDF)
    assert late.json()["late"] is True


def test_what_is_refused_about_the_checklist(world):
    waiver = {"kind": "imaging_report", "reason": "none there"}
    refused(world.nurse.post(f"{PATH}/checklist/waivers", waiver), 409, "compilation_not_started")
    refused(world.clerk.post(f"{PATH}/record-set"), 409, "compilation_not_started")
    world.service.post(f"{INTERNAL}/compilation")
    refused(world.clerk.post(f"{PATH}/checklist/waivers", waiver), 403, "forbidden")
    refused(
        world.nurse.post(f"{PATH}/checklist/waivers", {"kind": "imaging_report", "reason": ""}),
        422,
        "validation_failed",
    )
    refused(world.nurse.post(f"{PATH}/checklist/waivers", waiver | {"kind": "genomic"}), 422, "kind_not_on_checklist")
    assert world.nurse.post(f"{PATH}/checklist/waivers", waiver).status_code == 201
    refused(world.nurse.post(f"{PATH}/checklist/waivers", waiver), 409, "kind_already_waived")


# summary


def summarised(world):
    world.service.post(f"{INTERNAL}/compilation")
    document_id = accepted(world, "pathology_report", "imaging_report")
    world.clerk.post(f"{PATH}/record-set")
    body = {
        "statements": [{"text": "Invasive carcinoma.", "cites": [{"document_id": document_id, "locator": "page 2"}]}]
    }
    return body, world.nurse.post(f"{PATH}/summary", body).json()


def test_the_summary_is_drafted_read_and_signed(world):
    body, drafted = summarised(world)
    assert (drafted["summary_version"], drafted["state"]) == (1, "drafted")
    assert "carcinoma" not in str(drafted)
    assert world.nurse.post(f"{PATH}/summary", body).json()["summary_version"] == 2
    shown = world.doctor.get(f"{PATH}/summary").json()
    assert shown["statements"] == body["statements"]
    assert world.harness.service.access_log.entries(case_id=CASE)[-1].what == "summary"
    signature = {"summary_version": 2, "questions_version": 1, "typed_name": "Nora Nurse"}
    signed = world.nurse.post(f"{PATH}/summary/signature", signature)
    assert (signed.status_code, signed.json()["state"], signed.json()["signed_on"]) == (201, "signed", "2026-03-02")
    fact = world.harness.facts(facts.CaseSummarySigned)[0]
    assert (fact.summary_version, fact.questions_version) == (2, 1)
    refused(world.nurse.post(f"{PATH}/summary/signature", signature), 409, "summary_already_signed")
    dossier = world.service.get(f"{INTERNAL}/dossier").json()
    assert (dossier["summary"]["state"], dossier["state"]) == ("signed", "accepted")
    assert dossier["summary"]["cited"] == [dossier["documents"][0]["document_id"]]


def test_what_is_refused_about_the_summary(world):
    refused(world.nurse.get(f"{PATH}/summary"), 404, "summary_missing")
    signature = {"summary_version": 1, "questions_version": 1, "typed_name": "Nora Nurse"}
    refused(world.nurse.post(f"{PATH}/summary/signature", signature), 409, "summary_missing")
    dangling = {"statements": [{"text": "x", "cites": [{"document_id": "none"}]}]}
    answer = refused(world.nurse.post(f"{PATH}/summary", dangling), 422, "citation_dangling")
    assert answer["errors"][0]["pointer"] == "/statements/0/cites/0/document_id"
    refused(world.nurse.post(f"{PATH}/summary", {"statements": [{"text": "x", "cites": []}]}), 422, "statement_uncited")
    refused(world.nurse.post(f"{PATH}/summary", {"statements": []}), 422, "summary_empty")
    refused(world.clerk.post(f"{PATH}/summary", dangling), 403, "forbidden")
    document_id = uploaded(world)
    early = {"statements": [{"text": "x", "cites": [{"document_id": document_id}]}]}
    assert world.nurse.post(f"{PATH}/summary", early).status_code == 201
    refused(world.nurse.post(f"{PATH}/summary/signature", signature), 409, "record_set_not_accepted")


def test_a_signature_is_for_what_was_read(world):
    summarised(world)
    signature = {"summary_version": 1, "questions_version": 1, "typed_name": "Nora Nurse"}
    world.harness.receive(QuestionsRevised(case_id=CASE, question_ids=("q1", "q2"), questions_version=2))
    answer = refused(world.nurse.post(f"{PATH}/summary/signature", signature), 409, "questions_version_stale")
    assert answer["latest"] == 2
    stale = signature | {"summary_version": 9, "questions_version": 2}
    refused(world.nurse.post(f"{PATH}/summary/signature", stale), 409, "summary_version_stale")
    assert world.nurse.post(f"{PATH}/summary/signature", signature | {"questions_version": 2}).status_code == 201
