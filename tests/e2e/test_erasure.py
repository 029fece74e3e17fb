"""A finished case's person is erased on a running deployment, killed in the middle; then the backup of before is put back."""

import json
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from e2e import logbook, runs
from e2e.onebox import Onebox, copy, rso, wait_for
from e2e.searching import haystacks, search, strings_of
from rso_onebox.client import Api, ApiError, until
from rso_onebox.demo_people import Cast
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.names import SERVICES

YEARS = timedelta(days=366 * 11)


class Office:
    """Two privacy officers and one desk at one deployment."""

    def __init__(self, box: Onebox, case_id: str) -> None:
        self.box, self.cast, self.case = box, Cast(box.address, box.issuer), f"/v1/cases/{case_id}"
        self.person_id: str = self.cast.desk.get(self.case)["person_id"]
        self.path = f"/v1/persons/{self.person_id}/erasure"

    def officer(self, number: int) -> Api:
        return self.cast.caller(Role.PRIVACY_OFFICER, f"officer-{number}")

    def ask(self) -> Any:
        return self.officer(1).post(self.path, {"reason": "person_request"})

    def refused(self, get: Any, *arguments: Any, **more: Any) -> tuple[int, str]:
        with pytest.raises(ApiError) as refusal:
            get(*arguments, **more)
        return refusal.value.status, refusal.value.code

    def close_case(self) -> None:
        self.cast.desk.post(f"{self.case}/closing", {"close_reason": "completed"})
        until(lambda: self.cast.desk.get(self.case)["stage"], lambda stage: stage == "closed", what="the closing")

    def advance(self) -> None:
        operations = self.cast.caller(Role.OPERATIONS, "ops")
        now = datetime.fromisoformat(operations.get("/v1/clock")["now"])
        operations.post("/v1/clock/advance", {"to": (now + YEARS).isoformat()})

    def balance(self) -> Any:
        shown = self.cast.finance.get("/v1/ledger/trial-balance")
        return {name: value for name, value in shown.items() if name != "as_of"}

    def gone(self) -> list[tuple[int, str]]:
        """What each way to the person answers."""
        desk, records = self.cast.desk, self.cast.records
        (document, *_) = logbook.rows(
            logbook.store(self.box.data, "records"),
            "SELECT json_extract(data, '$.document_id') FROM events WHERE name = 'records.document_received'",
        )
        return [
            self.refused(desk.get, f"{self.case}/person", purpose="care"),
            self.refused(desk.get, f"{self.case}/report"),
            self.refused(desk.download, f"{self.case}/report.pdf", rendering="patient"),
            self.refused(records.get, f"{self.case}/documents"),
            self.refused(records.download, f"{self.case}/documents/{document[0]}/content"),
        ]


@pytest.fixture(scope="module")
def erased(rooms: Path, sueann: runs.Run) -> Iterator[tuple[Office, Any, int]]:
    """With the trial balance and the number of looks from before."""
    box = Onebox(copy(sueann.data.root, rooms / "erased")).start()
    office = Office(box, sueann.result["case_id"])
    assert office.refused(office.ask) == (409, "person_has_open_case")
    office.close_case()
    assert office.refused(office.ask) == (409, "retention_runs")
    office.advance()
    before = office.balance(), looks(box)
    assert office.ask()["state"] == "requested"
    assert office.officer(2).post(f"{office.path}/approval")["state"] == "approved"
    box.kill()
    box.start()
    until(lambda: office.officer(1).get(office.path)["state"], lambda state: state == "completed", what="the erasure")
    wait_for("quiet", lambda: logbook.quiet(box.data))
    yield office, *before
    office.cast.close()
    box.end()


def looks(box: Onebox) -> int:
    """In all services together."""
    paths = [box.data.service(service.short) / "access.db" for service in SERVICES]
    return sum(int(logbook.rows(path, "SELECT COUNT(*) FROM access_log")[0][0]) for path in paths)


def test_every_service_has_answered_once(erased: tuple[Office, Any, int]) -> None:
    office, _, _ = erased
    certificate = office.officer(1).get(office.path)
    assert sorted(certificate["destroyed"]) == sorted(service.short for service in SERVICES)
    counted = logbook.events(office.box.data)
    assert {name: count for name, count in counted.items() if name.endswith(".key_destroyed")} == {
        f"{service.short}.key_destroyed": 1 for service in SERVICES
    }
    assert counted["intake.erasure_completed"] == 1


def test_every_way_to_the_person_answers_that_they_are_erased(erased: tuple[Office, Any, int]) -> None:
    assert set(erased[0].gone()) == {(410, "erased")}


def test_counts_and_books_stay(erased: tuple[Office, Any, int]) -> None:
    office, balance, looked = erased
    assert office.balance() == balance
    assert set(balance["difference_minor"].values()) == {0}
    assert looks(office.box) >= looked > 0
    assert office.cast.desk.get(office.case)["stage"] == "closed"


def test_no_key_and_no_object_is_left_and_nothing_names_the_patient(erased: tuple[Office, Any, int]) -> None:
    office, _, _ = erased
    data = office.box.data
    for service in SERVICES:
        keys = data.service(service.short) / "keys.db"
        found = logbook.rows(keys, "SELECT wrapped FROM person_keys WHERE person_id = ?", office.person_id)
        assert found == [(None,)], service.short
        blobs = data.service(service.short) / "blobs"
        assert [file for file in blobs.rglob("*") if file.is_file() and office.person_id in str(file)] == []
    people = "SELECT COUNT(*) FROM person_keys WHERE person_id = ?"
    assert logbook.rows(logbook.store(data, "intake"), people, office.person_id) == [(0,)]
    entries = json.loads(runs.text_of(runs.SUEANN))["entry"]
    patient = next(e["resource"] for e in entries if e["resource"]["resourceType"] == "Patient")
    assert search(haystacks(data.root), strings_of(patient)) == []


def test_a_restored_backup_forgets_again_before_it_is_ready(
    erased: tuple[Office, Any, int], sueann: runs.Run, rooms: Path
) -> None:
    """The folder as it was before, with the `secrets/` of today, as docs/operations.md says."""
    before = copy(sueann.data.root, rooms / "restored")
    shutil.rmtree(before / "secrets")
    shutil.copytree(erased[0].box.data.root / "secrets", before / "secrets")
    box = Onebox(before).start()
    try:
        office = Office(box, sueann.result["case_id"])
        assert set(office.gone()) == {(410, "erased")}
        office.cast.close()
    finally:
        box.end()


def test_the_log_is_still_whole(erased: tuple[Office, Any, int]) -> None:
    office, _, _ = erased
    assert office.box.stop() == 0
    said = rso(office.box.data.root, "verify")
    assert (said.returncode, "0 faults" in said.stdout) == (0, True), said.stdout + said.stderr
