"""`rso demo`, `verify`, `token`, `init`, `seed`, `rebuild` as somebody types them."""

import json
import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from e2e import logbook, runs
from e2e.onebox import Onebox, environ, rso
from rso_onebox.datadir import DataDir

BUDGET_EVENTS, BUDGET_BYTES = 150, 60_000


@pytest.mark.parametrize("name", ["allena", "sueann", "jenny"])
def test_a_bundle_becomes_a_delivered_report(name: str, request: pytest.FixtureRequest) -> None:
    run: runs.Run = request.getfixturevalue(name)
    result = run.result
    assert {"case_id", "stage", "report", "workflow", "timeline"} <= set(result)
    assert result["stage"] == "delivered"
    assert 0 < result["workflow"]["events"] <= BUDGET_EVENTS
    assert 0 < result["workflow"]["bytes"] <= BUDGET_BYTES
    for kind, path in result["report"].items():
        content = Path(path).read_bytes()
        assert content.startswith(b"%PDF-") if kind.endswith("pdf") else json.loads(content)["case_id"], path
    types = [fact["type"] for fact in result["timeline"]]
    assert types[0] == "case_submitted"
    assert {"opinion_signed", "opinion_released", "charge_captured", "honorarium_accrued"} <= set(types)


@pytest.mark.parametrize("name", ["sueann", "jenny"])
def test_verify_finds_nothing_after_a_demo(name: str, request: pytest.FixtureRequest) -> None:
    run: runs.Run = request.getfixturevalue(name)
    done = rso(run.data.root, "verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(
        r"verified: [\d,]+ events in [\d,]+ streams, [\d,]+ facts, 1 case, \d+ entries of access logs; 0 faults\n",
        done.stdout,
    )


def test_a_bundle_without_patient_is_refused_before_anything_starts(tmp_path: Path) -> None:
    run = runs.demo(tmp_path / "none", runs.LABORATORY)
    assert run.code == 1
    assert json.loads(run.stdout)["refused"] in {"bundle_patient_missing", "bundle_condition_missing"}
    assert not run.data.root.exists()


def without_condition(bundle: dict[str, Any]) -> None:
    bundle["entry"] = [each for each in bundle["entry"] if each["resource"]["resourceType"] != "Condition"]


def without_patient(bundle: dict[str, Any]) -> None:
    bundle["entry"] = [each for each in bundle["entry"] if each["resource"]["resourceType"] != "Patient"]


@pytest.mark.parametrize(
    ("change", "code"), [(without_condition, "bundle_condition_missing"), (without_patient, "bundle_patient_missing")]
)
def test_a_bundle_that_lacks_what_a_case_needs(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], code: str
) -> None:
    bundle = json.loads(runs.text_of(runs.SUEANN))
    change(bundle)
    file = tmp_path / "bundle.json"
    file.write_text(json.dumps(bundle))
    _refused(tmp_path, file, code)


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "bundle_unreadable"), (b"{}", "bundle_not_a_bundle"), (runs.text_of(runs.SUEANN)[:5000], "bundle_unreadable"),
     (b'{"resourceType": "Bundle", "type": "collection", "entry": []}', "bundle_empty"),
     (runs.SUEANN.read_bytes()[:5000], "bundle_unreadable")],
    ids=["empty file", "no bundle", "truncated", "empty bundle", "truncated gzip"],
)  # fmt: skip
def test_an_empty_or_truncated_bundle(tmp_path: Path, content: bytes, code: str) -> None:
    file = tmp_path / "bundle.json"
    file.write_bytes(content)
    _refused(tmp_path, file, code)


def _refused(folder: Path, bundle: Path, code: str) -> None:
    run = runs.demo(folder / "data", bundle)
    assert (run.code, json.loads(run.stdout)["refused"]) == (1, code)
    assert "Kuhic" not in run.stdout + run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert not run.data.root.exists()


def _tables(data: DataDir) -> dict[str, list[Any]]:
    """Every row of every table of every store, in no order."""
    found = {}
    for short, path in logbook.stores(data):
        with closing(sqlite3.connect(path)) as db:
            names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            found |= {f"{short}.{name}": sorted(map(repr, db.execute(f'SELECT * FROM "{name}"'))) for name in names}
    return found


def test_a_rebuild_leaves_every_read_model_as_it_was(tampered: DataDir) -> None:
    before = _tables(tampered)
    done = rso(tampered.root, "rebuild")
    assert done.returncode == 0, done.stderr
    assert "intake: cases rebuilt from" in done.stderr
    after = _tables(tampered)
    assert sorted(after) == sorted(before)
    assert [name for name, rows in after.items() if rows != before[name]] == []


def test_a_token_opens_what_its_role_may(onebox: Onebox) -> None:
    done = rso(onebox.data.root, "token", "finance", "--subject", "ada")
    head = {"authorization": f"Bearer {done.stdout.strip()}"}
    assert httpx.get(f"{onebox.address}/v1/ledger/trial-balance", headers=head).status_code == 200
    assert httpx.get(f"{onebox.address}/v1/reviews", headers=head).status_code == 403
    unknown = rso(onebox.data.root, "token", "emperor")
    assert unknown.returncode == 2
    assert "There is no role emperor. Roles: partner, " in unknown.stderr


@pytest.mark.parametrize("verb", ["init", "seed"])
def test_loading_again_changes_nothing(onebox: Onebox, verb: str) -> None:
    before = logbook.events(onebox.data)
    for _ in range(2):
        done = rso(onebox.data.root, verb)
        assert done.returncode == 0, done.stderr
    after = logbook.events(onebox.data)
    loaded = [name for name in after if "notice" not in name and not name.startswith("coordinator.")]
    assert {name: after[name] for name in loaded} == {name: before[name] for name in loaded}
    assert after["matching.specialist_registered"] == 500


def test_a_folder_that_is_none_and_one_that_does_not_run(tmp_path: Path, sueann: runs.Run) -> None:
    nothing = rso(tmp_path, "verify")
    assert (nothing.returncode, len(nothing.stderr.splitlines())) == (2, 1)
    stopped = rso(sueann.data.root, "seed")
    assert (stopped.returncode, len(stopped.stderr.splitlines())) == (2, 1)
    assert "Start it with `rso up`" in stopped.stderr


def test_without_any_temporal_server_one_error_names_the_five_ways(tmp_path: Path) -> None:
    """No network either: the SDK's download is sent to a port where nobody listens."""
    tools = tmp_path / "bin"
    tools.mkdir()
    go = tools / "go"
    go.write_text("#!/bin/sh\necho 'module lookup disabled by GOPROXY=off' >&2\nexit 1\n")
    go.chmod(0o755)
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
    env = environ(PATH=str(tools), HOME=str(tmp_path), RSO_CACHE_DIR=str(tmp_path / "cache"), **nowhere)
    env.pop("RSO_TEMPORAL_CLI", None)
    started = time.monotonic()
    done = rso(tmp_path / "data", "up", "--port", "0", env=env)
    assert time.monotonic() - started < 60
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    error = done.stderr[done.stderr.index("rso up: ") :].splitlines()
    assert error[0].startswith("rso up: There is no Temporal dev server on this machine")
    assert [line.split(".")[0].strip() for line in error[1:]] == ["1", "2", "3", "4", "5"]
    assert "module lookup disabled" in error[5]
