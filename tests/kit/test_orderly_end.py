"""SIGTERM to a process at work: it answers the request in hand, commits the batch in hand, takes nothing more, and ends with 0."""

import http.client
import json
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from chaos.test_role_points import free_port
from e2e.onebox import wait_for
from records import material
from records.world import PATH, PDF, World

from kit.test_process import environment, rso
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.auth import Issuer
from support.harness import ISSUER_PEM

BACKLOG = 20_000
MORE_THAN = 400
"""Two batches of the local log: it is at work."""
CONTENT = material.pdf(padding=1 << 20)


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return db.execute(query).fetchall()


def applied(folder: Path) -> int:
    return len(rows(folder / "store.db", "SELECT 1 FROM inbox"))


def position(folder: Path) -> int:
    return int(str(rows(folder / "broker.db", "SELECT COALESCE(MAX(position), 0) FROM positions")[0][0]))


def backlog(log: Path) -> None:
    row = "INSERT INTO records (topic, key, headers, value) VALUES ('rso.intake.v1', ?, ?, '{}')"
    known = {"ce_source": "/rso/intake", "ce_type": "rso.intake.of_the_future.v1", "ce_subject": "k",
             "ce_time": "2026-03-02T15:00:00.000000Z", "ce_stream": "operator/intake/k", "ce_hash": "00" * 32,
             "ce_correlationid": "test"}  # fmt: skip
    made = ((f"k{n % 7}", json.dumps({**known, "ce_id": f"e{n}", "ce_streamversion": str(n)})) for n in range(BACKLOG))
    with closing(sqlite3.connect(log)) as db, db:
        db.executemany(row, made)


@contextmanager
def running(process: "subprocess.Popen[str]") -> Iterator["subprocess.Popen[str]"]:
    """Nothing is left of it, whatever the test finds. It has ended well when it was there to its end."""
    try:
        yield process
        said = process.communicate(timeout=60)[0]
        assert process.returncode == 0, said
    finally:
        process.kill()
        process.communicate()


def test_a_consumer_ends_where_its_position_is(tmp_path: Path) -> None:
    """Were a batch left in the middle, its effects would stand in the database and the position before it."""
    env = environment(tmp_path, 0)
    with running(rso("migrate", env)):
        pass
    backlog(tmp_path / "broker.db")
    with running(rso("consumer", env)) as consumer:
        wait_for("work", lambda: applied(tmp_path) > MORE_THAN)
        consumer.send_signal(signal.SIGTERM)
    assert MORE_THAN < applied(tmp_path) == position(tmp_path) < BACKLOG


def test_an_api_takes_the_upload_in_hand_to_its_end_and_nothing_more(tmp_path: Path) -> None:
    World(tmp_path).harness.close()
    port, half = free_port(), len(CONTENT) // 2
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with running(rso("api", environment(tmp_path, port, "RECORDS"), "rso_records_compiler")) as api, closing(line):
        wait_for("the api", lambda: not refused(port))
        line.putrequest("POST", f"{PATH}/documents")
        for name, value in head().items():
            line.putheader(name, value)
        line.endheaders(CONTENT[:half])
        wait_for("the first half", lambda: rows(tmp_path / "store.db", "SELECT 1 FROM blobs"))
        api.send_signal(signal.SIGTERM)
        wait_for("the door to close", lambda: refused(port))
        assert api.poll() is None
        line.send(CONTENT[half:])
        answer = line.getresponse()
        received = json.loads(answer.read())
    assert (answer.status, received.get("size")) == (201, len(CONTENT)), received
    assert rows(tmp_path / "store.db", "SELECT state, COUNT(*) FROM blobs GROUP BY state") == [("stored", 1)]
    events = "SELECT COUNT(*) FROM events WHERE name = 'records.document_received'"
    assert rows(tmp_path / "store.db", events) == [(1,)]


def head() -> dict[str, str]:
    token = Issuer(ISSUER_PEM, "rso-development").token("clerk", Role.RECORDS_SPECIALIST, "operator")
    return {
        "authorization": f"Bearer {token}",
        "idempotency-key": "upload-1",
        "content-type": PDF,
        "content-length": str(len(CONTENT)),
    }


def refused(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) != 0
