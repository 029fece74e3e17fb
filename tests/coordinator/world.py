"""The running system as a test sees it: from a plain thread, with one helper that moves time."""

import asyncio
import contextlib
import json
import logging
import threading
from collections.abc import Coroutine, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import select
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle, WorkflowHistory

from coordinator.running import SLACK, Running
from rso_coordinator.bridge import workflow_id
from rso_onebox import loading
from rso_onebox.demo_people import Cast
from rso_shared.contracts.base import FactModel
from rso_shared.kit import facts, logs
from rso_shared.kit.broker import Record
from rso_shared.kit.tables import EVENTS, OUTBOX

R = TypeVar("R")
SECOND = timedelta(seconds=1)


@contextlib.contextmanager
def quiet_logs(file: Path) -> Iterator[None]:
    """The services' log goes to a file: a hundred lines a case are no help on a terminal."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    with file.open("a") as stream:
        logs.configure(stream=stream)
        try:
            yield
        finally:
            structlog.reset_defaults()
            root.handlers[:], root.level = handlers, level


class World:
    def __init__(self, folder: Path, server: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="world", daemon=True)
        self._thread.start()
        self.running = self.run(Running.start(folder, server))
        self.folder = folder
        self.cast = Cast(self.running.public, self.running.box.data.issuer())
        self.cases = 0
        loading.init(self.running.public, self.running.box.data.issuer(), lambda _: None)

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(120)

    # time

    @property
    def now(self) -> datetime:
        """The services' instant."""
        return self.running.clock.now()

    def advance(self, to: datetime) -> None:
        self.run(self.running.advance(to))

    def just_before(self, due: datetime) -> None:
        """The services stand one second before `due`; Temporal a minute earlier, so that no timer comes of itself meanwhile."""
        self.advance(due - timedelta(minutes=1))
        self.running.clock.set(due - SECOND)

    def past(self, due: datetime) -> None:
        self.advance(due + SLACK)

    def settle(self) -> None:
        self.run(self.running.quiesce())

    # outages

    @contextlib.contextmanager
    def without(self, *loops: str) -> Iterator[None]:
        for name in loops:
            self.run(self.running.pause(name))
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(lambda: [self.running.resume(name) for name in loops])

    @contextlib.contextmanager
    def temporal_away(self) -> Iterator[None]:
        self.run(self.running.wire.cut())
        try:
            yield
        finally:
            self.run(self.running.wire.join())

    @contextlib.contextmanager
    def services_away(self) -> Iterator[None]:
        self.run(self.running.close_inside())
        try:
            yield
        finally:
            self.run(self.running.open_inside())

    @contextlib.contextmanager
    def unheard(self, ending: str) -> Iterator[None]:
        """What is asked for at such a path is done, and whoever asked does not hear of it."""
        self.running.unheard = ending
        try:
            yield
        finally:
            self.running.unheard = ""

    # looking

    def handle(self, case_id: str) -> WorkflowHandle[Any, Any]:
        return self.running.env.client.get_workflow_handle(workflow_id(case_id))

    def history(self, case_id: str) -> WorkflowHistory:
        return self.run(self.handle(case_id).fetch_history())

    def signals(self, case_id: str) -> int:
        """How many facts its history has heard."""
        signalled = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
        return sum(event.event_type == signalled for event in self.history(case_id).events)

    def status(self, case_id: str) -> str:
        """How the run ended; it must have ended already."""
        description = self.run(self.handle(case_id).describe())
        return description.status.name.lower() if description.status else "unknown"

    def size(self, case_id: str) -> tuple[int, int]:
        """Events as `describe()` counts them, and bytes; the time-skipping server counts no bytes, so the events are weighed."""
        info = self.run(self.handle(case_id).describe()).raw_description.workflow_execution_info
        weighed = sum(event.ByteSize() for event in self.history(case_id).events)
        return info.history_length, info.history_size_bytes or weighed

    def facts(self, case_id: str, *models: type[FactModel]) -> list[Any]:
        """What all services published about a case, of these types; per service in order."""
        found: list[FactModel] = []
        for service in self.running.box.services.values():
            with service.db.read() as tx:
                rows = tx.conn.execute(select(OUTBOX).where(OUTBOX.c.key == case_id).order_by(OUTBOX.c.id)).all()
            parsed = [facts.parse(Record(row.topic, row.key, json.loads(row.headers), row.value)) for row in rows]
            found += [fact.data for fact in parsed if fact is not None and isinstance(fact.data, models)]
        return found

    def events(self, service: str, name: str, about: str) -> list[dict[str, Any]]:
        """Events of one service by name, whose stream or content names this id: also those that are no public fact."""
        query = select(EVENTS.c.stream, EVENTS.c.data).where(EVENTS.c.name == f"{service}.{name}")
        with self.running.box.services[service].db.read() as tx:
            rows = tx.conn.execute(query.order_by(EVENTS.c.recorded_at)).all()
        return [json.loads(row.data) for row in rows if about in row.stream or about in row.data]

    def notices(self, case_id: str, *templates: str) -> list[tuple[str, str]]:
        """(template, role) of every mail handed over about a case, of these templates or of all."""
        names = [service.name for service in self.running.box.services.values() if service.mail is not None]
        rows = [row for name in names for row in self.events(name, "notice_sent", case_id)]
        found = [(row["template"], str(row["role"])) for row in rows]
        return [each for each in found if not templates or each[0] in templates]

    def mails(self, subject: str) -> list[str]:
        """Every mail with this subject, whole."""
        texts = [file.read_text() for file in (self.folder / "mail").glob("*.eml")]
        return [text for text in texts if f"Subject: {subject}" in text]

    def forget(self) -> None:
        self.run(self.running.forget())

    def close(self) -> None:
        self.cast.close()
        self.run(self.running.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
