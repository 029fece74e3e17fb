"""Erasing a person: every service does it the same way, once however often it is told, and again after a restored backup."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from kit import rooms
from kit.erasure import (
    EACH_SERVICE,
    OTHER,
    PERSON,
    SECRET,
    answers,
    erase,
    furnish,
    objects,
    opened,
    order,
    rows,
    sample,
    streams,
    told,
)
from rso_onebox.box import MODULES
from rso_shared.contracts.intake import OwnerAssigned
from rso_shared.kit import erasures, parking, tables
from rso_shared.kit.access_log import broken_at
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import KeyDestroyed
from rso_shared.kit.spec import ServiceSpec
from rso_shared.kit.store import FIRST_HASH, chain_hash
from support.harness import START, Harness


@pytest.fixture
def running(spec: ServiceSpec, tmp_path: Path) -> Iterator[Harness]:
    made = Harness(spec, tmp_path)
    yield made
    made.close()


@EACH_SERVICE
def test_every_service_destroys_and_answers_once(running: Harness, spec: ServiceSpec, tmp_path: Path) -> None:
    furnish(running)
    kept = furnish(running, OTHER)
    told(running, order())
    told(running, order())
    assert running.service.eraser.erase_pending() == 1
    assert running.service.eraser.erase_pending() == 0
    told(running, order())
    assert running.service.eraser.erase_pending() == 0
    (answer,) = answers(running)
    assert (answer.TYPE, answer.person_id, answer.erasure_id) == (f"{spec.name.short}.key_destroyed", PERSON, "e-1")
    assert not any(PERSON in path for path in objects(running, tmp_path))
    assert running.service.blobs.read(OTHER, kept) == SECRET
    with pytest.raises(KeyDestroyed):
        running.service.keys.seal(PERSON, b"late", b"place")
    with pytest.raises(KeyDestroyed):
        running.service.blobs.reader(PERSON, f"object-of-{PERSON}")


def test_the_streams_of_the_answers_have_one_name_each(tmp_path: Path) -> None:
    """The witness of streams knows them by name alone: of one person every service has one."""
    found = []
    for spec in (module.SPEC for module in MODULES):
        harness = Harness(spec, tmp_path / spec.name.short)
        told(harness, order())
        harness.service.eraser.erase_pending()
        found += streams(harness)
        harness.close()
    assert len(set(found)) == len(found) == len(MODULES)


@EACH_SERVICE
def test_a_second_order_is_answered_too(running: Harness) -> None:
    """A home that came back from a backup knows nothing of the first one, and waits for all."""
    for erasure_id in ("e-1", "e-2"):
        told(running, order(erasure_id=erasure_id))
        assert running.service.eraser.erase_pending() == 1
    assert [answer.erasure_id for answer in answers(running)] == ["e-1", "e-2"]


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    made = sample(tmp_path / "now")
    yield made
    made.close()


def test_what_was_opened_a_moment_ago_is_gone_at_once(harness: Harness) -> None:
    """No minute of grace in the process that destroys: the cached key goes with the stored one."""
    case_id, person_id = opened(harness)
    ada = harness.client("patient", "ada")
    assert ada.get(f"/v1/cases/{case_id}/person").json() == {"name": "Ada Quill"}
    erase(harness, person_id)
    answer = ada.get(f"/v1/cases/{case_id}/person")
    assert (answer.status_code, answer.json()["code"]) == (410, "erased")
    assert person_id not in harness.service.keys._cache


def test_a_key_read_just_before_is_not_kept_just_after(harness: Harness) -> None:
    """Another thread has read the row and comes to the cache only when everything is over."""
    _, person_id = opened(harness)
    keys = harness.service.keys
    key = keys._read(person_id)
    assert key is not None
    erase(harness, person_id)
    with pytest.raises(KeyDestroyed):
        keys._keep(person_id, key)
    assert person_id not in keys._cache


def test_events_chains_counts_and_looks_stay(harness: Harness) -> None:
    case_id, person_id = opened(harness)
    harness.client("patient", "ada").get(f"/v1/cases/{case_id}/person")
    before = rows(harness)
    erase(harness, person_id)
    after = rows(harness)
    assert [row for row in after if "-erasure/" not in row["stream"]] == before
    assert len(after) == len(before) + 1
    prev: dict[str, bytes] = {}
    for row in after:
        assert row["prev_hash"] == prev.get(row["stream"], FIRST_HASH)
        assert row["hash"] == chain_hash(row["prev_hash"], row)
        prev[row["stream"]] = row["hash"]
    assert [look.person_id for look in harness.service.access_log.entries(case_id=case_id)] == [person_id]
    assert broken_at(harness.service.settings.access_log_url) is None


def test_what_is_set_aside_about_the_person_goes_and_others_stay(harness: Harness) -> None:
    with harness.service.db.write() as tx:
        for number, said in enumerate((PERSON, OTHER)):
            record = harness.record(OwnerAssigned(case_id=f"c{number}", owner=said))
            parking.park(tx, "sample", record, parking.POISON, "x", START)
    erase(harness, PERSON)
    with harness.service.db.read() as tx:
        assert [row["key"] for row in parking.listing(tx)] == ["c1"]


def test_an_upload_under_way_leaves_nothing(harness: Harness, tmp_path: Path) -> None:
    service = harness.service
    writer = service.blobs.writer(PERSON, "half")
    writer.write(SECRET)
    erase(harness, PERSON)
    with pytest.raises(KeyDestroyed):
        writer.finish()
    writer.discard()
    assert objects(harness, tmp_path / "now") == []


def test_orders_are_kept_once_on_each_database(backend: str, tmp_path: Path) -> None:
    with rooms.furnished(backend, tmp_path) as room:
        with room.db.write() as tx:
            for _ in range(2):
                erasures.apply(tx, order(), START)
            erasures.apply(tx, OwnerAssigned(case_id="c", owner="o"), START)
        with room.db.write() as tx:
            (waiting,) = erasures.pending(tx)
            assert erasures.ordered(tx, PERSON)
            assert not erasures.ordered(tx, OTHER)
            erasures.close(tx, waiting.erasure_id, START)
            parking_rows(tx)
            parking.forget(tx, PERSON)
        with room.db.read() as tx:
            assert (erasures.pending(tx), erasures.done(tx)) == ([], {PERSON})
            assert parking.listing(tx) == []


def parking_rows(tx: Tx) -> None:
    row = {
        "consumer": "c",
        "key": "k",
        "topic": "t",
        "headers": "{}",
        "state": "poison",
        "reason": "r",
        "parked_at": "p",
    }
    tx.conn.execute(insert(tables.PARKED).values(**row, event_id="e", value=f'{{"person_id":"{PERSON}"}}'.encode()))


def test_two_replicas_at_once_answer_once(tmp_path: Path) -> None:
    """Either may lose the race for the stream; the order is answered by the other."""
    first, second = sample(tmp_path), sample(tmp_path)
    with first.service.db.write() as tx:
        erasures.apply(tx, order(), START)
    threads = [threading.Thread(target=each.service.eraser.erase_pending) for each in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(streams(first)) == 1
    second.service.close()
    first.close()
