"""Erasure outlives kills, restored backups and a ledger that is away."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kit.erasure import (
    PERSON,
    SECRET,
    erase,
    furnish,
    objects,
    opened,
    order,
    sample,
    streams,
)
from kit.web import SPEC as SAMPLE
from rso_shared.kit import erasing, erasures
from rso_shared.kit.errors import KeyDestroyed, Transient
from rso_shared.kit.spec import Erasing
from support.harness import START, Harness


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
