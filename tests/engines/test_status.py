"""The connection facts, as other programs read them, and the command around them."""

import json
import os
import sys
import tempfile
from pathlib import Path

import pytest

from rso_engines.__main__ import main
from rso_engines.engines import Engines, ordered
from rso_engines.errors import EngineError
from rso_engines.running import run, told
from rso_engines.secret_file import Role
from rso_engines.status import EngineStatus, Status

STATUS = Status(
    "/data",
    {
        "kafka": EngineStatus("kafka", "running", 11, 19092, "/data/log/kafka.log"),
        "postgres": EngineStatus("postgres", "stopped", None, 15432, "/data/log/postgres.log"),
        "temporal": EngineStatus("temporal", "stopped", None, None, "/data/log/temporal.log"),
    },
    {"postgres": Role("aa"), "rso_one": Role("bb", ["rso_one", "rso_one_keys"])},
)


def test_as_json() -> None:
    said = STATUS.as_json()
    assert said["kafka"] == "127.0.0.1:19092"
    assert said["temporal"] is None
    assert said["postgres"] == {
        "host": "127.0.0.1",
        "port": 15432,
        "superuser": "postgres",
        "password": "aa",
        "url": "postgresql://postgres:aa@127.0.0.1:15432/postgres",
        "roles": {
            "rso_one": {
                "password": "bb",
                "databases": {
                    "rso_one": "postgresql://rso_one:bb@127.0.0.1:15432/rso_one",
                    "rso_one_keys": "postgresql://rso_one:bb@127.0.0.1:15432/rso_one_keys",
                },
            }
        },
    }
    assert said["engines"]["kafka"] == {
        "state": "running",
        "pid": 11,
        "address": "127.0.0.1:19092",
        "log": "/data/log/kafka.log",
    }


def test_lines_for_people_hold_no_password() -> None:
    lines = STATUS.as_lines()
    assert "kafka     running on 127.0.0.1:19092, pid 11" in lines
    assert not any("aa" in line or "bb" in line for line in lines[1:])


def test_what_a_command_is_told() -> None:
    assert told(STATUS, ["kafka", "postgres"], {"temporal": "no go"}) == {
        "RSO_TEST_KAFKA": "127.0.0.1:19092",
        "RSO_TEST_POSTGRES": "postgresql+psycopg://postgres:aa@127.0.0.1:15432/postgres",
        "RSO_TEST_TEMPORAL_MISSING": "no go",
    }


def test_order_and_needs() -> None:
    assert ordered([]) == ["kafka", "postgres", "temporal"]
    assert ordered(["temporal"]) == ["temporal"]
    assert ordered(["temporal"], needed=True) == ["postgres", "temporal"]
    with pytest.raises(EngineError, match="no engine named mysql; there are kafka, postgres, temporal"):
        ordered(["mysql"])


def test_a_folder_on_which_nothing_was_started(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--data", str(tmp_path), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["kafka"], said["postgres"], said["temporal"]) == (None, None, None)
    assert main(["down", "--data", str(tmp_path)]) == 0
    assert "kafka was not running" in capsys.readouterr().err
    assert not Engines(tmp_path).kill("kafka")


def test_mistakes_are_told_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["up", "mysql", "--data", str(tmp_path)]) == 1
    assert "no engine named mysql" in capsys.readouterr().err
    assert main(["up", "postgres", "--databases", "a;b", "--data", str(tmp_path)]) == 1
    assert "no name for a database" in capsys.readouterr().err
    assert main(["run", "--data", str(tmp_path)]) == 1
    assert "run needs a command" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["up", "--port", "kafka=x"])


def test_a_command_runs_without_an_engine_that_cannot_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setenv("RSO_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    script = "import os, sys; sys.exit(5 if 'no `java`' in os.environ['RSO_TEST_KAFKA_MISSING'] else 6)"
    said: list[str] = []
    assert run(tmp_path / "data", ["kafka"], [sys.executable, "-c", script], said.append) == 5
    assert any(line.startswith("without kafka: ") for line in said)
    assert "RSO_TEST_KAFKA_MISSING" not in os.environ
