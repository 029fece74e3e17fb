"""A cell: one Kafka client on an event loop and a thread of its own.

aiokafka's clients can wait for ever while the broker is away, in `stop()` too (aiokafka#1101), and what waits in them cannot be
reached from outside. A cell is left whole: ending it cancels everything that still waits in it, so nothing of a client that was
given up goes on trying. Heartbeats to the group do not depend on how busy the caller's loop is either.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

R = TypeVar("R")
Stop = Callable[[], Awaitable[None]]

SWEEP_SECONDS = 2.0


class Cell:
    """`run` from any loop; `hold` from inside. The thread is a daemon: it never keeps a process alive."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._held: list[tuple[Stop, Stop]] = []
        self._patience = 0.0
        self._ending = False
        self._thread = threading.Thread(target=self._live, name=name, daemon=True)
        self._thread.start()

    async def run(self, work: Coroutine[Any, Any, R]) -> R:
        """A caller that is cancelled does not wait for `work`, which is then cancelled too. ConnectionError once the cell ends."""
        if self._ending:
            work.close()
            raise ConnectionError("the client was left")
        try:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))
        except asyncio.CancelledError:
            me = asyncio.current_task()
            if self._ending and me is not None and not me.cancelling():  # the work was cancelled, not its caller
                raise ConnectionError("the client was left") from None
            raise

    def tell(self, work: Callable[..., None], *values: Any) -> None:
        """`work` runs before whatever is run or told after it. ConnectionError once the cell ends."""
        if self._ending:
            raise ConnectionError("the client was left")
        self._loop.call_soon_threadsafe(work, *values)

    def hold(self, stop: Stop, disconnect: Stop) -> None:
        """When the cell ends, `stop` is tried, everything left over is cancelled, and then `disconnect` closes the sockets."""
        self._held.append((stop, disconnect))

    def end(self, patience: float = 0.0) -> None:
        """Returns at once. `patience` seconds are given to each `stop`; without any the client is given up. Repeated: nothing."""
        self._patience, self._ending = max(self._patience, patience), True
        with suppress(RuntimeError):  # the loop is closed already
            self._loop.call_soon_threadsafe(self._loop.stop)

    async def ended(self) -> None:
        """After `end`: waits until the thread is gone, without holding up the caller's loop."""
        while self.alive:  # noqa: ASYNC110 - a thread that ends sets no event of this loop
            await asyncio.sleep(0.01)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)

    def _live(self) -> None:
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(self._leave())
        finally:
            self._loop.close()

    async def _leave(self) -> None:
        self._loop.set_exception_handler(lambda _loop, _context: None)  # what breaks now was given up anyway
        for stop, _ in self._held:
            await _within(self._patience, stop)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others, timeout=SWEEP_SECONDS)
        for _, disconnect in self._held:
            await _within(SWEEP_SECONDS, disconnect)
        await asyncio.sleep(0)  # a transport that was told to close gives its socket back in the loop's next turn


async def _within(seconds: float, stop: Stop) -> None:
    """What fails while a client is being left changes nothing: it is left all the same."""
    with suppress(Exception):
        async with asyncio.timeout(seconds):
            await stop()
