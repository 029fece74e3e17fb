"""An erased specialist: what is asked before, and what is left in the directory."""

from matching.facts import INTERNAL, answer_offer, attest, coordinate, offer, ready, register
from rso_shared.contracts.intake import ErasureApproved
from rso_shared.contracts.matching import KeyDestroyed
from rso_shared.contracts.vocabulary import ErasureReason, Role
from support.harness import START, Client, Harness


def engagement(harness: Harness, specialist_id: str) -> tuple[int, int]:
    answer = harness.client(Role.SERVICE, "intake").get(f"{INTERNAL}/specialists/{specialist_id}/engagement")
    assert answer.status_code == 200, answer.text
    return answer.json()["open_offers"], answer.json()["active_assignments"]


def erase(harness: Harness, specialist_id: str) -> None:
    reason = ErasureReason.PERSON_REQUEST
    harness.receive(
        ErasureApproved(person_id=specialist_id, erasure_id="e-1", reason=reason, approved_at=START),
    )
    assert harness.service.eraser.erase_pending() == 1


def desk(harness: Harness) -> Client:
    return harness.client(Role.CARE_COORDINATOR)


def test_open_offers_and_assignments_are_counted(harness: Harness) -> None:
    specialist = register(harness)
    assert engagement(harness, specialist) == (0, 0)
    ready(harness)
    coordinate(harness, "/cases/case-1/matching")
    given = offer(harness)
    assert engagement(harness, specialist) == (1, 0)
    attest(harness, given)
    answer_offer(harness, given, "acceptance")
    assert engagement(harness, specialist) == (0, 1)
    coordinate(harness, "/cases/case-1/completion")
    assert engagement(harness, specialist) == (0, 0)
    unknown = harness.client(Role.SERVICE, "intake").get(f"{INTERNAL}/specialists/nobody/engagement")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "specialist_unknown")


def test_an_erased_specialist_has_no_name_and_gets_no_case(harness: Harness) -> None:
    specialist = register(harness)
    erase(harness, specialist)
    assert len(harness.facts(KeyDestroyed)) == 1
    path = f"/v1/specialists/{specialist}"
    named = desk(harness).get(path, purpose="care")
    assert (named.status_code, named.json()["code"]) == (410, "erased")
    assert desk(harness).get(path).status_code == 200, "what names nobody remains"
    ready(harness)
    begun = coordinate(harness, "/cases/case-1/matching")
    assert (begun["considered"], begun["eligible"]) == (1, 0)


def test_a_rebuilt_directory_brings_nobody_back(harness: Harness) -> None:
    specialist, other = register(harness), register(harness, 2)
    erase(harness, specialist)
    live = desk(harness).get("/v1/specialists").json()
    harness.rebuild()
    assert desk(harness).get("/v1/specialists").json() == live
    ready(harness)
    coordinate(harness, "/cases/case-1/matching")
    assert offer(harness)["specialist_id"] == other


def test_who_comes_back_is_registered_as_somebody_new(harness: Harness) -> None:
    first = register(harness)
    erase(harness, first)
    assert register(harness) != first
