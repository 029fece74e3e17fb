"""Every page in a real browser, in both themes: nothing goes wrong on it, a screen reader gets it, and no mouse is needed."""

import pytest

from operations.busy import NAUGHTY, busy, number
from operations.cases import CASE
from operations.served import new_issuer, served
from operations.walking import needs_chromium, walking
from rso_operations.app import SPEC
from rso_shared.contracts.coordinator import StageEntered
from rso_shared.contracts.vocabulary import Stage
from support.harness import START, Harness

pytestmark = needs_chromium
PAGES = {
    "today": "/",
    "cases": "/cases?stage=all",
    "board": "/cases?view=board",
    "nothing": "/cases?q=nowhere",
    "specialists": "/specialists",
    "reports": "/reports",
    "health": "/health",
    "case": f"/cases/{CASE}",
    "past": f"/cases/{CASE}?at=3",
    "unknown": "/cases/none",
}
THEMES = ("light", "dark")


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("walk")
    new_issuer(folder)
    harness = Harness(SPEC, folder / "data")
    harness.receive(*busy())
    yield folder, harness
    harness.close()


@pytest.fixture(scope="module")
def address(filled):
    with served(filled[0]) as made:
        yield made


@pytest.fixture(params=THEMES)
def walk(request, browser, address):
    with walking(browser, request.param, address, "care_coordinator") as made:
        made.theme = request.param
        yield made


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_trouble_and_no_serious_finding(walk, address, name):
    walk.open(address + PAGES[name])
    for one in walk.page.locator("details:not([hidden]) > summary").all():
        one.click()
    assert walk.findings() == []
    assert walk.trouble == []


def test_the_themes_differ(browser, address):
    colours = set()
    for theme in THEMES:
        with walking(browser, theme, address, "operations") as walk:
            walk.open(f"{address}/")
            colours.add(walk.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(colours) == len(THEMES)


def test_what_came_from_outside_is_text_on_a_page(walk, address):
    for place in ("/cases", f"/cases/{CASE}"):
        walk.open(address + place + "?stage=all")
        assert NAUGHTY in walk.page.inner_text("body")
    assert walk.trouble == []


def test_no_mouse_is_needed(walk, address):
    page = walk.page
    walk.open(f"{address}/")
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url(f"{address}/cases")
    page.wait_for_selector("caption")
    page.keyboard.press("/")
    page.keyboard.type("5010\n")
    page.wait_for_url(f"{address}/cases?q=5010")
    link = page.get_by_role("link", name="…5010")
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/cases/{number(10)}")
    page.wait_for_selector("h1")
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url(f"{address}/")
    assert walk.trouble == []


def test_a_refresh_leaves_focus_and_scroll_where_they_are(filled, walk, address):
    page, moved = walk.page, number(17)
    walk.open(f"{address}/cases?stage=all")
    page.get_by_role("link", name="…5031").focus()
    page.evaluate("scrollTo(0, 700)")
    before = walk.focused()
    stage = Stage.QUALITY_REVIEW if walk.theme == "light" else Stage.READY_FOR_DELIVERY
    filled[1].receive(StageEntered(case_id=moved, stage=stage, entered_at=START))
    words = str(stage).replace("_", " ").capitalize()
    page.wait_for_function(f"document.body.innerText.match(/…5017[^…]*?{words}/)", timeout=2000)
    assert (walk.focused(), page.evaluate("scrollY")) == (before, 700)


def test_going_back_keeps_filter_scroll_and_choice(walk, address):
    page = walk.page
    walk.open(f"{address}/cases?stage=all&sort=newest")
    page.locator(f"input[data-pick='{number(30)}']").check()
    page.evaluate("scrollTo(0, 900)")
    page.get_by_role("link", name="…5030").evaluate("link => link.click()")
    page.wait_for_selector("h1 .stage")
    page.go_back()
    page.wait_for_selector(f"input[data-pick='{number(30)}']:checked")
    page.wait_for_function("scrollY === 900", timeout=3000)
    assert page.url.endswith("?stage=all&sort=newest")
