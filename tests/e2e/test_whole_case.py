"""One case on the real dev server while the process is killed again and again: everything arrives, and everything once."""

import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import httpx
import pytest

from e2e import logbook, runs
from e2e.killing import Killer
from e2e.onebox import RSO, Onebox, copy, environ, rso, wait_for
from e2e.playing import WatchedCast, sueann_case
from rso_onebox import client
from rso_onebox.demo_story import Story
from rso_shared.contracts.vocabulary import Stage

SEED = 20261123
NAMED = 4
RANDOM = 4


@pytest.fixture(scope="module")
def killed(rooms: Path, template: Path) -> Iterator[tuple[Onebox, Story, Killer]]:
    """The story played to its end; the deployment runs on."""
    box = Onebox(copy(template, rooms / "killed")).start()
    killer = Killer(box, seed=SEED, moments=RANDOM)
    cast = WatchedCast(box.address, box.issuer, watcher=killer.watcher)
    story = Story(cast, sueann_case(), {}, lambda _who, _what: None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "RETRIES", 400)
        try:
            story.play()
            killer.join()
            wait_for("quiet", lambda: logbook.quiet(box.data))
            yield box, story, killer
        finally:
            killer.join()
            cast.close()
            box.end()


def of_services(counts: Counter[str]) -> dict[str, int]:
    """What a case makes; only the command's own run has receivers that listen."""
    return {name: count for name, count in counts.items() if not name.startswith(("coordinator.", "subscriptions."))}


def test_the_case_is_delivered_in_spite_of_all_kills(killed: tuple[Onebox, Story, Killer]) -> None:
    box, story, killer = killed
    assert killer.named == NAMED
    assert killer.random == RANDOM
    assert "stopping a Temporal dev server that an earlier run left behind" in box.said()
    desk = story.cast.desk
    assert desk.get(story.path())["stage"] == "delivered"
    workflow = desk.get(story.path("/workflow"))
    assert workflow["events"] <= 200
    assignment = desk.get(story.path("/assignment"))["assignment"]
    assert assignment["specialist_id"] == story.specialist_id


MUST = {"screening", "matching", "in_review", "quality_review", "delivered"}
"""What cannot be done without the coordinator. In the others nobody waits if what they wait for came while it was away."""


def test_every_effect_happened_once(killed: tuple[Onebox, Story, Killer], sueann: runs.Run) -> None:
    """The undisturbed run of the same case is the judge: the same events, each as often, no more."""
    assert sueann.result["stage"] == "delivered"
    box, _, _ = killed
    disturbed, calm = logbook.events(box.data), logbook.events(sueann.data)
    seen_by_reader = "opinions.opinion_viewed"
    calm.pop(seen_by_reader)
    disturbed.pop(seen_by_reader, None)
    assert of_services(disturbed) == of_services(calm)
    assert disturbed["billing.charge_captured"] == disturbed["billing.honorarium_accrued"] == 1
    assert disturbed["matching.offer_accepted"] == 1
    for data in (box.data, sueann.data):
        entered = logbook.stages(data)
        assert entered == [stage.value for stage in Stage if stage.value in entered]
        assert set(entered) >= MUST


def test_one_mail_per_notice(killed: tuple[Onebox, Story, Killer]) -> None:
    box, _, _ = killed
    mails = logbook.mails(box.data)
    counted = logbook.events(box.data)
    requested = sum(count for name, count in counted.items() if name.endswith(".notice_requested"))
    sent = sum(count for name, count in counted.items() if name.endswith(".notice_sent"))
    assert len(mails) == requested == sent
    assert len({mail["Message-ID"] for mail in mails}) == len(mails)
    assert len({(mail["To"], mail["Subject"]) for mail in mails}) == len(mails)


def test_operations_heard_every_fact_once(killed: tuple[Onebox, Story, Killer]) -> None:
    box, _, _ = killed
    sent = [
        row[0]
        for _, path in logbook.stores(box.data)
        for row in logbook.rows(path, "SELECT event_id FROM outbox WHERE topic <> 'rso.heads.v1'")
    ]
    kept = logbook.rows(logbook.store(box.data, "operations"), "SELECT event_id, stream, version FROM facts")
    assert sorted(row[0] for row in kept) == sorted(sent)
    assert len({(stream, version) for _, stream, version in kept}) == len(kept)


def test_one_assignment_is_active_and_uploads_are_stored_once(killed: tuple[Onebox, Story, Killer]) -> None:
    box, story, _ = killed
    documents = story.cast.desk.get(story.path("/documents"))["documents"]
    assert len(documents) == len(story.case.facilities)
    stored = logbook.rows(logbook.store(box.data, "records"), "SELECT state FROM blobs")
    assert [row[0] for row in stored].count("stored") == len(documents)
    assert len(logbook.rows(logbook.store(box.data, "matching"), "SELECT * FROM assignments")) == 1


def test_verify_finds_nothing_after_an_orderly_stop(killed: tuple[Onebox, Story, Killer]) -> None:
    box, _, _ = killed
    assert box.stop(signal.SIGINT) == 0, box.said()
    assert box.temporal_pids() == []
    done = rso(box.data.root, "verify")
    assert done.returncode == 0, done.stdout
    assert "; 0 faults" in done.stdout


def test_a_second_start_on_the_same_folder_is_refused(onebox: Onebox) -> None:
    second = rso(onebox.data.root, "up", "--port", "0")
    assert second.returncode == 2
    holder = f"process {onebox.process.pid} at {onebox.address}"
    advice = "stop it, or choose another folder with --data or RSO_DATA_DIR."
    assert second.stderr == f"rso up: {onebox.data.root} is in use by {holder}; {advice}\n"
    assert httpx.get(f"{onebox.address}/readyz").status_code == 200


def test_a_taken_port_is_refused(tmp_path: Path, onebox: Onebox) -> None:
    done = rso(tmp_path / "other", "up", "--port", str(onebox.port))
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"rso up: Port {onebox.port} is taken; choose another with --port, or --port 0 for any free one."
    ]


def test_signals_stop_everything_and_a_restart_goes_on(rooms: Path, template: Path) -> None:
    box = Onebox(copy(template, rooms / "stopped"))
    before = logbook.total(box.data)
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            box.start()
            ready = httpx.get(f"{box.address}/readyz").json()
            assert ready["ready"] is True, ready
            assert len(box.temporal_pids()) == 1
            assert box.stop(number) == 0, box.said()
            assert box.temporal_pids() == []
        assert "Traceback" not in box.said()
        assert len(re.findall(f"at {box.address}", box.said())) == 2
        assert logbook.total(box.data) == before
    finally:
        box.end()


def test_a_signal_while_starting_leaves_no_server_behind(rooms: Path, template: Path) -> None:
    root = copy(template, rooms / "stopped-early")
    box = Onebox(root)
    argv = (*RSO, "--data", str(root), "up", "--port", "0")
    starting = subprocess.Popen(argv, env=environ(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        wait_for("the dev server", box.temporal_pids)
        starting.send_signal(signal.SIGTERM)
        starting.communicate(timeout=60)
        wait_for("the end of the dev server", lambda: not box.temporal_pids())
    finally:
        starting.kill()
        starting.wait()


def test_a_service_that_is_away_for_two_minutes(outage: "Future[dict[str, Any]]") -> None:
    lived = outage.result(600)
    assert lived["meanwhile"] == "summarizing", "matching begins when its service has begun it"
    assert lived["stage"] == "delivered"
    assert lived["history"]["events"] <= 200
    assert lived["faults"] == 0, "`rso verify` after an orderly stop"
