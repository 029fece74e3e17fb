"""What `rso load` takes for a success: every case delivered, nothing wrong and, under fire, every role hit."""

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from rso_cluster import load
from rso_cluster.audit import Verdict
from rso_cluster.audit_model import Counts, Finding, Kind
from rso_cluster.folder import Folder
from rso_cluster.load_client import Tally
from rso_cluster.load_drive import Driven
from rso_onebox.datadir import DataDir, DataDirError, Lock

WELL: dict[str, Any] = {
    "lost": 0, "duplicated": 0, "stuck": 0, "changed": 0, "failed": 0, "cases": 20, "delivered": 20,
    "kills": {}, "kills_wanted": 0, "points": {},
}  # fmt: skip
UNDER_FIRE = {**WELL, "kills": {"intake.api": 16, "kafka": 14}, "kills_wanted": 30}
CASES: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    (WELL, {}, True),
    (WELL, {"lost": 1}, False),
    (WELL, {"duplicated": 1}, False),
    (WELL, {"stuck": 1}, False),
    (WELL, {"changed": 1}, False),
    (WELL, {"failed": 1}, False),
    (WELL, {"delivered": 19}, False),
    (WELL, {"delivered": 0}, False),
    (WELL, {"points": {"intake.api": {"mid-chunk": 3}, "intake.relay": {"mid-swap": 1}}}, True),
    (WELL, {"points": {"intake.api": {"mid-chunk": 3}, "intake.relay": {"mid-swap": 0}}}, False),
    (UNDER_FIRE, {}, True),
    (UNDER_FIRE, {"kills": {"intake.api": 30, "kafka": 0}}, False),
    (UNDER_FIRE, {"kills": {"intake.api": 15, "kafka": 14}}, False),
]


@pytest.mark.parametrize(("base", "change", "well"), CASES)
def test_what_passes(base: dict[str, Any], change: dict[str, Any], *, well: bool) -> None:
    assert load.passed({**base, **change}) is well


def driven() -> Driven:
    return Driven(
        ["a", "b", "c"],
        ["a", "b", "c", "d"],
        ["d: gave up"],
        [4.0, 2.0, 9.0],
        Tally(70, 5, Counter({404: 2, 500: 1})),
        12.0,
    )


def verdict() -> Verdict:
    finding = Finding(Kind.LOST, "case", "case d", "was accepted, and no store has it")
    return Verdict([finding], Counts(cases=3, delivered=3, events=50, trial_balance=Counter(USD=0)))


def test_the_report_counts_what_was_driven_and_what_the_auditor_found() -> None:
    found = load.result(driven(), 4, {"kafka": 2}, 1, verdict())
    assert (found["cases"], found["delivered"], found["failed"], found["lost"], found["stuck"]) == (4, 3, 1, 1, 0)
    assert (found["cases_per_second"], found["case_seconds"]) == (0.25, {"median": 4.0, "longest": 9.0})
    assert (found["requests"], found["sent_again"], found["kills"]) == (70, 5, {"kafka": 2})
    assert found["refused"] == {"404": 2, "500": 1}
    assert not load.passed({**found, "points": {}})


def test_a_case_that_nobody_tells_of_is_no_success() -> None:
    lost = driven()
    lost.failed.clear()
    found = {**load.result(lost, 4, {}, 0, Verdict([], Counts())), "points": {}}
    assert (found["cases"], found["delivered"], found["failed"]) == (4, 3, 0)
    assert not load.passed(found)
    assert load.passed({**load.result(lost, 3, {}, 0, Verdict([], Counts())), "points": {}})


def test_the_report_in_words_names_what_is_wrong() -> None:
    told = load.words(load.result(driven(), 4, {"kafka": 2}, 1, verdict()))
    for part in (
        "3 of 4 cases delivered",
        "lost 1",
        "kafka 2",
        "2 times 404",
        "was accepted, and no store has it",
        "d: gave up",
    ):
        assert part in told


def test_without_a_folder_a_cluster_that_runs_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RSO_DATA_DIR", raising=False)
    given = argparse.Namespace(data=None)
    assert load.preferred(given) == "live"
    at = tmp_path / ".rso" / "cluster"
    at.mkdir(parents=True)
    lock = Lock(DataDir(at))
    lock.acquire()
    assert load.preferred(given) == "cluster"
    lock.release()
    assert load.preferred(given) == "live"


def test_a_cluster_that_is_stopped_is_no_place_for_a_onebox(tmp_path: Path) -> None:
    folder = Folder(DataDir(tmp_path))
    folder.ports.parent.mkdir()
    folder.ports.write_text("{}")
    with pytest.raises(DataDirError, match="Nothing runs"):
        load.chosen(folder.data, lambda _text: None)


def test_a_cluster_without_all_its_roles_is_refused(tmp_path: Path) -> None:
    folder = Folder(DataDir(tmp_path))
    folder.ports.parent.mkdir()
    folder.ports.write_text("{}")
    lock = Lock(folder.data)
    lock.acquire()
    lock.say("http://127.0.0.1:1")
    said: list[str] = []
    with pytest.raises(DataDirError, match=r"no process.*billing\.api.*coordinator\.worker.*kafka, postgres, temporal"):
        load.chosen(folder.data, said.append)
    assert said
    assert said[0].startswith("the cluster on")
    lock.release()
