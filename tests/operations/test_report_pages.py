"""Specialists and Reports in a process of their own: who sees what, what is logged, and that files name nobody."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from operations.served import new_issuer, served, signed_in
from operations.told import life
from operations.walking import CONNECTED, needs_chromium, walking
from rso_operations.app import SPEC
from rso_shared.contracts import matching
from rso_shared.contracts.intake import CoveredLivesStated
from support.harness import START, Harness

REPORTS = ("turnaround", "outcomes", "endings", "honoraria", "revenue", "employer")
MONEY = ("honoraria", "revenue")


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """The serving process has a clock of its own that stands at the start too: what happened lies before it."""
    folder = tmp_path_factory.mktemp("reports")
    new_issuer(folder)
    harness = Harness(SPEC, folder / "data")
    then = START - timedelta(days=40)
    for number in range(15):
        for at, fact in life(f"case-{number}", hours=number + 2, sponsor="acme", at=then):
            harness.clock.set(at)
            harness.receive(fact)
    harness.clock.set(then)
    harness.receive(
        CoveredLivesStated(organisation_id="acme", covered_lives=400),
        matching.SpecialistRegistered(specialist_id="dr-one", taxonomy=("207RX0202X",), capacity=3),
    )
    yield harness
    harness.close()


@pytest.fixture(scope="module")
def address(filled):
    with served(Path(filled.service.settings.database_url.removeprefix("sqlite:///")).parents[1]) as made:
        yield made


JANUARY = {"from": "2026-01-01", "to": "2026-01-31"}


@pytest.mark.parametrize("path", ["/specialists", "/reports", "/reports?from=2026-01-01&sponsor=acme"])
def test_a_stranger_is_led_to_the_sign_in(address, path):
    answer = httpx.get(address + path)
    assert (answer.status_code, answer.headers["location"][:25]) == (303, "/operations/sign-in?next=")


@pytest.mark.parametrize("path", ["/specialists.csv", *(f"/reports/{name}.csv" for name in REPORTS)])
def test_a_stranger_gets_no_file(address, path):
    assert httpx.get(address + path).status_code == 401


@pytest.mark.parametrize(
    ("role", "money", "directory"),
    [
        ("operations", True, True), ("finance", True, False), ("medical_director", True, True),
        ("care_coordinator", False, True), ("quality_reviewer", False, False),
    ],
)  # fmt: skip
def test_who_sees_money_and_who_sees_the_directory(address, role, money, directory):
    with signed_in(address, role) as client:
        page = client.get("/reports", params=JANUARY)
        assert page.status_code == 200
        assert "Turnaround" in page.text
        assert ("Revenue" in page.text, "Honoraria" in page.text) == (money, money)
        for name in REPORTS:
            expected = 200 if money or name not in MONEY else 403
            assert client.get(f"/reports/{name}.csv", params=JANUARY).status_code == expected
        assert client.get("/specialists").status_code == (200 if directory else 403)
        assert client.get("/specialists.csv").status_code == (200 if directory else 403)


def test_the_pages_are_there_and_lead_to_each_other(address):
    with signed_in(address, "operations") as client:
        for path in ("/", "/cases", "/specialists", "/reports"):
            page = client.get(path).text
            assert "/operations/specialists" in page
            assert "/operations/reports" in page
        assert "dr-one" in client.get("/specialists").text
        assert client.get("/reports/nothing.csv").status_code == 404


def test_the_address_holds_period_instant_and_employer(address):
    with signed_in(address, "operations") as client:
        january = client.get("/reports/turnaround.csv", params=JANUARY).text.splitlines()
        assert january[0] == "program,stage,cases,p50_seconds,p90_seconds,promised,on_time"
        assert january[1].startswith("all programs,submission to delivery,15,")
        assert (
            len(client.get("/reports/turnaround.csv", params={**JANUARY, "as_of": "2026-01-20"}).text.splitlines()) == 1
        )
        assert (
            len(
                client.get(
                    "/reports/turnaround.csv", params={"from": "2026-02-01", "to": "2026-02-28"}
                ).text.splitlines()
            )
            == 1
        )
        told = client.get("/reports/employer.csv", params={"sponsor": "acme", "month": "2026-01"}).text.splitlines()
        assert told == ["program,opened,delivered,ended", "direct,15,15,15", "all programs,15,15,15"]
        page = client.get("/reports", params={**JANUARY, "sponsor": "acme", "month": "2026-01"}).text
        assert "Employer report: acme, January 2026" in page


def test_no_file_names_a_case_a_person_or_a_condition(address):
    with signed_in(address, "operations") as client:
        query = {**JANUARY, "sponsor": "acme", "month": "2026-01"}
        for name in REPORTS:
            text = client.get(f"/reports/{name}.csv", params=query).text
            assert len(text.splitlines()) > 1, name
            for secret in ("case-", "person-1", "breast", "cancer", "patient-sub", "4417", "CA"):
                assert secret not in text, (name, secret)


def test_each_look_is_one_entry_and_a_refusal_is_none(address, filled):
    def entries():
        return [(entry.what, entry.role) for entry in filled.service.access_log.entries()]

    with signed_in(address, "care_coordinator") as client:
        before = len(entries())
        client.get("/specialists")
        client.get("/specialists.csv")
        client.get("/reports", params=JANUARY)
        client.get("/reports/endings.csv", params=JANUARY)
        client.get("/reports/revenue.csv", params=JANUARY)
    found = entries()[before:]
    assert [what for what, _ in found] == ["specialists", "specialists", "reports", "report_endings"]
    assert {role for _, role in found} == {"care_coordinator"}


@needs_chromium
def test_keys_lead_there_and_the_list_follows_the_facts(address, filled, browser):
    with walking(browser, "light", address, "operations") as walk:
        walk.open(f"{address}/")
        walk.page.keyboard.press("g")
        walk.page.keyboard.press("s")
        walk.shows("dr-one")
        walk.page.wait_for_function(CONNECTED)
        filled.receive(matching.CapacityChanged(specialist_id="dr-one", capacity=0))
        walk.shows("paused", within=4)
        walk.page.keyboard.press("g")
        walk.page.keyboard.press("r")
        walk.shows("Turnaround")
        assert walk.trouble == []
