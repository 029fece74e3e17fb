"""The access log: durable before the answer, chained, one row per look, whoever writes at the same time."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rso_shared.kit import access_log as module
from rso_shared.kit.access_log import Access, AccessLog, broken_at
from rso_shared.kit.errors import Transient


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AccessLog]:
    log = AccessLog(tmp_path / "access.db")
    yield log
    log.close()


def look(number: int = 1, case_id: str | None = "k1") -> Access:
    return Access(
        at="2026-03-02T15:00:00.000000Z", subject=f"user-{number}", role="specialist", organisation_id="operator",
        case_id=case_id, person_id="p1", what="report", purpose="care", request_id=f"r-{number}",
    )  # fmt: skip


def _change(path: Path, statement: str) -> None:
    db = sqlite3.connect(path)
    db.execute(statement)
    db.commit()
    db.close()


def test_an_entry_is_durable_when_record_returns(log: AccessLog, tmp_path: Path) -> None:
    log.record(look())
    other = sqlite3.connect(tmp_path / "access.db")
    assert other.execute("SELECT COUNT(*) FROM access_log").fetchone() == (1,)
    other.close()


def test_entries_come_back_in_order_and_per_case(log: AccessLog) -> None:
    for number, case_id in enumerate(("k1", "k2", None, "k1")):
        log.record(look(number, case_id))
    assert [entry.subject for entry in log.entries()] == ["user-0", "user-1", "user-2", "user-3"]
    assert [entry.subject for entry in log.entries(case_id="k1")] == ["user-0", "user-3"]


def test_writers_at_the_same_time_lose_nothing_and_the_chain_holds(log: AccessLog, tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: log.record(look(number)), range(400)))
    assert sorted(int(entry.subject[5:]) for entry in log.entries()) == list(range(400))
    assert broken_at(tmp_path / "access.db") is None


def test_the_chain_goes_on_after_a_restart(tmp_path: Path) -> None:
    for number in range(3):
        log = AccessLog(tmp_path / "access.db")
        log.record(look(number))
        log.close()
    assert broken_at(tmp_path / "access.db") is None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE access_log SET entry = replace(entry, 'user-2', 'user-9') WHERE id = 3",
        "DELETE FROM access_log WHERE id = 2",
        "UPDATE access_log SET id = 30 WHERE id = 3",
        "UPDATE access_log SET hash = zeroblob(32) WHERE id = 3",
        "INSERT INTO access_log (entry, prev_hash, hash) VALUES ('{}', zeroblob(32), zeroblob(32))",
    ],
)
def test_what_was_changed_removed_moved_or_added_is_found(log: AccessLog, tmp_path: Path, change: str) -> None:
    for number in range(5):
        log.record(look(number))
    assert broken_at(tmp_path / "access.db") is None
    _change(tmp_path / "access.db", change)
    assert broken_at(tmp_path / "access.db") is not None


def test_an_entry_that_cannot_be_written_is_said_and_the_log_goes_on(log: AccessLog, tmp_path: Path) -> None:
    _change(tmp_path / "access.db", "ALTER TABLE access_log RENAME TO aside")
    with pytest.raises(Transient):
        log.record(look())
    _change(tmp_path / "access.db", "ALTER TABLE aside RENAME TO access_log")
    log.record(look())
    assert len(log.entries()) == 1


def test_the_answer_waits_for_the_disk_and_gives_up_without_it(
    tmp_path: Path, log: AccessLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.record(look())
    busy = sqlite3.connect(tmp_path / "access.db", isolation_level=None)
    busy.execute("BEGIN IMMEDIATE")
    returned = threading.Event()
    waiting = threading.Thread(target=lambda: (log.record(look(2)), returned.set()))
    waiting.start()
    assert not returned.wait(0.3), "record returned before its entry was written"
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.05)
    with pytest.raises(Transient):
        log.record(look(3))
    busy.execute("ROLLBACK")
    busy.close()
    assert returned.wait(5)
    waiting.join()


def test_one_entry_does_not_wait_for_company(log: AccessLog) -> None:
    log.record(look())
    started = time.perf_counter()
    for number in range(20):
        log.record(look(number))
    assert (time.perf_counter() - started) / 20 < 0.05
