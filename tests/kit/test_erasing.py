"""Erasing a person: every service does it the same way, once however often it is told, and again after a restored backup."""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from kit import rooms
from kit.web import SPEC as SAMPLE
from rso_onebox.box import MODULES
from rso_shared.contracts.base import ErasureAnswer
from rso_shared.contracts.intake import ErasureApproved, OwnerAssigned
from rso_shared.contracts.vocabulary import ErasureReason
from rso_shared.kit import erasing, erasures, parking, tables
from rso_shared.kit.access_log import broken_at
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import KeyDestroyed, Transient
from rso_shared.kit.events import Actor, Meta
from rso_shared.kit.spec import Erasing, ServiceSpec
from rso_shared.kit.store import FIRST_HASH, chain_hash
from support.harness import START, Harness

EACH_SERVICE = pytest.mark.parametrize("spec", [module.SPEC for module in MODULES], ids=lambda spec: spec.name.short)
PERSON, OTHER = "0e0b6f1c-person", "77aa-other"
META = Meta(actor=Actor(type="user", id="x", role="operations", organisation_id="operator"), correlation_id="c")
SECRET = b"Ada Quillfeather, 17 Wharfinger Street"


def order(person_id: str = PERSON, erasure_id: str = "e-1") -> ErasureApproved:
    reason = ErasureReason.PERSON_REQUEST
    return ErasureApproved(person_id=person_id, erasure_id=erasure_id, reason=reason, approved_at=START)


def furnish(harness: Harness, person_id: str = PERSON) -> str:
    """Something sealed and an object of the person; returns the object's id."""
    service, object_id = harness.service, f"object-of-{person_id}"
    service.keys.seal(person_id, SECRET, b"place")
    blob = service.blobs.put(person_id, object_id, SECRET)
    with service.db.write() as tx:
        service.blobs.commit(tx, blob)
    return object_id


def told(harness: Harness, fact: ErasureApproved) -> None:
    """As a service hears it; the home of the identity hears itself at its own append."""
    if harness.service.name == "intake":
        with harness.service.db.write() as tx:
            erasures.apply(tx, fact, START)
    else:
        harness.receive(fact)


def objects(harness: Harness, folder: Path) -> list[str]:
    return [str(file) for file in (folder / "blobs").rglob("*") if file.is_file()]


def answers(harness: Harness) -> list[ErasureAnswer]:
    return [fact for fact in harness.facts() if isinstance(fact, ErasureAnswer)]


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


def sample(folder: Path, **more: Any) -> Harness:
    return Harness(SAMPLE, folder, **more)


def opened(harness: Harness, name: str = "Ada Quill") -> tuple[str, str]:
    """(case, person) of a case that was opened through the API."""
    case_id = harness.client("patient", "ada").post("/v1/cases", {"name": name}).json()["case_id"]
    with harness.service.db.read() as tx:
        (first, *_) = harness.service.store.load(tx, f"operator/case/{case_id}")
    return case_id, first.event.person.person_id


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    made = sample(tmp_path / "now")
    yield made
    made.close()


def erase(harness: Harness, person_id: str) -> None:
    with harness.service.db.write() as tx:
        erasures.apply(tx, order(person_id), START)
    assert harness.service.eraser.erase_pending() == 1


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


def rows(harness: Harness) -> list[dict[str, Any]]:
    query = select(tables.EVENTS).order_by(tables.EVENTS.c.stream, tables.EVENTS.c.version)
    with harness.service.db.read() as tx:
        return [dict(row) for row in tx.conn.execute(query).mappings()]


def test_what_is_set_aside_about_the_person_goes_and_others_stay(harness: Harness) -> None:
    with harness.service.db.write() as tx:
        for number, said in enumerate((PERSON, OTHER)):
            record = harness.record(OwnerAssigned(case_id=f"c{number}", owner=said))
            parking.park(tx, "sample", record, parking.POISON, "x", START)
    erase(harness, PERSON)
    with harness.service.db.read() as tx:
        assert [row["key"] for row in parking.listing(tx)] == ["c1"]


class Stop(Exception):  # noqa: N818 - the power cut of these tests
    pass


@pytest.mark.parametrize("step", ["ledger", "keys", "blobs", "purge"])
def test_a_kill_in_the_middle_is_taken_up_again(tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was done before the cut is done again, and the answer is given once."""
    broken = [True]

    def cut(*_: Any) -> None:
        if broken:
            broken.clear()
            raise Stop

    spec = replace(SAMPLE, erasing=Erasing(purge=cut if step == "purge" else lambda _tx, _person: None))
    with monkeypatch.context() as patch:
        harness = Harness(spec, tmp_path)
        object_id = furnish(harness)
        owner = {"ledger": "_ledger", "keys": "_keys", "blobs": "_blobs"}.get(step)
        if owner:
            method = {"ledger": "add", "keys": "destroy", "blobs": "erase"}[step]
            patch.setattr(getattr(harness.service.eraser, owner), method, cut)
        with harness.service.db.write() as tx:
            erasures.apply(tx, order(), START)
        with pytest.raises(Stop):
            harness.service.eraser.erase_pending()
        harness.close()
    again = Harness(spec, tmp_path)
    assert again.service.eraser.erase_pending() == 1
    with pytest.raises(KeyDestroyed):
        again.service.blobs.reader(PERSON, object_id)
    assert objects(again, tmp_path) == []
    assert len(streams(again)) == 1
    again.close()


def streams(harness: Harness) -> list[str]:
    """Of answers."""
    return [row["stream"] for row in rows(harness) if "-erasure/" in row["stream"]]


def backup(folder: Path, into: Path) -> Path:
    return Path(shutil.copytree(folder, into, ignore=shutil.ignore_patterns("ledger")))


def restored(copy: Path, folder: Path) -> Harness:
    """Everything but the ledger comes back as it was."""
    for part in ("store.db", "store.db-wal", "store.db-shm", "keys.db", "keys.db-wal", "keys.db-shm", "blobs"):
        gone, back = folder / part, copy / part
        shutil.rmtree(gone) if gone.is_dir() else gone.unlink(missing_ok=True)
        if back.exists():
            shutil.copytree(back, gone) if back.is_dir() else shutil.copy2(back, gone)
    return sample(folder)


def test_a_restored_backup_is_erased_again_before_it_serves(tmp_path: Path) -> None:
    folder = tmp_path / "now"
    harness = sample(folder)
    case_id, person_id = opened(harness)
    other_case, _ = opened(harness, "Bo Kept")
    object_id = furnish(harness, person_id)
    harness.close()
    copy = backup(folder, tmp_path / "backup")
    harness = sample(folder)
    erase(harness, person_id)
    harness.close()

    back = restored(copy, folder)
    ada = back.client("patient", "ada")
    assert back.service.blobs.read(person_id, object_id) == SECRET, "the backup has brought everything back"
    assert back.service.eraser.again() == 1
    assert ada.get(f"/v1/cases/{case_id}/person").status_code == 410
    assert ada.get(f"/v1/cases/{other_case}/person").json() == {"name": "Bo Kept"}
    with pytest.raises(KeyDestroyed):
        back.service.blobs.reader(person_id, object_id)
    assert not any(person_id in path for path in objects(back, folder))
    assert back.service.eraser.again() == 0
    with back.service.db.read() as tx:
        assert erasures.ordered(tx, person_id)
    back.close()


def test_a_store_of_keys_alone_that_comes_back_is_emptied_again(tmp_path: Path) -> None:
    harness = sample(tmp_path)
    case_id, person_id = opened(harness)
    harness.close()
    shutil.copy2(tmp_path / "keys.db", tmp_path / "keys.before")
    harness = sample(tmp_path)
    erase(harness, person_id)
    harness.close()
    for suffix in ("-wal", "-shm"):
        (tmp_path / f"keys.db{suffix}").unlink(missing_ok=True)
    shutil.copy2(tmp_path / "keys.before", tmp_path / "keys.db")
    harness = sample(tmp_path)
    assert harness.service.eraser.again() == 1
    assert harness.client("patient", "ada").get(f"/v1/cases/{case_id}/person").status_code == 410
    harness.close()


def test_a_lost_ledger_is_filled_by_those_who_remember(tmp_path: Path) -> None:
    harness = sample(tmp_path)
    erase(harness, PERSON)
    shutil.rmtree(tmp_path / "ledger")
    (tmp_path / "ledger").mkdir()
    assert harness.service.eraser.again() == 0
    assert (tmp_path / "ledger" / PERSON).read_text().startswith("2026-03-02")
    harness.close()


def test_a_ledger_that_is_away_keeps_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not written down is not destroyed: a restored backup would bring it back unseen."""
    harness = sample(tmp_path)
    object_id = furnish(harness)

    def away(*_: Any) -> None:
        raise Transient("blob_store_away")

    with harness.service.db.write() as tx:
        erasures.apply(tx, order(), START)
    with monkeypatch.context() as patch:
        patch.setattr(harness.service.eraser._ledger, "add", away)
        with pytest.raises(Transient):
            harness.service.eraser.erase_pending()
    assert harness.service.blobs.read(PERSON, object_id) == SECRET
    assert harness.service.eraser.erase_pending() == 1
    harness.close()


def test_a_process_waits_for_the_ledger_before_it_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    harness, tries = sample(tmp_path), [0]
    furnish(harness)
    (tmp_path / "ledger" / PERSON).write_text("2026-03-02T15:00:00Z")
    persons = harness.service.eraser._ledger.persons

    def away_twice() -> set[str]:
        tries[0] += 1
        if tries[0] < 3:
            raise Transient("blob_store_away")
        return persons()

    monkeypatch.setattr(harness.service.eraser._ledger, "persons", away_twice)
    monkeypatch.setattr(erasing, "FIRST_PAUSE", 0.01)
    erasing.before_serving(harness.service.eraser)
    assert tries == [3]
    assert harness.service.keys.destroyed() == {PERSON}
    harness.close()


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
