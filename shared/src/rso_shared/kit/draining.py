"""An orderly end: a loop that is cancelled finishes what it has in hand, and stops before it takes more."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

R = TypeVar("R")


async def whole(work: Coroutine[Any, Any, R]) -> R:
    """Runs `work` to its end even if the caller is cancelled meanwhile; the cancellation is raised after it.

    A second cancellation does not wait any longer. What `work` raises after the first one is lost: nobody is there to hear it,
    and whatever it had not finished comes again after a restart.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if not task.done():
            await asyncio.wait({task})
        if not task.cancelled():
            task.exception()
        raise
