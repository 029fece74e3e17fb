"""One case played to its end on one machine, and what its stores held before and after."""

import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from machine import onebox
from onebox import play
from preload import Rows, taken

from rso_onebox import loading
from rso_onebox.datadir import DataDir, running
from rso_shared.kit.names import SERVICES

QUIET_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Finished:
    case_id: str
    data: DataDir
    before: dict[str, Rows]
    after: dict[str, Rows]


def finished(folder: Path) -> Finished:
    """By the service's short name. The folder keeps the keys."""
    data = DataDir(folder)
    with onebox(data):
        address = str((running(data) or {})["address"])
        loading.init(address, data.issuer(), lambda _line: None)
        loading.seed(address, data.issuer(), lambda _line: None)
        _quiet(data)
        before = _stores(data)
        _, result = play(data)
        _quiet(data)
        return Finished(result["case_id"], data, before, _stores(data))


def _stores(data: DataDir) -> dict[str, Rows]:
    return {each.short: taken(data.service(each.short) / "store.db") for each in SERVICES}


def _quiet(data: DataDir) -> None:
    """Until nobody has handled a fact for a while."""
    seen, since = -1, time.monotonic()
    while time.monotonic() - since < QUIET_SECONDS:
        now = sum(_handled(data.service(each.short) / "store.db") for each in SERVICES)
        if now != seen:
            seen, since = now, time.monotonic()
        time.sleep(0.2)


def _handled(store: Path) -> int:
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
        return int(connection.execute("SELECT count(*) FROM inbox").fetchone()[0])
