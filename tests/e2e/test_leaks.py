"""Nothing that names the patient of a finished case stands outside the sealed parts: not in a file, a log, a span, an answer."""

import base64
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from e2e import logbook, runs, tally
from e2e.onebox import Onebox, copy
from e2e.playing import sueann_case
from e2e.searching import OUTPUTS, haystacks, search, strings_of
from rso_onebox.client import ApiError
from rso_onebox.demo_people import Cast, submission
from rso_onebox.demo_story import PROGRAM
from support.pages import Staff, held_against_the_stores


@pytest.fixture(scope="module")
def strings(allena_patient: dict[str, Any], allena: runs.Run) -> set[str]:
    """Of the bundle, and the address that the demo made up for her."""
    assert allena.result["stage"] == "delivered"
    mails = (allena.data.mail).glob("*.eml")
    invented = {part for mail in mails for part in mail.read_text().split() if part.startswith("<patient-")}
    assert len(invented) == 1
    return {*strings_of(allena_patient), *(address.strip("<>") for address in invented)}


def test_the_strings_are_those_of_the_patient(strings: set[str]) -> None:
    assert {
        "Allena79",
        "Allena",
        "Koepp521",
        "Koepp",
        "Noma845",
        "Noma",
        "999-59-6252",
        "S99976523",
        "X15125536X",
    } < strings
    assert {"555-442-2909", "5554422909", "819 Block Highlands", "1974-05-21", "05/21/1974"} < strings


def test_no_file_of_the_data_folder_names_the_patient(allena: runs.Run, strings: set[str]) -> None:
    places = list(haystacks(allena.data.root))
    files = [place for place, _ in places if not place.endswith(" (cells)")]
    names = {Path(file).name for file in files}
    assert {"store.db", "keys.db", "access.db", "broker.db", "temporal.db", "temporal.log", "rso.log"} <= names
    assert any(file.endswith("-wal") for file in files)
    assert any("blobs" in file for file in files)
    assert search(places, strings) == []
    tally.add(files=len(files), strings=len(strings))


def test_what_left_for_subscribers_names_nobody(allena: runs.Run, strings: set[str]) -> None:
    """The very bytes of every webhook and of every page of a feed: payloads are stored as they are sent."""
    with closing(sqlite3.connect(f"file:{allena.data.service('subscriptions') / 'store.db'}?mode=ro", uri=True)) as db:
        payloads = [row[0].encode() for row in db.execute("SELECT payload FROM feed")]
        attempts = db.execute("SELECT count(*) FROM attempts WHERE outcome = 'delivered'").fetchone()[0]
    assert len(payloads) > 10
    assert attempts > 10
    assert search([(f"event {number}", payload) for number, payload in enumerate(payloads)], strings) == []
    received = allena.result["received"]["example-health"]
    assert received[0]["type"] == "case.opened"
    assert "case.delivered" in {event["type"] for event in received}
    assert allena.result["received"]["example-employer"] == [], "one case is too few to tell of"


def test_outputs_for_people_are_theirs_alone(allena: runs.Run, strings: set[str]) -> None:
    """They do name the patient: so the detector finds what is there, and the folders are closed to others."""
    for name in OUTPUTS:
        folder = allena.data.root / name
        assert folder.stat().st_mode & 0o077 == 0
    mail = [(file.name, file.read_bytes()) for file in allena.data.mail.iterdir()]
    assert {"Allena79", "Koepp521"} <= {hit.text for hit in search(mail, strings)}


@pytest.mark.parametrize("offset", [0, 1, 2])
def test_the_search_finds_what_is_planted(tmp_path: Path, strings: set[str], offset: int) -> None:
    planted = {
        "raw.bin": b"\x00\xffKoepp521\xff",
        "base64.txt": base64.b64encode(b"x" * offset + b'{"name":"Koepp521"}'),
        "wide.bin": "  Koepp521".encode("utf-16"),
    }
    for name, content in planted.items():
        (tmp_path / name).write_bytes(content)
    with closing(sqlite3.connect(tmp_path / "cells.db")) as db, db:
        db.execute("CREATE TABLE t (a TEXT)")
        db.execute("INSERT INTO t VALUES (?)", ("y" * 4080 + "Koepp521" + "y" * 9000,))
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "one.eml").write_bytes(b"Koepp521")
    found = {hit.place for hit in search(haystacks(tmp_path), strings) if hit.text == "Koepp521"}
    assert found == {*planted, "cells.db (cells)"} | ({"cells.db"} & found)


def test_what_the_processes_said_names_nobody(allena: runs.Run, strings: set[str]) -> None:
    assert allena.said is not None
    said = [("up", allena.said.read_bytes()), ("demo", allena.stdout.encode() + allena.stderr.encode())]
    assert all(content for _, content in said)
    assert search(said, strings) == []


def test_spans_name_nobody(allena: runs.Run, strings: set[str]) -> None:
    assert allena.spans is not None
    spans = allena.spans.read_bytes()
    assert spans.count(b'"trace_id"') > 100
    assert b"/v1/cases/{case_id}/documents" in spans
    assert search([("spans", spans)], strings) == []


Refusal = tuple[str, bytes]


@pytest.fixture(scope="module")
def refusals(onebox: Onebox) -> Iterator[list[Refusal]]:
    """Answers to requests that name a patient and are refused for one reason or another."""
    cast = Cast(onebox.address, onebox.issuer)
    body = submission(sueann_case(), cast, cast.partner.get(f"/v1/programs/{PROGRAM}"))
    wrong: list[Any] = [
        {**body, "patient": {**body["patient"], "name": "Sueann178 Kuhic920"}},
        {**body, "patient": {**body["patient"], "birth_date": "14.03.1960"}},
        {**body, "patient": {**body["patient"], "Kuhic920": "Kuhic920"}},
        {**body, "priority": "Kuhic920"},
        {**body, "program_id": "Kuhic920"},
    ]
    head = {"authorization": f"Bearer {onebox.issuer.token('x', cast.partner.role, cast.partner.organisation)}"}
    answers = []
    for number, one in enumerate([json.dumps(each) for each in wrong] + [json.dumps(body)[:-40]]):
        key = {"idempotency-key": f"refusal-{number}", "content-type": "application/json"}
        answers.append(httpx.post(f"{onebox.address}/v1/cases", content=one, headers={**head, **key}))
    for answer in answers:
        assert 400 <= answer.status_code < 500
    with pytest.raises(ApiError):
        cast.patient.get("/v1/cases/Kuhic920")
    foreign = httpx.get(f"{onebox.address}/v1/cases/Kuhic920", headers=head)
    yield [(str(answer.status_code), answer.content) for answer in [*answers, foreign]]
    cast.close()


def test_refusals_repeat_nothing(refusals: list[Refusal], onebox: Onebox) -> None:
    patient = next(
        entry["resource"]
        for entry in json.loads(runs.text_of(runs.SUEANN))["entry"]
        if entry["resource"]["resourceType"] == "Patient"
    )
    places = [*refusals, ("said", onebox.said().encode()), ("log", onebox.data.log.read_bytes())]
    assert search(places, strings_of(patient)) == []


def test_the_killed_folder_starts_again_and_its_pages_and_files_name_nobody(
    allena: runs.Run, rooms: Path, strings: set[str]
) -> None:
    """The write-ahead logs that were searched are folded in. What staff read and download is what the stores have, in codes alone."""
    box = Onebox(copy(allena.data.root, rooms / "default-again")).start()
    staff = Staff(box.address, "operations")
    held_against_the_stores(staff, logbook.stored(box.data), datetime.now(UTC))
    staff.get(
        f"/cases/{allena.result['case_id']}",
        "/cases?stage=all",
        "/cases?view=board",
        "/specialists",
        "/reports",
        "/health",
    )
    assert any(b"breast" in content for _, content in staff.read), "a case that is seen at all"
    assert search(staff.read, strings) == []
    assert box.stop() == 0
