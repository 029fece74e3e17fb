"""The example receiver is killed and started again while a platform's events come: it has every one of 20 sponsors, without a gap."""

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

from rso_shared.contracts.intake import CoveredLivesStated, OrganisationRegistered
from rso_shared.contracts.vocabulary import Stage
from subscriptions.receiving import delivering, free_port, until
from subscriptions.scene import PLATFORM, endpoint, entered, grant, large, opened, rows

EXAMPLE = Path(__file__).parents[2] / "examples" / "webhook_receiver.py"
SPONSORS = [f"employer-{number:02}" for number in range(20)]
MOVES = (Stage.SCREENING, Stage.COMPILING_RECORDS, Stage.DELIVERED, Stage.CLOSED)
CASES, KILLS = 4, 5


def start(port: int, file: Path, secret: str) -> "subprocess.Popen[str]":
    argv = [sys.executable, str(EXAMPLE), "--port", str(port), "--file", str(file)]
    process = subprocess.Popen(argv, env={**os.environ, "WEBHOOK_SECRET": secret}, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().startswith("listening")
    return process


def events(file: Path) -> list[dict]:
    text = file.read_text() if file.exists() else ""
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def test_every_event_of_twenty_sponsors_is_there_once_and_in_order(subs, tmp_path):
    for sponsor in SPONSORS:
        subs.receive(
            OrganisationRegistered(organisation_id=sponsor, kind="sponsor", name=sponsor),
            CoveredLivesStated(organisation_id=sponsor, covered_lives=500),
        )
        large(subs, sponsor)
        grant(subs, sponsor)
    platform = subs.client("platform", "engineer", PLATFORM)
    port, file = free_port(), tmp_path / "received.jsonl"
    id_ = endpoint(subs, f"http://127.0.0.1:{port}/", platform)
    secret = platform.get(f"/v1/endpoints/{id_}/secret").json()["secret"]
    process = start(port, file, secret)
    try:
        with delivering(subs):
            for sponsor in SPONSORS:
                subs.receive(*(opened(f"new{number}", sponsor, partner=None) for number in range(CASES)))
            for number in range(KILLS):
                until(lambda seen=len(events(file)): len(events(file)) > seen)
                process.kill()
                process.communicate()
                for stage in MOVES if number == 0 else ():
                    subs.receive(*(entered(f"new{n}", stage, sponsor) for sponsor in SPONSORS for n in range(CASES)))
                time.sleep(0.3)
                process = start(port, file, secret)
                subs.clock.set(subs.clock.now() + timedelta(hours=2))
            wanted = len(rows(subs, PLATFORM))
            assert wanted == len(SPONSORS) * CASES * (1 + len(MOVES))
            until(lambda: _onwards(subs, file) >= wanted, 60)
    finally:
        process.kill()
        process.communicate()
    got = events(file)
    assert sorted(event["sequence"] for event in got) == list(range(1, wanted + 1))
    assert len({event["id"] for event in got}) == wanted
    assert {event["sponsor"]["external_id"] for event in got} == {f"ext-{sponsor}" for sponsor in SPONSORS}
    by_case = defaultdict(list)
    for event in got:
        by_case[event["data"]["case"]].append(event["sequence"])
    assert all(numbers == sorted(numbers) for numbers in by_case.values())


def _onwards(subs, file: Path) -> int:
    """Time goes on while it is waited: what rests is tried again."""
    subs.clock.set(subs.clock.now() + timedelta(seconds=30))
    time.sleep(0.1)
    return len(events(file))
