"""A signal on a real dev server: handled in the workflow's trace, linked to who sent it, told once however often it is replayed."""

import asyncio
import os
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from coordinator.running import MASTER
from rso_coordinator import tracing
from rso_coordinator.codec import converter
from rso_onebox.temporal_cli import built_cli, on_path
from rso_shared.kit import telemetry
from support import spans as recorder
from support.spans import Spans, linked, trace_of


@workflow.defn
class Listening:
    def __init__(self) -> None:
        self.heard = 0

    @workflow.signal
    def hear(self, _what: str) -> None:
        self.heard += 1

    @workflow.run
    async def run(self, until: int) -> int:
        await workflow.wait_condition(lambda: self.heard == until)
        return self.heard


def _cli() -> Path:
    found = on_path("temporal", os.environ)
    cli = Path(found) if found else built_cli(os.environ)
    if not cli.exists():
        pytest.skip("no Temporal dev server on this machine")
    return cli


async def _connected(env: WorkflowEnvironment) -> Client:
    target = env.client.service_client.config.target_host
    return await Client.connect(
        target, data_converter=converter(bytes.fromhex(MASTER)), interceptors=tracing.of_client()
    )


def _worker(client: Client) -> Worker:
    """Keeps nothing in memory: every task replays the history from its beginning."""
    return Worker(
        client, task_queue="listening", workflows=[Listening], workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=0, interceptors=[tracing.AboutCase()],
    )  # fmt: skip


async def _heard(client: Client) -> None:
    async with _worker(client):
        with telemetry.consumer_span("wake first", None, {}):
            handle: WorkflowHandle[Listening, int] = await client.start_workflow(
                Listening.run, 2, id="case/one", task_queue="listening", start_signal="hear", start_signal_args=["a"]
            )
        while (await handle.describe()).history_length < 5:  # noqa: ASYNC110 - the server makes it true
            await asyncio.sleep(0.01)
        with telemetry.consumer_span("wake second", None, {}):
            await handle.signal(Listening.hear, "b")
        assert await handle.result() == 2


async def _all(folder: Path) -> None:
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(_cli()), dev_server_log_level="error", download_dest_dir=str(folder)
    ) as env:
        await _heard(await _connected(env))


def _traces(spans: Spans, name: str) -> str:
    (span,) = spans.named(name)
    return trace_of(span)


def test_a_signal_is_handled_in_the_workflows_trace_linked_to_its_sender_and_told_once(tmp_path: Path) -> None:
    with recorder.kept() as spans:
        asyncio.run(_all(tmp_path))
        first, second = _traces(spans, "wake first"), _traces(spans, "wake second")
        handled = spans.named("HandleSignal:hear")
        assert [trace_of(span) for span in handled] == [first, first]
        assert [linked(span) for span in handled] == [[first], [second]]
        assert len(spans.named("RunWorkflow:Listening")) == 1
