"""The pages in a process of their own, as a browser gets it: there at once, and following the facts within two seconds."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from operations.cases import CASE, submitted
from operations.served import new_issuer, served
from operations.walking import needs_chromium, walking
from rso_operations.app import SPEC
from rso_shared.contracts.coordinator import StageEntered
from rso_shared.contracts.vocabulary import Role, Stage
from rso_shared.kit.auth import LEEWAY_SECONDS
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
    return new_issuer(folder)


@pytest.fixture(scope="module")
def address(filled, issuer, folder):
    """`filled` writes, this process shows."""
    with served(folder) as made:
        yield made


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


def test_a_session_that_was_ended_opens_nothing_for_whoever_copied_its_cookie(address, staff):
    copied = {"rso_session": staff.cookies["rso_session"]}
    assert httpx.get(f"{address}/cases", cookies=copied).status_code == 200
    staff.post(f"{address}/sign-out")
    assert httpx.get(f"{address}/cases", cookies=copied).status_code == 303
    assert httpx.get(f"{address}/cases.csv", cookies=copied).status_code == 401
    assert httpx.post(f"{address}/act/owner/{CASE}", cookies=copied).status_code == 401
    assert httpx.post(f"{address}/sign-in", data={"token": copied["rso_session"]}).status_code == 401
    assert httpx.post(f"{address}/sign-out", cookies=copied).status_code == 303
    staff.post(f"{address}/sign-in", data={"role": "operations"})
    assert staff.get(f"{address}/cases").status_code == 200


def test_each_page_is_there_with_its_cases(address, staff):
    for path, words in (
        ("/", "4417"),
        ("/cases", "4417"),
        (f"/cases/{CASE}", "Who must act next"),
        ("/cases/none", "no such case"),
        (f"/cases/{CASE}?at=2026-03-02T14:00:00Z", "was not there yet"),
        (f"/cases/{CASE}?at=2026-03-02T16:00:00Z", "Back to now"),
    ):
        assert words in staff.get(address + path).text
    assert "4417" not in staff.get(f"{address}/cases", params={"stage": "matching"}).text
    assert staff.get(f"{address}/cases.csv").text.splitlines()[1].startswith(f"{CASE},4417,")


@needs_chromium
def test_an_open_page_follows_the_facts_and_keeps_what_is_typed(filled, address, browser):
    with walking(browser, "light", address, "operations") as walk:
        walk.open(f"{address}/")
        walk.page.fill("#find", "half a num")
        filled.receive(StageEntered(case_id=CASE, stage=Stage.MATCHING, entered_at=START))
        walk.shows("1\nMatching", within=2)
        walk.shows("0\nScreening")
        assert walk.page.input_value("#find") == "half a num"
        walk.page.evaluate("document.activeElement.blur()")
        walk.page.keyboard.press("/")
        assert walk.page.evaluate("document.activeElement.id") == "find"


STILL = "You are signed out, and what is shown stands still."


def stands_still(walk, filled, stage):
    walk.shows(STILL)
    filled.receive(StageEntered(case_id=CASE, stage=stage, entered_at=START))
    walk.page.wait_for_timeout(2500)
    assert "1\nScreening" in walk.page.inner_text("body")
    assert walk.findings() == walk.trouble == []


@needs_chromium
def test_a_page_that_is_open_elsewhere_stands_still_after_the_sign_out(filled, address, browser):
    filled.receive(StageEntered(case_id=CASE, stage=Stage.SCREENING, entered_at=START))
    with walking(browser, "light", address, "operations") as walk:
        walk.open(f"{address}/")
        walk.page.fill("#find", "half a num")
        other = walk.page.context.new_page()
        other.goto(f"{address}/cases")
        other.get_by_role("button", name="Sign out").click()
        walk.shows(STILL)
        assert walk.page.input_value("#find") == "half a num"
        stands_still(walk, filled, Stage.MATCHING)


@needs_chromium
def test_a_page_whose_session_expires_stands_still(filled, address, browser, issuer):
    """The token is refused within the quarter of a minute."""
    filled.receive(StageEntered(case_id=CASE, stage=Stage.SCREENING, entered_at=START))
    with walking(browser, "dark", address, "operations") as walk:
        token = issuer.token("someone", Role.OPERATIONS, "operator", seconds=15 - LEEWAY_SECONDS)
        walk.page.context.add_cookies(
            [{"name": "rso_session", "value": token, "domain": "127.0.0.1", "path": "/operations"}]
        )
        walk.open(f"{address}/")
        walk.shows("someone, operations")
        stands_still(walk, filled, Stage.SUMMARIZING)


@needs_chromium
def test_an_act_in_bulk_goes_to_exactly_the_chosen_cases_each_with_its_result(filled, address, browser):
    other = "6f0c1b1e-5d1c-4c53-9a43-0a8d3f7f9d12"
    filled.receive(submitted(other, "4418"), StageEntered(case_id=other, stage=Stage.SCREENING, entered_at=START))
    with walking(browser, "light", address, "operations") as walk:
        walk.open(f"{address}/cases")
        bulk, page = walk.page.locator("#bulk"), walk.page
        assert bulk.is_hidden()
        page.check(f"[data-pick='{other}']")
        filled.receive(StageEntered(case_id=CASE, stage=Stage.SUMMARIZING, entered_at=START))
        walk.shows("Summarizing", within=2)
        page.reload()
        page.wait_for_selector(f"[data-pick='{other}']:checked")
        assert page.locator("[data-pick]:checked").count() == 1
        bulk.get_by_text("Act on the chosen cases: 1").click()
        bulk.locator("[data-act*=owner] [name=owner]").fill("nurse-1")
        bulk.locator("[data-act*=owner] button").click()
        walk.shows("Done for 0 of 1")
        assert bulk.locator(".chosen").inner_text().startswith("…4418 The service does not answer")
        assert bulk.locator("[data-act*=owner] [name=owner]").input_value() == "nurse-1"
        bulk.get_by_text("Choose none").click()
        bulk.wait_for(state="hidden")
