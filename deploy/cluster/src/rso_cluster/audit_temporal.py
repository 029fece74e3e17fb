"""Which case workflows are open, as Temporal's own command says."""

import json
import subprocess
from pathlib import Path

from rso_cluster.audit_model import Workflow

LIMIT = 1_000_000
SECONDS = 120


class TemporalUnreadableError(Exception):
    """Temporal's command failed. The text has what it said."""


def open_cases(cli: Path, address: str, namespace: str = "default") -> list[Workflow]:
    argv = (
        str(cli), "workflow", "list", "--address", address, "--namespace", namespace, "--query", "ExecutionStatus='Running'",
        "--limit", str(LIMIT), "--output", "json",
    )  # fmt: skip
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=SECONDS)
    if done.returncode:
        raise TemporalUnreadableError(f"temporal workflow list: {done.stderr.strip().splitlines()[-1:]}")
    return [Workflow(each["execution"]["workflowId"], each["status"]) for each in json.loads(done.stdout or "[]")]


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
