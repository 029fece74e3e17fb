"""Opinions over HTTP: release, delivery, view, and looking back."""

import threading
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select

from opinions.room import CASE, OPINION, REPORT, SIGNATURE, ok, refused, views
from rso_opinions.projections import REVIEWS
from rso_shared.contracts import opinions as facts
from rso_shared.contracts.intake import (
    RecipientNotified,
)
from rso_shared.contracts.vocabulary import (
    ReleasePolicy,
    Role,
)
from rso_shared.kit import tables
from support.harness import START


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
