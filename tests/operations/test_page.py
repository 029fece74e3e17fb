"""The page in a process of its own, as a browser gets it: there at once, and following the facts within two seconds."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from operations.browser import CHROMIUM, opened
from operations.cases import CASE, submitted
from rso_operations.app import SPEC
from rso_shared.contracts.coordinator import StageEntered
from rso_shared.contracts.vocabulary import Stage
from support.harness import START, Harness


@pytest.fixture
def filled(tmp_path):
    harness = Harness(SPEC, tmp_path / "data")
    harness.receive(submitted(), StageEntered(case_id=CASE, stage=Stage.SCREENING, entered_at=START))
    yield harness
    harness.close()


@pytest.fixture
def address(filled, tmp_path):
    """`filled` writes, this process shows: the page knows nothing but the database."""
    command = [sys.executable, str(Path(__file__).with_name("serving.py")), str(tmp_path / "data")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as server:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}/operations/"
        server.terminate()


def test_the_page_is_there_with_its_cases(filled, address):
    assert "4417" in httpx.get(address).text
    assert "4417" not in httpx.get(address, params={"stage": "matching"}).text


def test_only_the_machine_itself_is_answered(filled, address):
    """Uvicorn takes the caller's address from a proxy on the same machine."""
    assert httpx.get(address, headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_an_open_page_follows_the_facts_within_two_seconds(filled, address, tmp_path):
    with opened(address, tmp_path / "browser") as tab:
        tab.shows("1\nScreening", within=20)
        filled.receive(StageEntered(case_id=CASE, stage=Stage.MATCHING, entered_at=START))
        tab.shows("1\nMatching", within=2)
        assert "0\nScreening" in tab.text()
