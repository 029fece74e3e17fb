"""What is in a cell ends with it, whatever it waits for; whoever waits for it from outside hears so."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from rso_shared.kit.kafka_cell import Cell

pytestmark = pytest.mark.asyncio


@pytest.fixture
def cell() -> Iterator[Cell]:
    cell = Cell("test-cell")
    yield cell
    cell.end()
    cell.join(10)


async def _where() -> int:
    return threading.get_ident()


async def _fail() -> None:
    raise ValueError("x")


async def _for_ever() -> None:
    await asyncio.Event().wait()


async def test_work_runs_elsewhere_and_answers_here(cell: Cell) -> None:
    assert await cell.run(_where()) != threading.get_ident()
    with pytest.raises(ValueError, match="x"):
        await cell.run(_fail())


async def test_a_caller_that_gives_up_takes_its_work_along(cell: Cell) -> None:
    ended = threading.Event()

    async def work() -> None:
        try:
            await _for_ever()
        finally:
            ended.set()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await cell.run(work())
    assert await asyncio.to_thread(ended.wait, 10)


async def test_ending_it_ends_what_waits_in_it(cell: Cell) -> None:
    waiting = asyncio.ensure_future(cell.run(_for_ever()))
    await cell.run(_where())
    cell.end()
    cell.end()
    with pytest.raises(ConnectionError):
        await waiting
    await cell.ended()
    with pytest.raises(ConnectionError):
        await cell.run(_for_ever())


async def test_a_stop_that_hangs_or_fails_is_given_up_and_the_sockets_are_closed(cell: Cell) -> None:
    done: list[str] = []

    async def disconnect() -> None:
        done.append("disconnected")

    async def hold() -> None:
        cell.hold(_for_ever, disconnect)
        cell.hold(_fail, disconnect)

    await cell.run(hold())
    cell.end(0.05)
    await cell.ended()
    assert done == ["disconnected", "disconnected"]


async def test_tasks_that_a_client_left_behind_are_cancelled(cell: Cell) -> None:
    left: list[asyncio.Task[None]] = []

    async def leave_one() -> None:
        left.append(asyncio.ensure_future(_for_ever()))

    await cell.run(leave_one())
    cell.end()
    await cell.ended()
    assert left[0].cancelled()
