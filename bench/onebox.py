"""How long one machine takes: from start to ready, from empty to ready, and for one whole case; and what it weighs."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from machine import onebox, resident_mib
from rows import Row, at_most, reported

from rso_onebox.datadir import DataDir

ROOT = Path(__file__).parents[1]
BUNDLE = ROOT / "examples" / "synthea330_breast_small_Sueann_Kuhic.json.gz"
READY_SECONDS = 5.0
IDLE_MIB = 300


def play(data: DataDir) -> tuple[float, dict[str, Any]]:
    argv = [
        sys.executable,
        "-m",
        "rso_onebox",
        "--data",
        str(data.root),
        "demo",
        "--once",
        "--json",
        "--bundle",
        str(BUNDLE),
    ]
    started = time.monotonic()
    done = subprocess.run(argv, capture_output=True, check=True)
    return time.monotonic() - started, json.loads(done.stdout)


def measure(data: DataDir) -> list[Row]:
    with onebox(data) as (empty, _):
        pass
    with onebox(data) as (again, pid):
        idle = resident_mib(pid)
        first, _ = play(data)
        second, result = play(data)
        after = resident_mib(pid)
    events, size = result["workflow"]["events"], result["workflow"]["bytes"]
    return [
        at_most("empty folder to ready", empty, "s", READY_SECONDS),
        at_most("restart to ready", again, "s", READY_SECONDS),
        reported("defaults, 500 specialists and one whole case", first, "s"),
        reported("one whole case, as the demo plays it", second, "s"),
        at_most("workflow history of a case: events", events, "events", 150),
        at_most("workflow history of a case: size", size, "bytes", 60_000),
        at_most("memory at idle, with the Temporal child", idle, "MiB", IDLE_MIB),
        reported("memory after two cases", after, "MiB"),
    ]


def main() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        return measure(DataDir(Path(folder) / "data"))
