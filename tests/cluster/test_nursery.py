"""Processes of the nursery are processes like any other: their own environment, log, session and end, and children of who asked."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.onebox import wait_for

from rso_cluster.children import Child, Launch, stop_all
from rso_cluster.nursery import Nursery, can_bear

PROGRAM = """
import os, signal, sys
print(sys.argv[1:], os.environ.get("TOLD"), os.getsid(0) == os.getpid(), os.environ.get("RSO_NURSERY_PARENT"), flush=True)
print("loaded" if "fastapi" in sys.modules else "bare", file=sys.stderr, flush=True)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
signal.pause()
"""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone can do this")


@pytest.fixture
def nursery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nursery]:
    (tmp_path / "grown.py").write_text(PROGRAM)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("RSO_NURSERY_PARENT", "ours")
    with (tmp_path / "nursery.log").open("ab") as log:
        made = Nursery(log)
    yield made
    made.close()


def child(nursery: Nursery, tmp_path: Path, name: str = "grown-1") -> Child:
    argv = (sys.executable, "-m", "grown", "role")
    made = Child(
        Launch(name, argv, {"TOLD": name, "PYTHONPATH": str(tmp_path)}, tmp_path / f"{name}.log", grace_seconds=5),
        nursery,
    )
    made.look()
    wait_for(name, lambda: said(tmp_path, name).endswith(("loaded\n", "bare\n")), 30)
    return made


def said(tmp_path: Path, name: str) -> str:
    log = tmp_path / f"{name}.log"
    return log.read_text() if log.exists() else ""


def test_it_has_what_it_was_given_and_nothing_of_ours(nursery: Nursery, tmp_path: Path) -> None:
    made = child(nursery, tmp_path)
    assert said(tmp_path, "grown-1") == "['role'] grown-1 True None\nloaded\n"
    assert made.pid is not None
    assert Path(f"/proc/{made.pid}/comm").read_text() == "grown-1\n"
    assert f"PPid:\t{os.getpid()}\n" in Path(f"/proc/{made.pid}/status").read_text()
    assert stop_all([made]) == ["grown-1 ended with code 7"]


def test_one_that_is_killed_is_seen_and_started_again(nursery: Nursery, tmp_path: Path) -> None:
    made = child(nursery, tmp_path)
    first = made.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    wait_for("the end", made.look)
    assert (made.pid, made.code) == (None, -signal.SIGKILL)
    wait_for("another one", lambda: made.look() and made.pid)
    assert made.pid != first
    stop_all([made])


def test_where_the_nursery_is_gone_a_process_loads_for_itself(nursery: Nursery, tmp_path: Path) -> None:
    nursery.close()
    made = child(nursery, tmp_path, "alone")
    assert said(tmp_path, "alone").endswith("bare\n")
    stop_all([made])


def test_other_programs_are_not_its_business() -> None:
    assert not can_bear(("/usr/sbin/haproxy", "-m", "x"))
    assert not can_bear((sys.executable, "-c", "pass"))
