"""Forms on an open page: they choose from the case as it is now, keep what is typed, and say what others did meanwhile."""

import pytest

from operations.busy import NAUGHTY
from operations.cases import CASE, submitted
from operations.served import new_issuer, served
from operations.walking import CONNECTED, needs_chromium, walking
from rso_operations.app import SPEC
from rso_shared.contracts.coordinator import StageEntered
from rso_shared.contracts.intake import OwnerAssigned
from rso_shared.contracts.records import RecordHolderIdentified, RecordItemReceived, RecordRequestCancelled
from rso_shared.contracts.vocabulary import RecordKind, Stage
from support.harness import START, Harness

pytestmark = needs_chromium
REQUEST = RecordHolderIdentified(case_id=CASE, request_id="r-1", facility_id="f-north", kind=RecordKind.LAB)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forms")
    new_issuer(folder)
    harness = Harness(SPEC, folder / "data")
    harness.receive(submitted(), StageEntered(case_id=CASE, stage=Stage.COMPILING_RECORDS, entered_at=START))
    yield folder, harness
    harness.close()


@pytest.fixture
def walk(filled, browser):
    with served(filled[0]) as address, walking(browser, "light", address, "nurse_care_manager") as made:
        made.open(f"{address}/cases/{CASE}")
        made.page.get_by_text("Act on this case").click()
        yield made


def form(walk, name):
    return walk.page.locator(f"form[data-act*='/{name}/']")


def test_what_is_chosen_from_follows_the_case(filled, walk):
    ask = form(walk, "ask")
    assert ask.is_hidden()
    filled[1].receive(REQUEST)
    ask.wait_for()
    assert ask.locator("option", has_text="Lab at f-north, facility named").count() == 1
    ask.locator("[name=request_id]").select_option("r-1")
    filled[1].receive(
        RecordItemReceived(case_id=CASE, document_id="d-1", kind=RecordKind.LAB, facility_id=None, month="2026-02")
    )
    form(walk, "accept").wait_for()
    assert ask.locator("[name=request_id]").input_value() == "r-1"
    filled[1].receive(RecordRequestCancelled(case_id=CASE, request_id="r-1"))
    ask.wait_for(state="hidden")


def test_the_second_of_two_hears_what_the_first_did(filled, walk):
    owner = form(walk, "owner").locator("[name=owner]")
    owner.fill("nurse-2")
    filled[1].receive(OwnerAssigned(case_id=CASE, owner="nurse-1"))
    walk.shows("Since you began, the case has changed (1): Owner is now nurse-1")
    assert owner.input_value() == "nurse-2"
    owner.fill("")
    walk.page.wait_for_function("!document.getElementById('meanwhile').textContent")


def test_a_session_that_ends_keeps_what_is_typed(walk):
    waive = form(walk, "waive")
    waive.locator("[name=kind]").select_option("lab")
    waive.locator("[name=reason]").fill(NAUGHTY)
    walk.page.context.clear_cookies()
    waive.locator("button").click()
    walk.shows("You are signed out.")
    assert waive.locator("[name=reason]").input_value() == NAUGHTY
    assert all("401" in each for each in walk.trouble)


def come_back(walk, role):
    """To the case, in the same tab, by the sign-in."""
    walk.page.goto(f"{walk.page.url.partition('/operations')[0]}/operations/cases/{CASE}")
    walk.page.locator(f"button[value={role}]").click()
    walk.page.wait_for_selector("h1 .stage")
    walk.page.wait_for_function(CONNECTED)


def begin(walk):
    """Types a reason, and chooses a case of the list."""
    form(walk, "owner").locator("[name=owner]").fill("nurse-6")
    walk.page.goto(walk.page.url.partition("/cases")[0] + "/cases?stage=all")
    walk.page.locator(f"[data-pick='{CASE}']").check()


def begun(walk):
    """What the tab remembers: the text as it stands in the form, and how many cases are chosen."""
    chosen = walk.page.evaluate("chosen.size")
    return form(walk, "owner").locator("[name=owner]").input_value(), chosen


def test_the_next_person_in_the_tab_finds_nothing_and_the_same_one_finds_it_again(walk):
    begin(walk)
    walk.page.context.clear_cookies()
    come_back(walk, "care_coordinator")
    assert begun(walk) == ("", 0)
    form(walk, "owner").locator("[name=owner]").evaluate("field => field.closest('details').open = true")
    form(walk, "owner").locator("[name=owner]").fill("nurse-7")
    walk.page.context.clear_cookies()
    come_back(walk, "nurse_care_manager")
    assert begun(walk) == ("nurse-6", 1)


def test_who_signs_out_leaves_nothing_in_the_tab(walk):
    begin(walk)
    walk.page.get_by_role("button", name="Sign out").click()
    walk.page.wait_for_selector("button[value=nurse_care_manager]")
    assert walk.page.evaluate("Object.entries(sessionStorage).filter(each => /nurse-6|chosen|typed/.test(each))") == []
    come_back(walk, "nurse_care_manager")
    assert begun(walk) == ("", 0)


def test_a_service_that_is_away_is_said_and_what_is_typed_stays(walk):
    owner = form(walk, "owner")
    owner.locator("[name=owner]").fill("nurse-3")
    owner.locator("button").click()
    walk.shows("The service does not answer. What you typed is kept: try again.")
    assert owner.locator("[name=owner]").input_value() == "nurse-3"


def test_a_page_that_lost_its_server_says_so_and_comes_back_with_what_was_typed(filled, browser):
    with served(filled[0]) as address:
        port = int(address.split(":")[2].split("/")[0])
        context = walking(browser, "light", address, "nurse_care_manager")
        walk = context.__enter__()
        walk.open(f"{address}/cases/{CASE}")
        walk.page.get_by_text("Act on this case").click()
        form(walk, "owner").locator("[name=owner]").fill("nurse-4")
    try:
        walk.shows("Connection lost")
        with served(filled[0], port):
            walk.page.wait_for_function("document.querySelector('[name=owner]')?.value === 'nurse-4'")
            walk.page.wait_for_function(CONNECTED)
            filled[1].receive(OwnerAssigned(case_id=CASE, owner="nurse-5"))
            walk.shows("nurse-5")
            assert form(walk, "owner").is_visible()
    finally:
        context.__exit__(None, None, None)
