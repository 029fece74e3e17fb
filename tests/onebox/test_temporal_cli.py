"""Finding the Temporal dev server and the time-skipping server: each way, the order, and none at all."""

import os
import socket
import stat
import subprocess
import time
from pathlib import Path

import pytest

from rso_onebox.fetching import FetchFailedError, run_with_progress, sdk_folder
from rso_onebox.temporal_cli import CLI_MODULE, TemporalMissingError, build_cli, built_cli, find_temporal_cli
from rso_onebox.test_server import find_test_server


def program(path: Path, text: str = "#!/bin/sh\nexit 0\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def nothing(tmp_path):
    """A machine without programs, cache or network: the proxy is a closed port."""
    return {"HOME": str(tmp_path), "PATH": "", "HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}


def test_the_order_is_setting_path_cache_download(tmp_path, nothing):
    said = []
    by_sdk = program(sdk_folder("dev", nothing) / "temporal-sdk-python")
    assert find_temporal_cli(nothing, said.append) == by_sdk
    cached = program(built_cli(nothing))
    assert find_temporal_cli(nothing, said.append) == cached
    installed = program(tmp_path / "bin" / "temporal")
    environ = nothing | {"PATH": str(installed.parent)}
    assert find_temporal_cli(environ, said.append) == installed
    named = program(tmp_path / "mine")
    assert find_temporal_cli(environ | {"RSO_TEMPORAL_CLI": str(named)}, said.append) == named
    assert said == []


def test_the_cache_is_where_the_setting_says(tmp_path, nothing):
    assert (
        built_cli(nothing | {"RSO_CACHE_DIR": str(tmp_path / "x")})
        == tmp_path / "x" / "temporal-cli-1.5.1" / "temporal"
    )
    assert built_cli(nothing) == tmp_path / ".cache" / "rso" / "temporal-cli-1.5.1" / "temporal"


def test_a_setting_that_names_nothing_is_refused(nothing):
    with pytest.raises(TemporalMissingError, match="RSO_TEMPORAL_CLI names no executable file: /not/there"):
        find_temporal_cli(nothing | {"RSO_TEMPORAL_CLI": "/not/there"}, print)


def test_without_any_means_there_is_one_error_that_names_the_five_ways(nothing):
    started = time.monotonic()
    with pytest.raises(TemporalMissingError) as missing:
        find_temporal_cli(nothing, lambda _: None)
    text = str(missing.value)
    assert [line.split(".")[0].strip() for line in text.splitlines()[1:]] == ["1", "2", "3", "4", "5"]
    for way in ("RSO_TEMPORAL_CLI", "PATH", "temporal-cli-1.5.1", "SDK", "go install"):
        assert way in text
    assert time.monotonic() - started < 25


def test_go_builds_into_a_folder_of_its_own_and_the_result_moves_in_one_step(tmp_path, nothing):
    go = program(tmp_path / "bin" / "go", '#!/bin/sh\necho "$@" > "$HOME/asked"\n/bin/cp /bin/true "$GOBIN/temporal"\n')
    environ = nothing | {"PATH": str(go.parent)}
    built = build_cli(environ, print)
    assert built == built_cli(environ)
    assert built.stat().st_mode & stat.S_IXUSR
    assert (tmp_path / "asked").read_text().split() == ["install", CLI_MODULE]
    assert list(built.parent.iterdir()) == [built]


def test_a_failed_build_says_why_and_leaves_nothing(tmp_path, nothing):
    go = program(tmp_path / "bin" / "go", "#!/bin/sh\necho downloading >&2\necho 'no route to the proxy' >&2\nexit 1\n")
    environ = nothing | {"PATH": str(go.parent)}
    with pytest.raises(FetchFailedError, match="no route to the proxy"):
        build_cli(environ, print)
    assert list(built_cli(environ).parent.iterdir()) == []


def test_a_command_that_hangs_is_ended_with_its_children(tmp_path):
    script = program(tmp_path / "hangs", f"#!/bin/sh\nsleep 60 &\necho $! > {tmp_path}/child\nwait\n")
    with pytest.raises(FetchFailedError, match="not done within 1 s"):
        run_with_progress((str(script),), os.environ, "hanging", 1.0, print)
    child = int((tmp_path / "child").read_text())
    for _ in range(100):
        status = Path(f"/proc/{child}/stat")
        if not status.exists() or status.read_text().split()[2] == "Z":
            return
        time.sleep(0.02)
    pytest.fail("the child of the hanging command still runs")


def test_progress_is_said_while_it_takes_time(monkeypatch):
    monkeypatch.setattr("rso_onebox.fetching._PROGRESS_EVERY_SECONDS", 0.2)
    said = []
    run_with_progress(("sleep", "0.7"), os.environ, "sleeping", 10.0, said.append)
    assert said
    assert all(line.startswith("sleeping: ") for line in said)


def test_the_time_skipping_server_found_here_starts_and_listens():
    found = find_test_server()
    if found is None:
        pytest.skip("neither Maven and Java nor a download: no time-skipping server on this machine")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen([str(found), str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            assert listens(port, 20)
        finally:
            server.kill()


def listens(port: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False


def test_without_a_time_skipping_server_one_line_says_why(nothing):
    said = []
    assert find_test_server(nothing, said.append) is None
    assert len(said) == 1
    assert "no `java` on PATH" in said[0]


def test_a_maven_that_fails_is_named(tmp_path, nothing):
    for name in ("java", "mvn"):
        program(tmp_path / "bin" / name, "#!/bin/sh\necho 'no repository' >&2\nexit 1\n")
    said = []
    assert find_test_server(nothing | {"PATH": str(tmp_path / "bin")}, said.append) is None
    assert "Maven: no repository" in said[-1]
    assert not [path for path in (tmp_path / ".cache" / "rso").iterdir() if path.name.startswith(".fetch-")]
