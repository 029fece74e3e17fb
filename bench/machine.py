"""The system under measurement, as a process of its own."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rso_onebox.datadir import DataDir, running


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


@contextmanager
def watched(pid: int) -> Iterator[list[float]]:
    """What the process and its child hold, twenty times a second."""
    seen, done = [resident_mib(pid)], threading.Event()

    def look() -> None:
        while not done.wait(0.05):
            seen.append(resident_mib(pid))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()
