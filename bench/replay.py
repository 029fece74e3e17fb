"""A whole case told again to the workflow: processor time without Temporal's sandbox, as workers run it, and inside of it (ADR 0011)."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

from rows import Row, interleaved, ratio_at_most, table
from temporalio.client import WorkflowHistory
from temporalio.contrib.opentelemetry import TracingInterceptor
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from rso_coordinator.codec import converter
from rso_coordinator.workflows.case import CaseWorkflow

HISTORY = Path(__file__).parents[1] / "tests" / "histories" / "completed.json"
MASTER = bytes.fromhex("5c" * 32)
"""Of the tests that recorded it."""
PASSED = ("rso_coordinator.domain", "rso_coordinator.payloads", "rso_shared", "pydantic")
RUNS, ROUNDS = 30, 5


def main() -> list[Row]:
    sandbox = SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED))
    times = interleaved(lambda: replayed(UnsandboxedWorkflowRunner()), lambda: replayed(sandbox), ROUNDS)
    return [ratio_at_most("a whole case replayed, Temporal's sandbox", *times, "ms CPU", 1.0)]


def replayed(runner: WorkflowRunner) -> float:
    """Milliseconds of processor per run; what is done once is not counted."""
    content = json.loads(HISTORY.read_text())
    history = WorkflowHistory.from_json(content.pop("workflow_id"), content)

    async def many(count: int) -> AsyncIterator[WorkflowHistory]:
        for _ in range(count):
            yield history

    async def run() -> float:
        replayer = Replayer(
            workflows=[CaseWorkflow],
            data_converter=converter(MASTER),
            workflow_runner=runner,
            interceptors=[TracingInterceptor()],
        )
        await replayer.replay_workflows(many(2))
        began = time.process_time()
        await replayer.replay_workflows(many(RUNS))
        return 1000 * (time.process_time() - began) / RUNS

    return asyncio.run(run())


if __name__ == "__main__":
    print(table(main()))
