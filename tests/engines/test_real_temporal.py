"""A real Temporal server on the real PostgreSQL: an open workflow outlives a kill of either."""

import asyncio
from datetime import timedelta

from engines.conftest import Starting
from temporalio.client import Client, WorkflowExecutionStatus


async def start(address: str) -> str:
    client = await Client.connect(address)
    handle = await client.start_workflow(
        "Waits", id="w", task_queue="nobody", execution_timeout=timedelta(days=1), run_timeout=timedelta(days=1)
    )
    return str(handle.first_execution_run_id)


async def described(address: str) -> tuple[str | None, WorkflowExecutionStatus | None]:
    found = await (await Client.connect(address)).get_workflow_handle("w").describe()
    return found.run_id, found.status


async def serving(address: str) -> bool:
    return await (await Client.connect(address)).service_client.check_health()


async def until_listed(address: str, name: str) -> None:
    """The list of workflows is a little behind; without end it would be a fault."""
    client = await Client.connect(address)
    async with asyncio.timeout(60):
        while name not in [each.id async for each in client.list_workflows("WorkflowType='Waits'")]:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.1)


def test_an_open_workflow_is_there_after_a_kill(starting: Starting) -> None:
    engines = starting("temporal")
    before = engines.status()
    address = before.temporal
    assert address
    assert before.running() == ["postgres", "temporal"]
    assert asyncio.run(serving(address))
    opened = asyncio.run(start(address)), WorkflowExecutionStatus.RUNNING
    assert engines.kill("temporal")
    assert engines.revive("temporal"), "beside a PostgreSQL that runs"
    after = engines.up(["temporal"])
    assert after.temporal == address
    assert asyncio.run(described(address)) == opened
    asyncio.run(until_listed(address, "w"))
    assert engines.kill("postgres")
    assert engines.status().engines["temporal"].state == "not answering"
    engines.up(["postgres"])
    assert engines.up(["temporal"]).engines["temporal"].pid == after.engines["temporal"].pid
    assert asyncio.run(described(address)) == opened
    assert engines.restart("temporal").engines["postgres"].pid == engines.status().engines["postgres"].pid
    assert asyncio.run(described(address)) == opened
