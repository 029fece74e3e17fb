"""What the services have set aside, as Today and Health list it: of every service, by key, and never as nothing where one is silent."""

import asyncio
from typing import Any

import pytest

from operations.busy import NAUGHTY
from operations.cases import CASE
from operations.served import new_issuer, served
from operations.walking import needs_chromium, walking
from rso_operations import view_parked
from rso_operations.app import SPEC
from rso_operations.drawn import Lately
from rso_operations.engine_room import State
from rso_shared.kit import parking
from rso_shared.kit.broker import Record
from rso_shared.kit.clock import iso
from support.harness import START, Harness

TOLD = {"ready": True, "problems": {}, "parked": 0}


def one(key: str, state: str = parking.POISON, **more: str) -> dict[str, str]:
    known = {"consumer": "billing", "key": key, "event_id": "e", "state": state, "reason": "KeyError"}
    return {**known, "parked_at": iso(START), **more}


def test_what_another_service_has_set_aside_is_listed_by_service_and_key() -> None:
    messages = (one(CASE, parking.NOT_YET), one(CASE), one(CASE, parking.BEHIND), one("other", parking.NOT_YET))
    page = view_parked.keys((State("billing", TOLD, messages), State("intake", TOLD, ())), START)
    assert "Parked messages <b>4</b>" in page
    assert page.count("<tr><th scope='row'>Billing") == 2
    assert f"<code>{CASE[:8]}</code></td><td class='num'>3</td><td>Poison</td>" in page
    assert page.count(f"data-act='/operations/replay/billing/billing/{CASE}'") == 1
    assert view_parked.NOTHING not in page


def test_a_service_that_is_silent_is_named_and_not_taken_for_well() -> None:
    page = view_parked.keys((State("billing"), State("intake", TOLD, ())), START)
    assert "No answer: Billing. What is parked there is not known." in page
    assert view_parked.NOTHING not in page
    assert view_parked.NOTHING in view_parked.keys((State("intake", TOLD, ()),), START)


def test_other_roles_hear_how_many_and_not_which() -> None:
    page = view_parked.counts((State("billing", {**TOLD, "parked": 2}), State("intake", TOLD), State("records")))
    assert "<tr><th scope='row'>Billing</th><td class='num'>2</td></tr>" in page
    assert "No answer: Records" in page
    assert "shown to the role operations" in page


def test_what_was_set_aside_is_text() -> None:
    page = view_parked.keys((State("billing", TOLD, (one(NAUGHTY, reason=NAUGHTY, consumer="'/>"),)),), START)
    assert NAUGHTY not in page
    assert "'/>" not in page


def test_many_who_look_ask_once_and_again_after_some_seconds() -> None:
    at, asked = [0.0], []
    lately = Lately(4.0, lambda: at[0])

    async def ask() -> str:
        asked.append(at[0])
        await asyncio.sleep(0)
        return f"of {at[0]:.0f}"

    async def many() -> list[Any]:
        return await asyncio.gather(*(lately.of("keys", ask) for _ in range(9)), lately.of("counts", ask))

    async def later() -> list[Any]:
        found = []
        for at[0] in (0.0, 3.9, 4.0):
            found.append(await many())
        return found

    assert asyncio.run(later()) == [["of 0"] * 10, ["of 0"] * 10, ["of 4"] * 10]
    assert asked == [0.0, 0.0, 4.0, 4.0]


@needs_chromium
@pytest.mark.parametrize(("role", "words"), [("operations", "Try again"), ("care_coordinator", "role operations")])
def test_today_lists_them_and_says_who_does_not_answer(tmp_path, browser, role, words) -> None:
    new_issuer(tmp_path)
    harness = Harness(SPEC, tmp_path / "data")
    with harness.service.db.write() as tx:
        record = Record("rso.intake.v1", CASE, {"ce_id": "e-1"}, b"{}")
        parking.park(tx, "operations", record, parking.POISON, "KeyError", START)
    with served(tmp_path) as address, walking(browser, "light", address, role) as walk:
        walk.open(f"{address}/")
        walk.shows("Parked messages 1")
        walk.shows(words)
        walk.shows("No answer: Intake, Records, Matching, Opinions, Billing, Coordinator, Subscriptions.")
        assert (walk.findings(), walk.trouble) == ([], [])
    harness.close()
