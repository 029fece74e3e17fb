"""What a deployment on one machine gains in memory while whole cases are played on it, for as long as the time given allows.

The first cases are not counted: what is loaded once and kept is no growth. `python bench/memory.py` runs this one alone.
"""

import sys
import tempfile
import time
from pathlib import Path

from machine import onebox, resident_mib
from rows import Row, at_most, reported, table

from rso_cluster.load_drive import Drive
from rso_onebox import loading
from rso_onebox.datadir import DataDir, running

SECONDS, CONCURRENCY = 300.0, 4
WARM, PIECE = 36, 12
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
    before, end = _settled(pid), time.monotonic() + SECONDS
    while time.monotonic() < end:
        played += _play(data, address, played, PIECE)
    grown, cases = _settled(pid) - before, played - warm
    promised = PROMISED_MIB / PROMISED_CASES
    return [
        reported(f"memory growth over {cases} cases, with the Temporal child", grown, "MiB"),
        at_most(f"memory growth per case, over {cases} cases", grown / cases, "MiB", promised),
    ]


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
