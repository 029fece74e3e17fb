"""Saved histories: the workflow of today takes every step that the recorded one took. A changed order is noticed."""

import asyncio
import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.opentelemetry import TracingInterceptor
from temporalio.worker import Replayer
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from coordinator.impure import CaseWorkflow as Impure
from coordinator.outcomes import OUTCOMES
from coordinator.reordered import CaseWorkflow as Reordered
from coordinator.running import MASTER
from rso_coordinator.codec import converter
from rso_coordinator.workflows.case import CaseWorkflow

SANDBOX = SandboxedWorkflowRunner(
    restrictions=SandboxRestrictions.default.with_passthrough_modules(
        "rso_coordinator.domain", "rso_coordinator.payloads", "rso_shared", "pydantic"
    )
)
"""Workers go without it (ADR 0011): here it is found out whether a case reads a clock, draws a number or touches a file."""
FOLDER = Path(__file__).parents[1] / "histories"
EARLIER = ("before_first_contact",)
"""Folders of what cases did before a change of the workflow: some of them are under way still."""
FILES = sorted(str(file.relative_to(FOLDER).with_suffix("")) for file in FOLDER.rglob("*.json"))


def saved(name: str) -> WorkflowHistory:
    content = json.loads((FOLDER / f"{name}.json").read_text())
    return WorkflowHistory.from_json(content.pop("workflow_id"), content)


def replay(workflow: type, name: str) -> None:
    replayer = Replayer(
        workflows=[workflow],
        data_converter=converter(bytes.fromhex(MASTER)),
        workflow_runner=SANDBOX,
        interceptors=[TracingInterceptor()],
    )
    asyncio.run(replayer.replay_workflow(saved(name)))


@pytest.mark.parametrize("name", FILES)
def test_a_saved_history_replays(name: str) -> None:
    replay(CaseWorkflow, name)


def test_a_workflow_in_another_order_does_not() -> None:
    with pytest.raises(Exception, match=r"[Nn]ondeterminism"):
        replay(Reordered, "completed")


def test_a_workflow_that_asks_the_machine_for_the_time_does_not() -> None:
    with pytest.raises(Exception, match="RestrictedWorkflowAccessError"):
        replay(Impure, "completed")


def test_every_saved_history_belongs_to_an_outcome_and_names_no_worker() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == set(OUTCOMES)
    assert {name.partition("/")[0] for name in FILES if "/" in name} == set(EARLIER)
    assert not any('"identity"' in file.read_text() for file in FOLDER.rglob("*.json"))
