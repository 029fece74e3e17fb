"""What was found out the hard way about one process that does everything: its threads, its locks, a workflow server that is away."""

import ast
import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio import to_thread
from architecture.tree import functions, parsed, short, sources
from intake.builders import program
from intake.conftest import submission

from rso_coordinator.worker import LOCAL_ACTIVITY_SLOTS, Temporal
from rso_onebox import box as onebox
from rso_onebox.datadir import DataDir
from rso_onebox.dispatch import Dispatcher
from rso_shared.contracts.vocabulary import Role

NOWHERE = "127.0.0.1:1"
"""Nobody listens there: the workflow server is down."""
PATIENCE = 60.0
FULL = 2


class Watched(ThreadPoolExecutor):
    """The default executor has six threads on two cores; a loop that waits in it keeps people's requests waiting."""

    def __init__(self) -> None:
        super().__init__(1)
        self.asked: list[Any] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        self.asked.append(fn)
        return super().submit(fn, *args, **kwargs)


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    made = DataDir(tmp_path / "data")
    made.prepare(sandbox=True)
    return made


@pytest.fixture
def box(data: DataDir) -> Iterator[onebox.Box]:
    made = onebox.build(
        data, sandbox=True, internal_url="http://127.0.0.1:1", public_url="http://127.0.0.1:1",
        temporal=lambda master: Temporal(NOWHERE, onebox.NAMESPACE, master),
    )  # fmt: skip
    yield made
    made.close()


@asynccontextmanager
async def running(box: onebox.Box) -> AsyncIterator[httpx.AsyncClient]:
    """Every loop of every service, as `rso up` runs them."""
    async with AsyncExitStack() as stack:
        for app in box.apps.values():
            await stack.enter_async_context(app.router.lifespan_context(app))
        loops = [asyncio.create_task(loop()) for service in box.services.values() for loop in service.loops.values()]
        front = httpx.ASGITransport(Dispatcher(box.apps, box.apps["operations"], internal=False))
        try:
            yield await stack.enter_async_context(httpx.AsyncClient(transport=front, base_url="http://rso.test"))
        finally:
            assert not [loop for loop in loops if loop.done()]
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)


def head(box: onebox.Box, role: Role, key: str) -> dict[str, str]:
    token = box.data.issuer().token("somebody", role, "operator")
    return {"authorization": f"Bearer {token}", "idempotency-key": key}


async def told(http: httpx.AsyncClient, box: onebox.Box, case_id: str) -> list[str]:
    """The case's timeline, once its first fact has come through outbox, log and consumer."""
    end = asyncio.get_running_loop().time() + PATIENCE
    while asyncio.get_running_loop().time() < end:
        answer = await http.get(f"/v1/cases/{case_id}/timeline", headers=head(box, Role.CARE_COORDINATOR, ""))
        if answer.status_code == httpx.codes.OK and answer.json()["facts"]:
            return [fact["type"] for fact in answer.json()["facts"]]
        await asyncio.sleep(0.05)
    raise TimeoutError


def test_without_a_workflow_server_cases_are_taken_in_and_no_loop_waits_in_the_default_executor(
    box: onebox.Box,
) -> None:
    async def lived() -> tuple[list[str], list[Any]]:
        watched = Watched()
        asyncio.get_running_loop().set_default_executor(watched)
        async with running(box) as http:
            published = program(organisation_id="operator").model_dump(mode="json")
            answer = await http.post("/v1/programs", json=published, headers=head(box, Role.ORGANISATION_ADMIN, "p"))
            assert answer.status_code == httpx.codes.CREATED, answer.text
            opened = await http.post("/v1/cases", json=submission(), headers=head(box, Role.PATIENT, "c"))
            assert opened.status_code == httpx.codes.CREATED, opened.text
            seen = await told(http, box, opened.json()["case_id"])
            assert box.services["coordinator"].health.problems()  # readiness says what is missing
            return seen, watched.asked

    types, asked = asyncio.run(lived())
    assert types[0] == "case_submitted"
    assert asked == []


def test_activities_leave_threads_for_peoples_requests() -> None:
    async def threads() -> float:
        return to_thread.current_default_thread_limiter().total_tokens

    assert 0 < LOCAL_ACTIVITY_SLOTS <= asyncio.run(threads()) / 2


def test_nothing_that_was_marked_as_sent_is_lost_at_a_power_cut(box: onebox.Box) -> None:
    """The log's file and the outboxes are equally safe: the log is not the weaker of the two."""
    assert box.broker._db.execute("PRAGMA synchronous").fetchone()[0] == FULL  # type: ignore[attr-defined]
    for name, service in box.services.items():
        with service.db.write() as tx:
            assert tx.conn.exec_driver_sql("PRAGMA synchronous").scalar_one() == FULL, name
    with closing(sqlite3.connect(box.data.broker)) as db:
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


SLOW = ("rso_opinions.rendering", "rso_opinions.api.press", "rso_records_compiler.formats", "hashlib", "httpx", "typst")
"""What takes milliseconds or asks somebody else. The write lock is held from the first line of a unit of work to its last."""


def test_no_unit_of_work_renders_hashes_reads_or_asks_while_it_holds_the_write_lock() -> None:
    found = []
    for file in sources():
        slow = set(_imported(parsed(file)))
        for unit in (each for each in functions(parsed(file)) if each.name == "work"):
            called = {
                node.func.id
                for node in ast.walk(unit)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            }
            called |= {
                node.func.value.id for node in ast.walk(unit)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
            }  # fmt: skip
            found += [f"{short(file)}: {name}" for name in sorted(called & slow)]
    assert found == []


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(SLOW):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.asname or alias.name for alias in node.names if alias.name.startswith(SLOW))
