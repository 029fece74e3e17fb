"""The stored match decision on the page of its case: who was ranked how and by what, who was not eligible and why."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from matching.facts import coordinate, ready, register

from operations.busy import NAUGHTY
from operations.cases import CASE
from rso_matching.app import SPEC
from rso_operations import ranking
from rso_shared.contracts.vocabulary import Role
from support.harness import Harness

AWAY = "The matching service does not answer; everything else on this page is as it is."


@contextmanager
def serving(harness: Harness) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(harness.app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def shown(harness: Harness, address: str, role: Role = Role.OPERATIONS, case_id: str = CASE) -> str:
    token = harness.client(role).headers["authorization"].removeprefix("Bearer ")
    return asyncio.run(ranking.decided(address, token, case_id))


def test_the_ranking_says_who_by_what_and_who_not_and_why(tmp_path: Path) -> None:
    harness = Harness(SPEC, tmp_path)
    wide, narrow = register(harness, 1, focus=["breast_cancer", "spine"]), register(harness, 2)
    tied = register(harness, 3, affiliations=["facility-1"])
    register(harness, 4, focus=["spine"])
    ready(harness, CASE)
    with serving(harness) as address:
        assert "No specialist was searched for yet." in shown(harness, address)
        coordinate(harness, f"/cases/{CASE}/matching")
        page = shown(harness, address)
        assert AWAY in shown(harness, address, Role.PATIENT)
    harness.close()
    ranked, _, left_out = page.partition("Not eligible")
    assert "<b>2 eligible</b>" in ranked
    assert ranked.index(narrow) < ranked.index(wide)
    assert "Focus <small>of 40 %</small>" in ranked
    assert ">50 %</td>" in ranked[ranked.index(wide) :]
    assert f"{tied}</a></th><td>affiliated with treating facility</td>" in left_out
    assert "<b>1</b>, besides 1 whose focus is elsewhere" in left_out
    assert tied not in ranked


def test_a_service_that_is_away_costs_this_section_alone(tmp_path: Path) -> None:
    harness = Harness(SPEC, tmp_path)
    assert AWAY in shown(harness, "http://127.0.0.1:9")
    assert shown(harness, "http://127.0.0.1:9", case_id="../x") == ""
    harness.close()


def test_what_a_specialist_is_called_is_text_and_a_long_list_says_how_long() -> None:
    out = [{"specialist_id": NAUGHTY, "reasons": ["at_capacity", "prior_involvement"]}] * (ranking.SHOWN + 2)
    decision = {"ranking_version": NAUGHTY, "weights": {}, "candidates": [], "exclusions": out, "off_focus": 0}
    page = ranking.page(decision)
    assert NAUGHTY not in page
    assert "<b>52</b> and 2 others" in page
    assert "at capacity, prior involvement" in page
    assert page.count("<tr><th scope='row'>") == ranking.SHOWN
