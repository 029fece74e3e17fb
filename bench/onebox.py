"""How long one machine takes: from start to ready, from empty to ready, and for one whole case; and what it weighs.

`make bench` prints the table and writes bench/results.json. Figures of one run on one machine: read them as such.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rso_onebox.datadir import DataDir, running

ROOT = Path(__file__).parents[1]
BUNDLE = ROOT / "examples" / "synthea330_breast_small_Sueann_Kuhic.json.gz"
READY_TARGET = 5.0


def row(name: str, ours: float, unit: str, target: float | None = None) -> dict[str, Any]:
    met = None if target is None else ours <= target
    return {
        "name": name,
        "ours": round(ours, 2),
        "peer": None,
        "unit": unit,
        "ratio": None,
        "target": target,
        "met": met,
    }


@contextmanager
def onebox(data: DataDir) -> Iterator[tuple[float, int]]:
    """Seconds until ready and the process id."""
    argv = [sys.executable, "-m", "rso_onebox", "--data", str(data.root), "up", "--sandbox", "--port", "0"]
    started = time.monotonic()
    process = subprocess.Popen(argv, stderr=subprocess.DEVNULL)
    try:
        while not (running(data) or {}).get("address"):
            time.sleep(0.01)
        yield time.monotonic() - started, process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def resident_mib(pid: int) -> float:
    """Of the process and its Temporal child."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pages = sum(int(Path(f"/proc/{each}/statm").read_text().split()[1]) for each in (str(pid), *children))
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


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


def measure(data: DataDir) -> list[dict[str, Any]]:
    with onebox(data) as (empty, _):
        pass
    with onebox(data) as (again, pid):
        idle = resident_mib(pid)
        first, _ = play(data)
        second, result = play(data)
        after = resident_mib(pid)
    return [
        row("empty folder to ready", empty, "s", READY_TARGET),
        row("restart to ready", again, "s", READY_TARGET),
        row("defaults, 500 specialists and one whole case", first, "s"),
        row("one whole case, as the demo plays it", second, "s"),
        row("workflow history of a case", result["workflow"]["events"], "events", 150),
        row("workflow history of a case", result["workflow"]["bytes"], "bytes", 60_000),
        row("memory at idle, with the Temporal child", idle, "MiB"),
        row("memory after two cases", after, "MiB"),
    ]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(DataDir(Path(folder) / "data"))
    (ROOT / "bench" / "results.json").write_text(json.dumps({"rows": rows}, indent=1) + "\n")
    for each in rows:
        verdict = {None: "", True: "met", False: "MISSED"}[each["met"]]
        print(f"{each['name']:<48} {each['ours']:>10} {each['unit']:<7} {each['target'] or '':>8} {verdict}")


if __name__ == "__main__":
    main()
