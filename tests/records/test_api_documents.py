"""Documents listed, opened, judged; every look is logged, and none without an authorization."""

from records.steps import refused, uploaded
from records.world import CASE, PATH
from rso_shared.contracts import records as facts
from rso_shared.contracts.intake import CaseWithdrawn
from rso_shared.contracts.vocabulary import Role


def test_the_list_is_logged_and_shows_titles(world):
    document_id = uploaded(world, kind="imaging_report")
    shown = world.patient.get(f"{PATH}/documents").json()["documents"]
    assert [(one["document_id"], one["title"], one["pages"], one["kind"]) for one in shown] == [
        (document_id, "Pathology report", 3, "imaging_report")
    ]
    entry = world.harness.service.access_log.entries(case_id=CASE)[-1]
    assert (entry.subject, entry.what, entry.purpose) == ("pat", "document_titles", "own_data")


def test_opening_is_logged_for_each_document(world):
    document_id = uploaded(world)
    world.doctor.get(f"{PATH}/documents/{document_id}/content")
    entry = world.harness.service.access_log.entries(case_id=CASE)[-1]
    assert (entry.subject, entry.what, entry.purpose) == ("doc", f"document/{document_id}", "review")
    assert entry.person_id == "person-1"


def test_a_rejected_document_is_hidden_from_all_but_those_who_judge(world):
    document_id = uploaded(world)
    path = f"{PATH}/documents/{document_id}"
    answer = world.clerk.post(f"{path}/rejection", {"reason": "wrong_patient", "note": "belongs to somebody else"})
    assert answer.json()["state"] == "rejected"
    assert world.harness.facts(facts.RecordItemRejected)[0].reason == "wrong_patient"
    assert world.doctor.get(f"{PATH}/documents").json()["documents"][0]["title"] is None
    assert world.clerk.get(f"{PATH}/documents").json()["documents"][0]["title"] == "Pathology report"
    refused(world.doctor.get(f"{path}/content"), 409, "document_rejected")
    assert world.clerk.get(f"{path}/content").status_code == 200
    refused(world.clerk.post(f"{path}/acceptance", {"kinds": ["lab"]}), 409, "document_rejected")


def test_what_is_refused_about_documents(world):
    document_id = uploaded(world)
    path = f"{PATH}/documents/{document_id}"
    refused(world.clerk.post(f"{path}/acceptance", {"kinds": []}), 422, "validation_failed")
    refused(world.clerk.post(f"{path}/acceptance", {"kinds": ["banana"]}), 422, "validation_failed")
    refused(world.clerk.post(f"{path}/rejection", {"reason": "because"}), 422, "validation_failed")
    refused(world.clerk.post(f"{PATH}/documents/none/acceptance", {"kinds": ["lab"]}), 404, "document_unknown")
    refused(world.doctor.get(f"{PATH}/documents/none/content"), 404, "document_unknown")
    refused(world.patient.post(f"{path}/acceptance", {"kinds": ["lab"]}), 403, "forbidden")
    partner = world.harness.client(Role.PARTNER, "p", "partner-1")
    refused(partner.get(f"{path}/content"), 403, "forbidden")
    assert partner.get(f"{PATH}/documents").status_code == 200


def test_damage_is_noticed_before_the_answer_begins(world, tmp_path):
    document_id = uploaded(world)
    file = world.blob_files(tmp_path)[0]
    content = bytearray(file.read_bytes())
    content[20] ^= 1
    file.write_bytes(content)
    refused(world.doctor.get(f"{PATH}/documents/{document_id}/content"), 500, "document_damaged")


def test_after_withdrawal_nothing_opens(world):
    document_id = uploaded(world)
    world.harness.receive(CaseWithdrawn(case_id=CASE, by_role=Role.PATIENT))
    refused(world.doctor.get(f"{PATH}/documents/{document_id}/content"), 409, "case_withdrawn")
