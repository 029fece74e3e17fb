"""The Temporal child on the real dev server: it starts, dies with its parent, is never doubled, stops in order."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from rso_onebox.processes import arguments, pids_with, stop_group
from rso_onebox.temporal_child import Ports, TemporalChild, TemporalStartError, stop_orphans
from rso_onebox.temporal_cli import TemporalMissingError, find_temporal_cli

PARENT = """
import sys, time
from pathlib import Path
from rso_onebox.temporal_child import TemporalChild
child = TemporalChild.start(Path(sys.argv[1]), Path(sys.argv[2]), say=lambda line: None)
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def cli():
    try:
        return find_temporal_cli()
    except TemporalMissingError as missing:
        pytest.skip(f"no Temporal dev server: {str(missing).splitlines()[0]}")


def users_of(folder: Path) -> list[int]:
    return pids_with("--db-filename", str(folder.resolve() / "temporal.db"))


def soon(condition, seconds=10.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return False


def orphan(cli: Path, folder: Path) -> subprocess.Popen:
    """What a run leaves behind where no parent-death signal exists: a server in its own session."""
    argv = [str(cli), "server", "start-dev", "--headless", "--db-filename", str(folder.resolve() / "temporal.db")]
    free = Ports.free(ui=False)
    ports = ["--ip", "127.0.0.1", "--port", str(free.grpc), "--http-port", str(free.http)]
    return subprocess.Popen(
        [*argv, *ports], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def test_it_answers_has_a_group_of_its_own_and_stops_in_order(cli, tmp_path):
    with TemporalChild.start(cli, tmp_path) as child:
        assert child.alive
        assert child.ui_url is None
        assert os.getpgid(child.pid) == child.pid
        assert (tmp_path / "temporal.pid").read_text() == str(child.pid)
        assert (tmp_path / "temporal.db").exists()
        listed = subprocess.run(
            [str(cli), "workflow", "list", "--address", child.address], capture_output=True, text=True, check=False
        )
        assert listed.returncode == 0, listed.stderr
    assert not child.alive
    assert not (tmp_path / "temporal.pid").exists()
    assert users_of(tmp_path) == []
    child.stop()


@pytest.mark.skipif(
    sys.platform != "linux", reason="the parent-death signal is Linux's; elsewhere the next start stops the orphan"
)
def test_kill_9_of_the_parent_leaves_no_child(cli, tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(cli), str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert "start-dev" in arguments(child)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert soon(lambda: not arguments(child))
    assert users_of(tmp_path) == []


def test_after_kill_9_the_next_run_goes_on_from_the_same_file(cli, tmp_path):
    with TemporalChild.start(cli, tmp_path, say=print) as child:
        started = [
            *(str(cli), "workflow", "start", "--address", child.address),
            *("--type", "Case", "--task-queue", "cases", "--workflow-id", "case/1"),
        ]
        subprocess.run(started, check=True, capture_output=True)
        os.killpg(child.pid, signal.SIGKILL)
        assert soon(lambda: not child.alive)
    with TemporalChild.start(cli, tmp_path) as again:
        described = [str(cli), "workflow", "describe", "--address", again.address, "--workflow-id", "case/1"]
        assert "case/1" in subprocess.run(described, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("pid_file", [True, False])
def test_an_orphan_on_the_same_file_is_stopped_never_doubled(cli, tmp_path, pid_file):
    left_behind = orphan(cli, tmp_path)
    try:
        assert soon((tmp_path / "temporal.db").exists)
        if pid_file:
            (tmp_path / "temporal.pid").write_text(str(left_behind.pid))
        said = []
        with TemporalChild.start(cli, tmp_path, say=said.append) as child:
            assert left_behind.poll() is not None
            assert users_of(tmp_path) == [child.pid]
        assert [line for line in said if str(left_behind.pid) in line]
    finally:
        stop_group(left_behind.pid, 1, left_behind)
        left_behind.wait()


def test_a_pid_that_is_another_process_now_is_left_alone(tmp_path):
    with subprocess.Popen(["sleep", "60"]) as bystander:
        (tmp_path / "temporal.pid").write_text(str(bystander.pid))
        assert stop_orphans(tmp_path) == []
        assert bystander.poll() is None
        assert not (tmp_path / "temporal.pid").exists()
        bystander.kill()


def test_a_shell_that_only_mentions_the_database_is_left_alone(tmp_path):
    words = f"read line; : temporal server start-dev --db-filename {tmp_path.resolve() / 'temporal.db'}"
    with subprocess.Popen(["sh", "-c", words], stdin=subprocess.PIPE) as bystander:
        assert stop_orphans(tmp_path) == []
        assert bystander.poll() is None
        bystander.kill()


def test_a_torn_pid_file_is_no_obstacle(tmp_path):
    (tmp_path / "temporal.pid").write_text("12x")
    assert stop_orphans(tmp_path) == []


def test_a_server_that_ignores_sigterm_is_killed(tmp_path):
    script = "trap '' TERM; echo ready; while :; do sleep 1; done"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True) as stubborn:
        assert stubborn.stdout
        stubborn.stdout.readline()
        stop_group(stubborn.pid, 0.3, stubborn)
        assert stubborn.poll() == -signal.SIGKILL


def test_a_server_that_does_not_start_is_one_error_with_its_log(tmp_path):
    broken = tmp_path / "temporal"
    broken.write_text("#!/bin/sh\necho 'cannot open the database' >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(TemporalStartError, match="cannot open the database"):
        TemporalChild.start(broken, tmp_path / "data")
    assert not (tmp_path / "data" / "temporal.pid").exists()


def test_only_the_main_thread_may_start_it(tmp_path):
    refused = []

    def start() -> None:
        try:
            TemporalChild.start(Path("/bin/true"), tmp_path)
        except RuntimeError as error:
            refused.append(str(error))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert refused == ["the Temporal child is started from the main thread"]


def test_the_user_interface_is_there_on_request(cli, tmp_path):
    with TemporalChild.start(cli, tmp_path, ui=True) as child:
        assert child.ui_url
        assert child.ui_url.startswith("http://127.0.0.1:")
