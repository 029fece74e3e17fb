"""Acting from the pages of a running deployment: the owning service decides, and what it says stands on the page."""

import html
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from operations.walking import chromium, needs_chromium, walking

from e2e.onebox import Onebox, copy, wait_for
from e2e.scene import Scene, waiting_for_records


@pytest.fixture(scope="module")
def scene(rooms: Path, template: Path) -> Iterator[Scene]:
    box = Onebox(copy(template, rooms / "acted")).start()
    made = waiting_for_records(box)
    yield made
    made.http.close()
    made.cast.close()
    box.end()


@pytest.fixture
def staff(scene: Scene) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{scene.box.address}/operations", timeout=60) as client:
        assert client.post("/sign-in", data={"role": "care_coordinator"}).status_code == 303
        yield client


def act(staff: httpx.Client, scene: Scene, name: str, key: str = "", **fields: str) -> tuple[int, Any]:
    answer = staff.post(
        f"/act/{name}/{scene.story.case_id}", data=fields, headers={"idempotency-key": key or str(uuid.uuid4())}
    )
    return answer.status_code, answer.json()


def page(staff: httpx.Client, scene: Scene) -> str:
    return staff.get(f"/cases/{scene.story.case_id}").text


def test_an_act_is_done_by_the_owning_service_and_shown(scene: Scene, staff: httpx.Client) -> None:
    assert act(staff, scene, "owner", owner="nurse-7") == (200, {"done": "Done: give it an owner."})
    assert act(staff, scene, "hold", reason="further_testing")[0] == 200
    wait_for(
        "owner and hold on the page",
        lambda: all(each in page(staff, scene) for each in ("nurse-7", "On hold for", "dev-care-coordinator")),
    )
    assert act(staff, scene, "resume", reason="further_testing")[0] == 200
    wait_for("the end of the hold", lambda: "On hold for" not in page(staff, scene))


def test_the_same_key_acts_once(scene: Scene, staff: httpx.Client) -> None:
    key, before = str(uuid.uuid4()), scene.box.events()["intake.priority_changed"]
    for _ in range(3):
        assert act(staff, scene, "priority", key, priority="urgent", reason="surgery is planned")[0] == 200
    assert scene.box.events()["intake.priority_changed"] == before + 1


@needs_chromium
def test_an_act_on_chosen_cases_is_done_by_the_owning_service(scene: Scene) -> None:
    address = f"{scene.box.address}/operations"
    with chromium() as browser, walking(browser, "light", address, "care_coordinator") as walk:
        walk.open(f"{address}/cases")
        bulk = walk.page.locator("#bulk")
        walk.page.check(f"[data-pick='{scene.story.case_id}']")
        bulk.get_by_text("Act on the chosen cases: 1").click()
        bulk.locator("[data-act*=owner] [name=owner]").fill("nurse-9")
        bulk.locator("[data-act*=owner] button").click()
        walk.shows("Done for 1 of 1")
        assert walk.page.locator("[data-pick]:checked").count() == 0
        walk.shows("nurse-9")
        assert walk.trouble == []
    assert scene.story.cast.desk.get(scene.story.path())["owner"] == "nurse-9"


@needs_chromium
def test_every_service_says_that_it_is_ready_and_what_was_told_is_shown(scene: Scene) -> None:
    address = f"{scene.box.address}/operations"
    with chromium() as browser, walking(browser, "dark", address, "operations") as walk:
        walk.open(f"{address}/health")
        walk.shows("8 of 8 ready")
        walk.open(f"{address}/cases/{scene.story.case_id}")
        walk.shows("case.opened")
        walk.shows("example-health")
        walk.shows("No specialist was searched for yet.")
        assert (walk.findings(), walk.trouble) == ([], [])


def test_a_facility_is_named_asked_and_judged(scene: Scene, staff: httpx.Client) -> None:
    """What the forms choose from are the case's own, told by its page."""
    facility = scene.story.cast.facility_id(scene.story.case.facilities[0].key)
    assert act(staff, scene, "holder", facility_id=facility, kind="genomic")[0] == 200
    id_ = wait_for("the request among the choices", lambda: offered(page(staff, scene), "Genomic at"))
    for name, fields in (("verify", {}), ("ask", {"channel": "fax"}), ("verdict", {"verdict": "no_records_found"})):
        assert act(staff, scene, name, request_id=id_, **fields)[0] == 200
    wait_for("a request that is over to be chosen no more", lambda: not offered(page(staff, scene), "Genomic at"))
    status, told = act(staff, scene, "ask", request_id=id_, channel="fax")
    assert (status, told["detail"][-1]) == (409, ".")


def offered(text: str, words: str) -> str | None:
    found = re.search(
        rf"<option value=.([0-9a-f-]+).>{words}", html.unescape(text.replace("\\u003C", "<").replace("\\u003E", ">"))
    )
    return found[1] if found else None


def test_what_the_form_lacks_and_what_the_role_may_not_is_said(scene: Scene, staff: httpx.Client) -> None:
    assert act(staff, scene, "owner") == (422, {"code": "field_missing", "detail": "Person or team is needed."})
    status, told = act(staff, scene, "waive", kind="lab", reason="x")
    assert (status, told["code"]) == (403, "forbidden")


def test_nobody_acts_without_signing_in(scene: Scene) -> None:
    with httpx.Client(base_url=f"{scene.box.address}/operations", timeout=60) as stranger:
        assert act(stranger, scene, "owner", owner="x")[0] == 401


def test_a_refusal_comes_back_in_the_deciders_words(scene: Scene, staff: httpx.Client) -> None:
    """The last one here: afterwards the case is over."""
    assert act(staff, scene, "withdraw", reason="treatment has begun elsewhere")[0] == 200

    def refused() -> Any:
        status, told = act(staff, scene, "withdraw")
        return told if status == 409 else None

    told = wait_for("the refusal of a case that is over", refused)
    assert told["code"].startswith("case_")
    assert told["detail"].endswith(".")
