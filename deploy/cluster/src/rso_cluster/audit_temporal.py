"""Which case workflows are open and what they are at, as Temporal's own command says."""

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rso_cluster.audit_model import Workflow

LIMIT = 1_000_000
SECONDS = 120
AT_A_TIME = 4


class TemporalUnreadableError(Exception):
    """Temporal's command failed. The text has what it said."""


def open_cases(cli: Path, address: str, namespace: str = "default") -> list[Workflow]:
    """Every open workflow, and the step it has under way, if any. Raises TemporalUnreadableError."""
    at = ("--address", address, "--namespace", namespace, "--output", "json")
    listed = _said(cli, "list", *at, "--query", "ExecutionStatus='Running'", "--limit", str(LIMIT))

    def looked_at(each: dict[str, Any]) -> Workflow:
        id_ = each["execution"]["workflowId"]
        seen = _said(cli, "describe", *at, "--workflow-id", id_, "--run-id", each["execution"]["runId"])
        return Workflow(id_, each["status"], "; ".join(_under_way(seen)))

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        return list(pool.map(looked_at, listed))


def _under_way(described: dict[str, Any]) -> Iterator[str]:
    for activity in described.get("pendingActivities", ()):
        yield f"activity {activity['activityType']['name']}, try {activity.get('attempt', 1)}"
    if task := described.get("pendingWorkflowTask"):
        yield f"workflow task, try {task.get('attempt', 1)}"


def _said(cli: Path, command: str, *arguments: str) -> Any:
    argv = (str(cli), "workflow", command, *arguments)
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=SECONDS)
    if done.returncode:
        raise TemporalUnreadableError(f"temporal workflow {command}: {done.stderr.strip().splitlines()[-1:]}")
    return json.loads(done.stdout or "[]")


def address_of_child(folder: Path) -> str | None:
    """Where one machine's dev server answers, from its arguments; None if it does not run."""
    written = folder / "temporal.pid"
    if not written.exists():
        return None
    try:
        raw = Path(f"/proc/{written.read_text().strip()}/cmdline").read_bytes()
    except OSError:
        return None
    arguments = [each.decode() for each in raw.split(b"\0")]
    if "--port" not in arguments:
        return None
    return f"127.0.0.1:{arguments[arguments.index('--port') + 1]}"
