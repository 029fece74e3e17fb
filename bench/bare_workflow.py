"""Bare workflows: so many local activities, signals or timers and nothing else. python bench/bare_workflow.py ADDRESS is their worker."""

import asyncio
import sys
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

QUEUE = "bare"


@activity.defn(name="bare_nothing")
async def nothing(number: int) -> int:
    return number


@workflow.defn(name="Bare")
class Bare:
    def __init__(self) -> None:
        self._signals = 0

    @workflow.signal(name="told")
    def told(self, _number: int) -> None:
        self._signals += 1

    @workflow.run
    async def run(self, activities: int, signals: int, timers: int) -> int:
        for number in range(activities):
            await workflow.execute_local_activity(nothing, number, start_to_close_timeout=timedelta(seconds=5))
        for number in range(signals):
            await workflow.wait_condition(lambda number=number: self._signals > number)
        for _ in range(timers):
            await workflow.sleep(timedelta(milliseconds=20))
        return activities + signals + timers


async def main(address: str) -> None:
    client = await Client.connect(address)
    async with Worker(client, task_queue=QUEUE, workflows=[Bare], activities=[nothing]):
        await asyncio.Event().wait()


if __name__ == "__main__":
    import bare_workflow  # a workflow defined in __main__ does not pass the sandbox's check

    asyncio.run(bare_workflow.main(sys.argv[1]))
