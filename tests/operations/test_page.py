"""The pages in a process of their own, as a browser gets it: there at once, and following the facts within two seconds."""

import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from operations.browser import CHROMIUM, opened
from operations.cases import CASE, submitted
from rso_operations.app import SPEC
from rso_shared.contracts.coordinator import StageEntered
from rso_shared.contracts.vocabulary import Role, Stage
from rso_shared.kit.auth import Issuer, make_private_pem
from support.harness import START, Harness


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def filled(folder):
    harness = Harness(SPEC, folder / "data")
    harness.receive(submitted(), StageEntered(case_id=CASE, stage=Stage.SCREENING, entered_at=START))
    yield harness
    harness.close()


@pytest.fixture(scope="module")
def issuer(folder):
    pem = make_private_pem()
    (folder / "issuer.pem").write_bytes(pem)
    return Issuer(pem, "rso-development")


@pytest.fixture(scope="module")
def address(filled, issuer, folder):
    """`filled` writes, this process shows: the pages know nothing but the database."""
    command = [sys.executable, str(Path(__file__).with_name("serving.py")), str(folder / "data")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder) as server:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}/operations"
        server.terminate()


@pytest.fixture
def staff(address):
    with httpx.Client() as client:
        assert client.post(f"{address}/sign-in", data={"role": "operations"}).status_code == 303
        yield client


@pytest.mark.parametrize("path", ["/", "/cases", f"/cases/{CASE}", "/cases?stage=matching&sort=due"])
def test_a_stranger_is_led_to_the_sign_in_and_back(address, path):
    with httpx.Client() as client:
        led = client.get(address + path)
        assert (led.status_code, "4417" in led.text) == (303, False)
        there = urlsplit(led.headers["location"])
        next_ = parse_qs(there.query)["next"][0]
        back = client.post(f"{address}/sign-in", data={"role": "nurse_care_manager", "next": next_})
        assert (back.status_code, back.headers["location"]) == (303, f"/operations{path}")
        assert client.get(f"{address}/cases.csv").status_code == 200
    assert httpx.get(f"{address}/cases.csv").status_code == 401


@pytest.mark.parametrize(
    "next_", ["https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example", "javascript:x"]
)
def test_nobody_is_led_elsewhere(address, next_):
    answer = httpx.post(f"{address}/sign-in", data={"role": "operations", "next": next_})
    assert answer.headers["location"] == "/operations/"


def test_a_cookie_that_scripts_cannot_read_and_other_sites_cannot_send(address):
    cookie = httpx.post(f"{address}/sign-in", data={"role": "operations"}).headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/operations"} <= {part.strip() for part in cookie.split(";")}


@pytest.mark.parametrize(
    "data", [{}, {"role": "patient"}, {"role": "specialist"}, {"role": "nobody"}, {"token": "x.y.z"}]
)
def test_who_is_no_staff_or_shows_no_token_does_not_come_in(address, data):
    answer = httpx.post(f"{address}/sign-in", data=data)
    assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)
    assert "not valid here" in answer.text


def test_a_token_of_somebody_else_than_staff_is_refused_in_words(address, issuer):
    token = issuer.token("someone", Role.PATIENT, "public")
    answer = httpx.post(f"{address}/sign-in", data={"token": token})
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    assert "for the staff of the program" in answer.text


def test_from_another_machine_a_token_is_the_only_way_in(address, issuer):
    """Uvicorn takes the caller's address from a proxy on the same machine."""
    there = {"X-Forwarded-For": "203.0.113.9"}
    assert "continue as" not in httpx.get(f"{address}/sign-in", headers=there).text
    assert httpx.post(f"{address}/sign-in", data={"role": "operations"}, headers=there).status_code == 401
    token = issuer.token("someone", Role.OPERATIONS, "operator")
    assert httpx.post(f"{address}/sign-in", data={"token": token}, headers=there).status_code == 303


def test_who_signs_out_is_a_stranger(address, staff):
    assert "4417" in staff.get(f"{address}/cases").text
    assert staff.post(f"{address}/sign-out").status_code == 303
    assert staff.get(f"{address}/cases").status_code == 303


def test_each_page_is_there_with_its_cases(address, staff):
    for path, words in (
        ("/", "4417"),
        ("/cases", "4417"),
        (f"/cases/{CASE}", "Who must act next"),
        ("/cases/none", "no such case"),
    ):
        assert words in staff.get(address + path).text
    assert "4417" not in staff.get(f"{address}/cases", params={"stage": "matching"}).text
    assert staff.get(f"{address}/cases.csv").text.splitlines()[1].startswith(f"{CASE},4417,")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_an_open_page_follows_the_facts_and_keeps_what_is_typed(filled, address, tmp_path):
    with opened(f"{address}/sign-in", tmp_path / "browser") as tab:
        tab.shows("continue as", within=20)
        tab.run("document.querySelector('button[value=operations]').click()")
        tab.shows("1\nScreening", within=20)
        tab.run("find.value = 'half a num'")
        filled.receive(StageEntered(case_id=CASE, stage=Stage.MATCHING, entered_at=START))
        tab.shows("1\nMatching", within=2)
        assert "0\nScreening" in tab.text()
        assert tab.run("find.value") == "half a num"
        tab.run("document.activeElement.blur(); document.dispatchEvent(new KeyboardEvent('keydown', {key: '/'}))")
        assert tab.run("document.activeElement.id") == "find"


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_an_act_in_bulk_goes_to_exactly_the_chosen_cases_each_with_its_result(filled, address, tmp_path):
    other = "6f0c1b1e-5d1c-4c53-9a43-0a8d3f7f9d12"
    filled.receive(submitted(other, "4418"), StageEntered(case_id=other, stage=Stage.SCREENING, entered_at=START))
    shown = "!document.getElementById('bulk').hidden"
    with opened(f"{address}/sign-in?next=/operations/cases", tmp_path / "browser") as tab:
        tab.shows("continue as", within=20)
        tab.run("document.querySelector('button[value=operations]').click()")
        tab.shows("4418", within=20)
        assert not tab.run(shown)
        tab.run(f"document.querySelector(`[data-pick='{other}']`).click()")
        filled.receive(StageEntered(case_id=CASE, stage=Stage.SUMMARIZING, entered_at=START))
        tab.shows("Summarizing", within=2)
        tab.run("location.reload()")
        tab.shows("Act on the chosen cases: 1", within=20)
        assert tab.run("[...document.querySelectorAll('[data-pick]:checked')].map(each => each.dataset.pick)") == [
            other
        ]
        tab.run("bulk.open = true; bulk.querySelector('[name=owner]').value = 'nurse-1'")
        tab.run("bulk.querySelector('[data-act*=owner] button').click()")
        tab.shows("Done for 0 of 1", within=20)
        assert tab.run("document.querySelector('.chosen').innerText").startswith("…4418 The service does not answer")
        assert tab.run("bulk.querySelector('[name=owner]').value") == "nurse-1"
        tab.run("bulk.querySelector('button.plain').click()")
        assert not tab.run(shown)
