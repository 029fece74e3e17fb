"""Record requests from the first holder to the verdict, the ladder, looking back; with every refusal a caller can meet."""

from datetime import timedelta

import pytest

from records.steps import REQUESTS, new_request, refused, step, uploaded
from records.world import CLINIC, HOSPITAL, INTERNAL, PATH, REVOKED, SIGNED, SUBMITTED, World
from rso_shared.contracts import records as facts
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.clock import iso
from support.harness import START


def test_a_request_from_holder_to_verdict(world):
    request = new_request(world)
    assert (request["state"], request["version"], request["round"]) == ("identified", 1, 1)
    assert step(world, request, "verification").json()["state"] == "verified"
    sent = step(world, request, "dispatch", {"channel": "fax"}).json()
    assert (sent["state"], sent["attempt"], sent["sent_at"]) == ("sent", 1, "2026-03-02T15:00:00Z")
    assert step(world, request, "acknowledgement").json()["state"] == "acknowledged"
    uploaded(world, request_id=request["request_id"])
    assert (
        step(world, request, "verdict", {"verdict": "incomplete", "note": "HER2 missing"}).json()["state"]
        == "incomplete"
    )
    assert step(world, request, "dispatch", {"channel": "portal"}).json()["attempt"] == 2
    uploaded(world, request_id=request["request_id"], complete="true")
    assert step(world, request, "verdict", {"verdict": "accepted"}).json()["state"] == "accepted"
    published = [type(fact) for fact in world.harness.facts()]
    assert published == [
        facts.RecordHolderIdentified,
        facts.RecordRequestVerified,
        facts.RecordRequestSent,
        facts.RecordRequestAcknowledged,
        facts.RecordItemReceived,
        facts.RecordRequestIncomplete,
        facts.RecordRequestSent,
        facts.RecordItemReceived,
        facts.RecordRequestFulfilled,
    ]


@pytest.mark.parametrize(
    ("verdict", "fact"), [("no_records_found", facts.NoRecordsFound), ("refused", facts.RecordRequestRefused)]
)
def test_a_facility_that_has_nothing_or_gives_nothing(world, verdict, fact):
    request = new_request(world)
    step(world, request, "verification")
    step(world, request, "dispatch", {"channel": "mail"})
    assert step(world, request, "verdict", {"verdict": verdict}).json()["state"] == verdict
    assert world.harness.facts(fact)
    again = new_request(world)
    assert (again["round"], again["state"]) == (2, "identified")
    refused(step(world, request, "verification"), 409, "record_request_superseded")


def test_what_is_refused_about_requests(world):
    request = new_request(world)
    body = {"facility_id": HOSPITAL, "kind": "pathology_report"}
    assert (
        refused(world.clerk.post(REQUESTS, body), 409, "record_request_exists")["request_id"] == request["request_id"]
    )
    refused(step(world, request, "dispatch", {"channel": "fax"}), 409, "record_request_wrong_state")
    refused(step(world, request, "acknowledgement"), 409, "record_request_wrong_state")
    refused(step(world, {"request_id": "none"}, "verification"), 404, "record_request_unknown")
    refused(world.clerk.post(REQUESTS, body | {"facility_id": "nowhere"}), 422, "facility_unknown")
    refused(world.clerk.post(REQUESTS, body | {"kind": "banana"}), 422, "validation_failed")
    refused(world.clerk.post(REQUESTS, body | {"colour": "red"}), 422, "validation_failed")
    refused(step(world, request, "verification", {"colour": "red"}), 422, "validation_failed")
    refused(world.patient.post(REQUESTS, body), 403, "forbidden")
    assert step(world, request, "cancellation").json()["state"] == "cancelled"
    refused(step(world, request, "cancellation"), 409, "record_request_wrong_state")


@pytest.mark.parametrize(
    ("extra", "code"), [((), "authorization_missing"), ((SIGNED, REVOKED), "authorization_revoked")]
)
def test_nothing_goes_out_and_nothing_opens_without_an_authorization(tmp_path, extra, code):
    world = World(tmp_path, SUBMITTED, *extra)
    request = new_request(world, CLINIC)
    step(world, request, "verification")
    refused(step(world, request, "dispatch", {"channel": "fax"}), 409, code)
    document_id = uploaded(world)
    refused(world.doctor.get(f"{PATH}/documents/{document_id}/content"), 409, code)
    world.harness.receive(SIGNED.model_copy(update={"authorization_id": "authorization-2"}))
    assert step(world, request, "dispatch", {"channel": "fax"}).status_code == 200
    assert world.doctor.get(f"{PATH}/documents/{document_id}/content").status_code == 200
    world.harness.close()


def test_an_authorization_ends(world):
    document_id = uploaded(world)
    world.harness.clock.set(START.replace(month=12, day=31))
    assert world.doctor.get(f"{PATH}/documents/{document_id}/content").status_code == 200
    world.harness.clock.set(START.replace(year=2027, month=1, day=1))
    refused(world.doctor.get(f"{PATH}/documents/{document_id}/content"), 409, "authorization_expired")


def test_requesters_see_requests_and_their_own_case_only(world):
    new_request(world)
    assert len(world.patient.get(REQUESTS).json()["requests"]) == 1
    refused(world.harness.client(Role.PATIENT, "other").get(REQUESTS), 404, "case_unknown")
    refused(world.clerk.get("/v1/cases/none/record-requests"), 404, "case_unknown")


# coordination


def test_the_ladder_reads_what_waits_and_follows_up_once(world):
    request = new_request(world)
    assert world.service.get(f"{INTERNAL}/requests").json()["requests"] == []
    step(world, request, "verification")
    step(world, request, "dispatch", {"channel": "fax"})
    waiting = world.service.get(f"{INTERNAL}/requests").json()["requests"]
    assert [(one["request_id"], one["state"]) for one in waiting] == [(request["request_id"], "sent")]
    rung = {"rung": "follow_up_1", "due": iso(START + timedelta(days=7))}
    path = f"{INTERNAL}/requests/{request['request_id']}/follow-up"
    assert world.service.post(path, rung).json()["followed_up"] is True
    assert world.service.post(path, rung).json()["followed_up"] is False
    refused(world.clerk.post(path, rung), 403, "forbidden")


def test_cancellation_closes_everything_once(world):
    request = new_request(world)
    first = world.service.post(f"{INTERNAL}/cancellation").json()
    assert (first["state"], first["cancelled_requests"]) == ("cancelled", [request["request_id"]])
    assert world.service.post(f"{INTERNAL}/cancellation").json() == first | {"cancelled_requests": []}
    refused(world.clerk.post(REQUESTS, {"facility_id": CLINIC, "kind": "lab"}), 409, "compilation_cancelled")
    assert len(world.harness.facts(facts.RecordRequestCancelled)) == 1


def test_a_dossier_is_there_before_anything_came(world):
    empty = world.service.get(f"{INTERNAL}/dossier").json()
    assert (empty["state"], empty["documents"], empty["summary"]["state"]) == ("gathering", [], "none")


# looking back, rebuilding, replaying


def test_as_of_shows_what_was_recorded_by_then(world):
    clock = world.harness.clock
    world.service.post(f"{INTERNAL}/compilation")
    request = new_request(world)
    clock.set(START + timedelta(days=1))
    document_id = uploaded(world, kind="imaging_report")
    step(world, request, "verification")
    clock.set(START + timedelta(days=2))
    world.clerk.post(f"{PATH}/documents/{document_id}/acceptance", {"kinds": ["imaging_report"]})
    before, between = iso(START + timedelta(hours=1)), iso(START + timedelta(hours=30))
    assert world.clerk.get(f"{PATH}/documents", as_of=before).json()["documents"] == []
    assert world.clerk.get(f"{PATH}/documents", as_of=between).json()["documents"][0]["state"] == "received"
    assert world.clerk.get(REQUESTS, as_of=before).json()["requests"][0]["state"] == "identified"
    assert world.clerk.get(f"{PATH}/checklist", as_of=between).json()["missing"] == [
        "pathology_report",
        "imaging_report",
    ]
    assert world.clerk.get(f"{PATH}/checklist").json()["missing"] == ["pathology_report"]
    assert world.clerk.get(REQUESTS, as_of=iso(START - timedelta(days=1))).json()["requests"] == []
    refused(world.clerk.get(REQUESTS, as_of="yesterday"), 422, "as_of_invalid")


def test_a_rebuild_equals_what_was_there(world):
    request = new_request(world)
    new_request(world, CLINIC, "lab")
    before = world.clerk.get(REQUESTS).json()
    assert world.harness.rebuild() == {"record_requests": 2}
    assert world.clerk.get(REQUESTS).json() == before
    assert step(world, request, "verification").status_code == 200


def test_a_command_again_under_its_key_answers_as_before(world):
    body = {"facility_id": HOSPITAL, "kind": "lab"}
    first = world.clerk.post(REQUESTS, body, key="k")
    again = world.clerk.post(REQUESTS, body, key="k")
    assert (again.json(), again.headers["idempotency-replayed"]) == (first.json(), "true")
    refused(world.clerk.post(REQUESTS, body | {"kind": "other"}, key="k"), 422, "idempotency_key_reused")
