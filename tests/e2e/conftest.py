"""Real processes are dear: one seeded folder to copy, one running onebox, and each demo run is made once and looked at often."""

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from e2e import logbook, runs
from e2e.onebox import Onebox, copy, wait_for
from e2e.outage import OUTAGE_TEST, live_through_an_outage
from e2e.scene import Scene, waiting_for_records
from rso_onebox import loading
from rso_onebox.datadir import DataDir
from rso_onebox.temporal_cli import TemporalMissingError, find_temporal_cli


@pytest.fixture(scope="session", autouse=True)
def temporal() -> Path:
    """The dev server, found or fetched as a user's `rso up` would."""
    try:
        return find_temporal_cli(say=lambda _text: None)
    except TemporalMissingError as missing:
        pytest.skip(f"no Temporal dev server: {str(missing).splitlines()[-1].strip()}")


@pytest.fixture(scope="session")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("e2e")


@pytest.fixture(scope="session")
def template(rooms: Path, temporal: Path) -> Path:
    """A stopped deployment with defaults and demo data and no case."""
    box = Onebox(rooms / "template").start()
    try:
        loading.init(box.address, box.issuer, lambda _text: None)
        loading.seed(box.address, box.issuer, lambda _text: None)
        wait_for("quiet", lambda: logbook.quiet(box.data))
    finally:
        assert box.stop() == 0, box.said()
    return box.data.root


@pytest.fixture(scope="session", autouse=True)
def outage(request: pytest.FixtureRequest, rooms: Path, template: Path) -> Iterator["Future[dict[str, Any]] | None"]:
    """Two minutes of mostly waiting: they pass while the other tests run."""
    if not any(OUTAGE_TEST in item.name for item in request.session.items):
        yield None
        return
    with ThreadPoolExecutor(1, "outage") as beside:
        yield beside.submit(live_through_an_outage, copy(template, rooms / "outage"))


@pytest.fixture(scope="session")
def onebox(rooms: Path, template: Path) -> Iterator[Onebox]:
    """One running deployment for everything that leaves it as it was, or does not care."""
    box = Onebox(copy(template, rooms / "shared")).start()
    yield box
    box.end()


@pytest.fixture(scope="session")
def allena(rooms: Path, template: Path) -> runs.Run:
    return runs.beside_a_running_onebox(copy(template, rooms / "default"))


@pytest.fixture(scope="session")
def sueann(rooms: Path, template: Path) -> runs.Run:
    return runs.demo(copy(template, rooms / "small"), runs.SUEANN)


@pytest.fixture(scope="session")
def jenny(rooms: Path, temporal: Path) -> runs.Run:
    """From nothing: this demo starts, loads and seeds by itself."""
    return runs.demo(rooms / "mcode", runs.JENNY)


@pytest.fixture
def tampered(sueann: runs.Run, tmp_path: Path) -> DataDir:
    """A copy of a finished deployment, to be spoilt."""
    assert sueann.result["stage"] == "delivered"
    return DataDir(copy(sueann.data.root, tmp_path / "tampered"))


@pytest.fixture(scope="session")
def allena_patient() -> dict[str, Any]:
    entries = json.loads(runs.text_of(runs.ALLENA))["entry"]
    patients: list[dict[str, Any]] = [e["resource"] for e in entries if e["resource"]["resourceType"] == "Patient"]
    return patients[0]


@pytest.fixture(scope="session")
def scene(onebox: Onebox) -> Iterator[Scene]:
    made = waiting_for_records(onebox)
    yield made
    made.http.close()
    made.cast.close()


@pytest.fixture
def unchanged(scene: Scene) -> Iterator[None]:
    """Around a refusal: not one event more, in no service."""
    wait_for("quiet", scene.box.quiet)
    before = scene.box.events().total()
    yield
    assert scene.box.events().total() == before
