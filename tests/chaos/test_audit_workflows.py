"""The auditor looks at workflows: one per open case, and none that does not get on."""

import subprocess
from dataclasses import replace
from pathlib import Path

from e2e.onebox import wait_for

from chaos.armed import free_port
from chaos.conftest import Played, silent
from chaos.test_audit import evidence, found
from rso_cluster import audit, audit_temporal
from rso_cluster.audit_model import Kind, Workflow
from rso_onebox.temporal_cli import find_temporal_cli


def test_workflows_are_compared_with_the_cases(played: Played) -> None:
    sound = evidence(played.root, played)
    gone = audit.audit(replace(sound, workflows=played.workflows[1:]))
    assert found(gone) == {(Kind.LOST, "workflow")}
    doubled = audit.audit(replace(sound, workflows=(*played.workflows, played.workflows[0])))
    assert found(doubled) == {(Kind.DUPLICATED, "workflow")}
    strange = audit.audit(replace(sound, workflows=(*played.workflows, Workflow("case/nobody", "Running"))))
    assert found(strange) == {(Kind.DUPLICATED, "workflow")}
    trying = replace(played.workflows[0], under_way="activity act, try 40")
    stuck = audit.audit(replace(sound, workflows=(trying, *played.workflows[1:])))
    assert found(stuck) == {(Kind.STUCK, "workflow")}


def test_workflows_that_do_not_get_on_are_told_apart_from_those_that_wait(tmp_path: Path) -> None:
    """On a server without a worker: what was started is never taken up, and the auditor says so."""
    cli, port = find_temporal_cli(say=silent), free_port()
    at = ("--address", f"127.0.0.1:{port}")
    server = subprocess.Popen(
        [cli, "server", "start-dev", "--headless", "--port", str(port), "--http-port", str(free_port()), "--log-level", "never"],
        cwd=tmp_path, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        start = [
            cli,
            "workflow",
            "start",
            *at,
            "--task-queue",
            "cases",
            "--type",
            "CaseWorkflow",
            "--workflow-id",
            "case/1",
        ]
        wait_for("server", lambda: subprocess.run(start, capture_output=True, check=False).returncode == 0)
        wait_for("visibility", lambda: audit_temporal.open_cases(cli, f"127.0.0.1:{port}") != [])
        (seen,) = audit_temporal.open_cases(cli, f"127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait(30)
    assert (seen.workflow_id, seen.under_way) == ("case/1", "workflow task, try 1")
