"""PostgreSQL is restarted in good order while everybody writes: writers wait and go on, and what was answered for is there, once."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from engines.conftest import folder_open_to_all
from sqlalchemy import select

from kit import rooms
from kit.rooms import Room
from rso_engines.engines import Engines
from rso_shared.kit import tables
from rso_shared.kit.errors import Transient

pytestmark = pytest.mark.skipif(
    "RSO_TEST_POSTGRES" not in os.environ, reason="PostgreSQL: RSO_TEST_POSTGRES is not set"
)
WRITERS, RESTARTS, ENOUGH = 6, 2, 20


@pytest.fixture
def engines() -> Iterator[Engines]:
    with folder_open_to_all() as engines:
        engines.up(["postgres"], ["rso_one"])
        yield engines


def url(engines: Engines) -> str:
    postgres = engines.status().postgres
    assert postgres is not None
    return str(postgres["roles"]["rso_one"]["databases"]["rso_one"]).replace("postgresql://", "postgresql+psycopg://")


class Writer:
    """Notes as fast as it can, each again until it is answered, as a client with an Idempotency-Key does."""

    def __init__(self, room: Room, key: str) -> None:
        self._room, self._key = room, key
        self.answered: list[str] = []
        self.away = 0

    def run(self, over: threading.Event) -> None:
        while not over.is_set():
            self._note(f"n{len(self.answered)}")

    def _note(self, note_id: str) -> None:
        while True:
            try:
                if note_id not in self._room.state(self._key).notes:
                    self._room.note(self._key, note_id)
            except Transient:
                self.away += 1
            else:
                self.answered.append(note_id)
                return


def test_a_restart_under_writers_loses_nothing_and_doubles_nothing(engines: Engines, tmp_path: Path) -> None:
    over = threading.Event()
    with rooms.furnished(url(engines), tmp_path) as room, ThreadPoolExecutor(WRITERS) as pool:
        writers = [Writer(room, f"k{number}") for number in range(WRITERS)]
        for number in range(WRITERS):
            room.open(f"k{number}")
        running = [pool.submit(writer.run, over) for writer in writers]
        try:
            for _ in range(RESTARTS):
                _until_all_wrote(writers)
                engines.down()
                engines.up(["postgres"])
            _until_all_wrote(writers)
        finally:
            over.set()
        for one in running:
            one.result(60)
        for number, writer in enumerate(writers):
            assert room.state(f"k{number}").notes == tuple(writer.answered)
        assert sum(writer.away for writer in writers) > 0, "nobody ever met the restart"
        with room.db.read() as tx:
            waiting = len(tx.conn.execute(select(tables.OUTBOX)).all())
        assert waiting == sum(len(writer.answered) + 1 for writer in writers)


def _until_all_wrote(writers: list[Writer]) -> None:
    """Each of them has been answered some more times since now."""
    before = [len(writer.answered) for writer in writers]
    pause = threading.Event()
    for _ in range(600):
        if all(len(writer.answered) >= then + ENOUGH for writer, then in zip(writers, before, strict=True)):
            return
        pause.wait(0.1)
    pytest.fail(f"writers did not go on: {[len(writer.answered) for writer in writers]} after {before}")
