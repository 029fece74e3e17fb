"""What a deployment on one machine gains in memory while a thousand whole cases are played on it.

The first cases are not counted: what is loaded once and kept is no growth. A thousand take a quarter of an hour or more, so it ends
after RSO_BENCH_MEMORY_MINUTES (5), and then its row says from how many cases it was taken. `python bench/memory.py` runs this one alone.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from machine import onebox, resident_mib
from rows import Row, at_most, reported, table

from rso_cluster.load_drive import Drive
from rso_onebox import loading
from rso_onebox.datadir import DataDir, running

MINUTES = float(os.environ.get("RSO_BENCH_MEMORY_MINUTES", "5"))
CONCURRENCY, WARM, PIECE = 4, 36, 12
PROMISED_CASES, PROMISED_MIB = 1_000, 30
SETTLE_SECONDS = 5.0


def main() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="rso-bench-") as folder:
        data = DataDir(Path(folder) / "data")
        with onebox(data) as (_, pid):
            address = str((running(data) or {})["address"])
            loading.init(address, data.issuer(), lambda _line: None)
            loading.seed(address, data.issuer(), lambda _line: None)
            return _rows(data, address, pid)


def _rows(data: DataDir, address: str, pid: int) -> list[Row]:
    warm = played = _play(data, address, 0, WARM)
    before, end = _settled(pid), time.monotonic() + 60 * MINUTES
    while played - warm < PROMISED_CASES and time.monotonic() < end:
        played += _play(data, address, played, min(PIECE, PROMISED_CASES + warm - played))
    grown, cases = _settled(pid) - before, played - warm
    played_through = reported(f"memory growth over {cases:,} cases, with the Temporal child", grown, "MiB")
    return [played_through, _promised(grown, cases)]


def _promised(grown: float, cases: int) -> Row:
    """What fewer cases than a thousand would come to is no measurement of a thousand, and is not called one."""
    how = "" if cases == PROMISED_CASES else f", extrapolated from {cases:,}"
    return at_most(
        f"memory growth of {PROMISED_CASES:,} cases{how}", grown * PROMISED_CASES / cases, "MiB", PROMISED_MIB
    )


def _play(data: DataDir, address: str, first: int, cases: int) -> int:
    driven = Drive(address, data.issuer(), cases, CONCURRENCY, first, lambda line: print(line, file=sys.stderr)).run()
    if driven.failed:
        raise RuntimeError(f"{len(driven.failed)} of {cases} cases were not delivered: {driven.failed[0]}")
    return len(driven.finished)


def _settled(pid: int) -> float:
    """When what a case leaves to be done is done. The least of a few looks: what will be freed is not held."""
    looks = []
    for _ in range(int(SETTLE_SECONDS)):
        time.sleep(1)
        looks.append(resident_mib(pid))
    return min(looks)


if __name__ == "__main__":
    print(table(main()))
