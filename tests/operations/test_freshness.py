"""A page that does not follow the facts says so: the consumer is stuck or behind, or the pages' own database does not answer."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from operations.cases import CASE, submitted
from operations.served import new_issuer, served
from operations.walking import needs_chromium, walking
from rso_operations import banners, today, view_today
from rso_operations.app import SPEC
from rso_operations.freshness import BEHIND, Freshness, freshness
from rso_shared.contracts.coordinator import StageEntered
from rso_shared.contracts.vocabulary import Stage
from rso_shared.kit.health import LAG_STALE_SECONDS, STALE_SECONDS
from support.harness import START, Harness

LATER = START + timedelta(hours=2)


@pytest.fixture
def operations(tmp_path: Path) -> Iterator[Harness]:
    harness = Harness(SPEC, tmp_path / "data")
    harness.receive(submitted(), StageEntered(case_id=CASE, stage=Stage.SCREENING, entered_at=START))
    yield harness
    harness.close()


def seen(harness: Harness) -> Freshness:
    with harness.service.db.read() as tx:
        return freshness(tx, harness.service.health)


def label(harness: Harness) -> str:
    with harness.service.db.read() as tx:
        page = view_today.page(today.today(tx, LATER), LATER, seen(harness))
    return page[page.index("<span class='live") :].partition("</p>")[0]


def test_live_is_said_only_of_a_consumer_that_is_well(operations: Harness) -> None:
    assert "Live" not in label(operations), "nobody here knows of the consumer"
    assert "newest fact" in label(operations)
    operations.service.health.beat("operations")
    operations.service.health.lag("operations", BEHIND)
    assert (seen(operations).trouble, "Live" in label(operations)) == ("", True)
    assert banners.above(operations.service) == ""


def troubled(harness: Harness, how: str) -> str:
    health, at = harness.service.health, [0.0]
    health.monotonic = lambda: at[0]
    health.beat("operations")
    match how:
        case "stuck":
            at[0] = STALE_SECONDS + 1
        case "trouble":
            health.trouble("operations", "Transient")
        case "slow":
            health.lag("operations", BEHIND + 1)
        case "log away":
            health.expect_lag("operations")
            at[0] = LAG_STALE_SECONDS + 1
            health.beat("operations")
    return seen(harness).trouble


@pytest.mark.parametrize(
    ("how", "said"),
    [("stuck", "no heartbeat"), ("trouble", "Transient"), ("slow", "101 records behind"), ("log away", "not known")],
)
def test_behind_is_said_with_the_instant_of_the_newest_fact(operations: Harness, how: str, said: str) -> None:
    assert said in troubled(operations, how)
    shown = label(operations)
    assert "Live" not in shown
    assert "Behind, newest fact" in shown
    assert f"{START:%-d %b %H:%M}" in shown
    assert "2 h 0 min ago" in shown
    assert said in banners.above(operations.service)


def test_before_the_first_fact_nothing_is_said_of_one() -> None:
    assert "no fact has come yet" in banners.behind(Freshness(None, "no heartbeat"))


def away(harness: Harness, name: str, to: str) -> None:
    with harness.service.db.write() as tx:
        tx.conn.exec_driver_sql(f"ALTER TABLE {name} RENAME TO {to}")


@needs_chromium
def test_a_database_that_is_away_in_a_refresh_is_said_and_the_page_goes_on(
    operations: Harness, tmp_path: Path, browser: Browser
) -> None:
    new_issuer(tmp_path)
    with served(tmp_path) as address, walking(browser, "light", address, "care_coordinator") as walk:
        walk.open(f"{address}/cases")
        walk.shows("4417")
        away(operations, "board", "elsewhere")
        walk.shows("does not answer: what is shown stands still")
        assert "4417" in walk.page.inner_text("main")
        away(operations, "elsewhere", "board")
        operations.receive(StageEntered(case_id=CASE, stage=Stage.SUMMARIZING, entered_at=START))
        walk.page.wait_for_function("!document.body.innerText.includes('stands still')")
        walk.page.wait_for_function("document.querySelector('tbody').innerText.includes('Summarizing')")
        away(operations, "facts", "elsewhere")
        with httpx.Client() as staff:
            staff.post(f"{address}/sign-in", data={"role": "operations"})
            answer = staff.get(f"{address}/cases/{CASE}")
        assert (answer.status_code, "stands still" in answer.text) == (200, True)
        away(operations, "elsewhere", "facts")
