"""No log, no data: identified data is answered only after its entry is durable."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from kit import sample
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit import facts, tables
from rso_shared.kit.access_log import broken_at
from rso_shared.kit.clock import iso
from rso_shared.kit.errors import NotYet
from support.harness import START, Client, Harness


@pytest.fixture
def ada(harness: Harness) -> Client:
    return harness.client(Role.PATIENT, "ada")


@pytest.fixture
def case_id(ada: Client) -> str:
    return str(ada.post("/v1/cases", {"name": "Ada Quill"}).json()["case_id"])


def test_a_look_is_one_entry_that_says_who_at_what_and_why(harness: Harness, ada: Client, case_id: str) -> None:
    answer = ada.get(f"/v1/cases/{case_id}/person")
    assert answer.json() == {"name": "Ada Quill"}
    (entry,) = harness.service.access_log.entries(case_id=case_id)
    assert (entry.at, entry.subject, entry.role, entry.what, entry.purpose) == (
        iso(START), "ada", "patient", "person", "care",
    )  # fmt: skip
    assert entry.request_id == answer.headers["x-request-id"]
    assert "Quill" not in str(entry)
    assert broken_at(harness.service.settings.access_log_url) is None


def test_without_the_log_nothing_is_shown(harness: Harness, ada: Client, case_id: str) -> None:
    with harness.service.access_log._db.write() as tx:
        tx.conn.execute(text("ALTER TABLE access_log RENAME TO aside"))
    answer = ada.get(f"/v1/cases/{case_id}/person")
    assert (answer.status_code, answer.json()["code"]) == (503, "temporarily_unavailable")
    assert "Quill" not in answer.text


def test_an_erased_person_is_gone_and_the_look_is_logged(harness: Harness, ada: Client, case_id: str) -> None:
    with harness.service.db.read() as tx:
        opened = harness.service.store.load(tx, sample.stream(case_id))[0].event
    harness.service.keys.destroy(opened.person.person_id)
    answer = ada.get(f"/v1/cases/{case_id}/person")
    assert (answer.status_code, answer.json()["code"]) == (410, "erased")
    assert len(harness.service.access_log.entries()) == 1
    assert ada.get(f"/v1/cases/{case_id}").status_code == 200


def test_who_may_not_see_the_case_leaves_no_entry_and_learns_nothing(harness: Harness, case_id: str) -> None:
    answer = harness.client(Role.PATIENT, "bea").get(f"/v1/cases/{case_id}/person")
    assert answer.status_code == 404
    assert harness.service.access_log.entries() == []


def test_as_of_answers_what_was_recorded_by_then(harness: Harness, ada: Client, case_id: str) -> None:
    harness.clock.set(START + timedelta(hours=1))
    ada.post(f"/v1/cases/{case_id}/notes")
    versions = [
        ada.get(f"/v1/cases/{case_id}", as_of=iso(START + timedelta(minutes=minutes))).json()["version"]
        for minutes in (-1, 0, 59, 60)
    ]
    assert versions == [0, 1, 1, 2]


def test_a_fact_that_is_kept_is_found_again_and_a_missing_one_is_not_yet(harness: Harness) -> None:
    with harness.service.db.read() as tx, pytest.raises(NotYet):
        facts.require(tx, sample.Based, "k1")
    harness.receive(sample.Based(case_id="k1"))
    with harness.service.db.read() as tx:
        assert facts.require(tx, sample.Based, "k1") == sample.Based(case_id="k1")
        assert [fact.type for fact in facts.all_of(tx, "k1")] == ["rso.third.based.v1"]
        assert facts.every(tx, sample.Arrived, "k1") == []


def test_a_reaction_makes_the_same_ids_however_often_its_fact_comes(harness: Harness, case_id: str) -> None:
    harness.receive(sample.Arrived(case_id=case_id, number=1))
    harness.receive(sample.Based(case_id=case_id))
    (note,) = harness.facts(sample.NoteWritten)
    assert note.key() == case_id
    with harness.service.db.read() as tx:
        assert tx.conn.execute(select(tables.PARKED)).all() == []


def test_parked_keys_are_listed_and_replayed_by_operations_alone(harness: Harness, ada: Client) -> None:
    harness.receive(sample.Based(case_id="k9"), sample.Arrived(case_id="k9", number=1))
    desk = harness.client(Role.OPERATIONS, "olga")
    (parked,) = desk.get("/internal/v1/sample/parked").json()["parked"]
    assert (parked["key"], parked["state"], parked["reason"]) == ("k9", "poison", "not_open")
    assert ada.get("/internal/v1/sample/parked").status_code == 403
    assert desk.post("/internal/v1/sample/parked/sample/k9/replay").json()["records"] == 1
    again = desk.post("/internal/v1/sample/parked/sample/other/replay")
    assert (again.status_code, again.json()["code"]) == (404, "parked_key_unknown")
