"""An orderly stop says who was cut off: nobody is killed in silence."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from e2e.onebox import wait_for

from rso_cluster.children import Child, Launch, stop_all

ENDS = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit({code})); print('here', flush=True); signal.pause()"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); [signal.pause() for _ in iter(int, 1)]"
WAITS = "import time; print('here', flush=True); time.sleep(600)"
Start = Callable[[str, str], Child]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    def starting(name: str, program: str) -> Child:
        log = tmp_path / f"{name}.log"
        child = Child(Launch(name, (sys.executable, "-c", program), {}, log, grace_seconds=0.5))
        child.look()
        wait_for(name, lambda: log.exists() and log.read_text())
        return child

    return starting


def test_who_ends_in_time_is_not_spoken_of(start: Start) -> None:
    assert stop_all([start("good", ENDS.format(code=0)), start("starting", WAITS)]) == []


def test_who_is_killed_and_who_fails_is_named(start: Start) -> None:
    told = stop_all([start("deaf", DEAF), start("failing", ENDS.format(code=3)), start("good", ENDS.format(code=0))])
    assert told == ["deaf had not finished after 0.5 s and was killed", "failing ended with code 3"]


def test_who_was_gone_before_is_not_blamed_on_the_stop(start: Start) -> None:
    child = start("gone", WAITS)
    assert child.pid is not None
    child._process.send_signal(signal.SIGKILL)  # type: ignore[union-attr]
    child._process.wait()  # type: ignore[union-attr]
    assert stop_all([child]) == []
