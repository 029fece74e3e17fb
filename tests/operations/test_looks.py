"""Who looks at the pages: strangers cost no look at the database, everybody else is in the access log, once for each view."""

import sqlite3
import time

import httpx
import pytest
from sqlalchemy import text

from operations.cases import CASE, submitted
from operations.served import new_issuer, served, signed_in
from operations.walking import needs_chromium, walking
from rso_operations.app import SPEC
from rso_shared.contracts.coordinator import StageEntered
from rso_shared.contracts.vocabulary import Stage
from support.harness import START, Harness

UNKNOWN = "6f0c1b1e-5d1c-4c53-9a43-0a8d3f7f9d99"
VIEWS = {
    "/": ("today", None, None),
    "/cases": ("cases", None, None),
    "/cases?view=board": ("cases", None, None),
    "/cases.csv": ("cases", None, None),
    f"/cases/{CASE}": ("case", CASE, "person-1"),
    f"/cases/{CASE}?at=1": ("case", CASE, "person-1"),
    f"/cases/{UNKNOWN}": ("case", UNKNOWN, None),
}


@pytest.fixture
def filled(tmp_path):
    new_issuer(tmp_path)
    harness = Harness(SPEC, tmp_path / "data")
    harness.receive(submitted(), StageEntered(case_id=CASE, stage=Stage.SCREENING, entered_at=START))
    yield harness
    harness.close()


@pytest.fixture
def address(filled, tmp_path):
    with served(tmp_path) as made:
        yield made


def looked(filled):
    return [(one.what, one.case_id, one.person_id) for one in filled.service.access_log.entries()]


def test_a_stranger_costs_no_look_at_the_database(filled, address):
    """Nothing that the pages show can be read any more, and strangers notice nothing of that."""
    with filled.service.db.write() as tx:
        for table in ("facts", "board", "report_cases", "rebuilding"):
            tx.conn.execute(text(f"DROP TABLE {table}"))
    for path in ("/", "/cases", f"/cases/{CASE}", f"/cases/{CASE}?at=1", "/reports?sponsor=acme", "/health"):
        assert httpx.get(address + path).status_code == 303, path
    assert looked(filled) == []


def test_each_view_is_one_entry_with_case_and_person(filled, address):
    with signed_in(address, "care_coordinator") as client:
        for path in (*VIEWS, "/cases/none", "/health"):
            assert client.get(path).status_code == 200, path
    assert looked(filled) == list(VIEWS.values())
    entry = filled.service.access_log.entries(case_id=CASE)[0]
    assert (entry.subject, entry.role, entry.purpose) == ("dev-care-coordinator", "care_coordinator", "care")


@pytest.mark.parametrize(
    ("role", "purpose"),
    [("records_specialist", "records_work"), ("medical_director", "quality_review"), ("finance", "billing")],
)
def test_the_purpose_follows_from_the_role(filled, address, role, purpose):
    with signed_in(address, role) as client:
        client.get(f"/cases/{CASE}")
    assert [one.purpose for one in filled.service.access_log.entries()] == [purpose]


def test_no_log_no_data(filled, address, tmp_path):
    """The chain's head is gone: nothing can be added to the log."""
    with signed_in(address, "operations") as client:
        with sqlite3.connect(next(tmp_path.rglob("access.db"))) as log:
            log.execute("DROP TABLE access_head")
        for path in ("/", "/cases", "/cases.csv", f"/cases/{CASE}"):
            answer = client.get(path)
            assert (answer.status_code, "4417" in answer.text) == (503, False), path


@needs_chromium
def test_a_page_that_stays_open_is_one_entry(filled, address, browser):
    with walking(browser, "light", address, "operations") as walk:
        walk.open(f"{address}/cases/{CASE}")
        before = looked(filled)
        filled.receive(StageEntered(case_id=CASE, stage=Stage.MATCHING, entered_at=START))
        walk.shows("Matching", within=4)
        time.sleep(1.2)
        assert looked(filled) == before == [("today", None, None), ("case", CASE, "person-1")]
