"""The access log: durable before the answer, chained, one row per look, whoever writes at the same time."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from rso_shared.kit import access_log as module
from rso_shared.kit.access_log import Access, AccessLog, broken_at
from rso_shared.kit.database import Database
from rso_shared.kit.errors import Transient


@pytest.fixture
def log(backend: str) -> Iterator[AccessLog]:
    log = AccessLog(backend)
    log.prepare()
    yield log
    log.close()


@pytest.fixture
def db(backend: str) -> Iterator[Database]:
    """The same rows as an administrator sees them."""
    db = Database(backend)
    yield db
    db.close()


def look(number: int = 1, case_id: str | None = "k1") -> Access:
    return Access(
        at="2026-03-02T15:00:00.000000Z", subject=f"user-{number}", role="specialist", organisation_id="operator",
        case_id=case_id, person_id="p1", what="report", purpose="care", request_id=f"r-{number}",
    )  # fmt: skip


def _change(db: Database, statement: str) -> None:
    with db.write() as tx:
        if not db.is_sqlite:
            tx.conn.execute(text("SET LOCAL search_path = access"))
        tx.conn.execute(
            text(
                statement.replace("zeroblob(32)", "zeroblob(32)" if db.is_sqlite else "decode(repeat('00', 32), 'hex')")
            )
        )


def test_an_entry_is_durable_when_record_returns(log: AccessLog, backend: str) -> None:
    log.record(look())
    other = AccessLog(backend)
    assert other.entries() == [look()]
    other.close()


def test_entries_come_back_in_order_and_per_case(log: AccessLog) -> None:
    for number, case_id in enumerate(("k1", "k2", None, "k1")):
        log.record(look(number, case_id))
    assert [entry.subject for entry in log.entries()] == ["user-0", "user-1", "user-2", "user-3"]
    assert [entry.subject for entry in log.entries(case_id="k1")] == ["user-0", "user-3"]


def test_writers_at_the_same_time_lose_nothing_and_the_chain_holds(log: AccessLog, backend: str) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: log.record(look(number)), range(400)))
    assert sorted(int(entry.subject[5:]) for entry in log.entries()) == list(range(400))
    assert broken_at(backend) is None


def test_the_chain_goes_on_after_a_restart(log: AccessLog, backend: str) -> None:
    for number in range(3):
        again = AccessLog(backend)
        again.record(look(number))
        again.close()
    assert broken_at(backend) is None


def test_replicas_write_one_chain(log: AccessLog, backend: str) -> None:
    replicas = [AccessLog(backend) for _ in range(3)]
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda number: replicas[number % 3].record(look(number)), range(300)))
    assert sorted(int(entry.subject[5:]) for entry in log.entries()) == list(range(300))
    assert broken_at(backend) is None
    for replica in replicas:
        replica.close()


def test_a_log_from_before_there_was_a_head_goes_on(log: AccessLog, db: Database, backend: str) -> None:
    log.record(look())
    _change(db, "DROP TABLE access_head")
    _change(db, "DROP TABLE access_alembic_version")
    assert broken_at(backend) is None
    log.prepare()
    log.record(look(2))
    assert broken_at(backend) is None
    _change(db, "DELETE FROM access_log WHERE id = 2")
    assert broken_at(backend) == 2


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE access_log SET entry = replace(entry, 'user-2', 'user-9') WHERE id = 3",
        "DELETE FROM access_log WHERE id = 2",
        "UPDATE access_log SET id = 30 WHERE id = 3",
        "UPDATE access_log SET hash = zeroblob(32) WHERE id = 3",
        "INSERT INTO access_log (id, entry, prev_hash, hash) VALUES (6, '{}', zeroblob(32), zeroblob(32))",
        "DELETE FROM access_log WHERE id = 5",
        "DELETE FROM access_log",
    ],
)
def test_what_was_changed_removed_moved_or_added_is_found(
    log: AccessLog, db: Database, backend: str, change: str
) -> None:
    for number in range(5):
        log.record(look(number))
    assert broken_at(backend) is None
    _change(db, change)
    assert broken_at(backend) is not None


def test_an_entry_that_cannot_be_written_is_said_and_the_log_goes_on(log: AccessLog, db: Database) -> None:
    _change(db, "ALTER TABLE access_log RENAME TO aside")
    with pytest.raises(Transient):
        log.record(look())
    _change(db, "ALTER TABLE aside RENAME TO access_log")
    log.record(look())
    assert len(log.entries()) == 1


def test_the_answer_waits_for_the_disk_and_gives_up_without_it(
    db: Database, log: AccessLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.record(look())
    returned = threading.Event()
    waiting = threading.Thread(target=lambda: (log.record(look(2)), returned.set()))
    with db.write() as busy:
        if not db.is_sqlite:
            busy.conn.execute(text("LOCK TABLE access.access_log IN EXCLUSIVE MODE"))
        waiting.start()
        assert not returned.wait(0.3), "record returned before its entry was written"
        monkeypatch.setattr(module, "WAIT_SECONDS", 0.05)
        with pytest.raises(Transient):
            log.record(look(3))
    assert returned.wait(5)
    waiting.join()


def test_one_entry_does_not_wait_for_company(log: AccessLog) -> None:
    log.record(look())
    started = time.perf_counter()
    for number in range(20):
        log.record(look(number))
    assert (time.perf_counter() - started) / 20 < 0.05
