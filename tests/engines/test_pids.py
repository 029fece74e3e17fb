"""Processes that outlive their starter, and pids that mean another process by now."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rso_engines import pids
from rso_engines.datadir import read_json, write_json
from rso_engines.errors import EngineError
from rso_engines.pids import Launch, Mark

MARKER = "marked"
WAITS = (
    "import subprocess, sys, time; subprocess.Popen(['sleep', '1000']); print('ready', flush=True); time.sleep(1000)"
)


class Started:
    def __init__(self, folder: Path) -> None:
        self.launch = Launch((sys.executable, "-c", WAITS, MARKER), MARKER, str(folder))
        self.file, self.log = folder / "pid.json", folder / "log"
        self.pid = pids.start(self.launch, self.log, self.file, {"PATH": os.defpath})
        while "ready" not in self.log.read_text():
            os.sched_yield()


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    made = Started(tmp_path)
    yield made
    pids.kill_tree(made.pid)


def test_a_started_process_is_known_again(started: Started) -> None:
    assert pids.running(started.file) == started.pid
    assert pids.children(os.getpid()).count(started.pid) == 0


@pytest.mark.parametrize("change", [{"started": 1}, {"marker": "other"}, {"pid": 2**22 + 1}])
def test_a_stale_pid_file_is_removed(started: Started, change: dict[str, int]) -> None:
    write_json(started.file, {**read_json(started.file), **change})
    assert pids.running(started.file) is None
    assert not started.file.exists()


def test_our_own_pid_with_another_start_time_is_not_it(tmp_path: Path) -> None:
    now = pids.stat(os.getpid())
    assert now
    mark = Mark(os.getpid(), now[2], pids.arguments(os.getpid())[0])
    assert pids.is_same(mark)
    assert not pids.is_same(replace(mark, started=now[2] + 1))


def test_a_process_that_nobody_waited_for_does_not_run() -> None:
    dead = subprocess.Popen(("sleep", "0"))
    os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)
    now = pids.stat(dead.pid)
    assert now
    assert now[0] == "Z"
    assert not pids.is_same(Mark(dead.pid, now[2], "sleep"))
    dead.wait()


def test_kill_takes_the_children_along(started: Started) -> None:
    family = pids.children(started.pid)
    assert len(family) == 1
    pids.kill_tree(started.pid)
    assert pids.running(started.file) is None
    assert all(pids.gone(each, 10.0) for each in family)


def test_what_lost_its_pid_file_is_found_by_program_and_folder(started: Started, tmp_path: Path) -> None:
    assert pids.left_behind(started.launch) == [started.pid]
    assert pids.left_behind(replace(started.launch, cwd="/")) == []
    assert pids.left_behind(replace(started.launch, argv=("/bin/sleep",))) != [started.pid]


def test_waiting_for_an_end(started: Started) -> None:
    assert not pids.gone(started.pid, 0.0)
    os.kill(started.pid, signal.SIGTERM)
    assert pids.gone(started.pid, 30.0)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    launch = Launch(("/no/such/program",), "x", "/")
    with pytest.raises(EngineError, match=r"/no/such/program could not be started: .*No such file"):
        pids.start(launch, tmp_path / "log", tmp_path / "pid.json", {})
