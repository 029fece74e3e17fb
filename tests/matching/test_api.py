"""The life of an offer and of an assignment through the HTTP face, on real stores."""

from datetime import timedelta

import pytest

from matching.facts import (
    INTERNAL,
    WINDOW,
    answer_offer,
    assign,
    attest,
    code,
    confirmed,
    coordinate,
    offer,
    program,
    ready,
    register,
    submitted,
)
from rso_shared.contracts import intake as intake_facts
from rso_shared.contracts import matching as facts
from rso_shared.contracts.base import AccessChange
from rso_shared.contracts.vocabulary import Priority, Role
from rso_shared.kit.clock import iso
from support.harness import START, Harness


def test_the_straight_path(harness: Harness) -> None:
    specialist = register(harness)
    ready(harness)
    begun = coordinate(harness, "/cases/case-1/matching")
    assert (begun["considered"], begun["eligible"]) == (1, 1)
    given = offer(harness)
    assert given["specialist_id"] == specialist
    assert given["expires_at"] == (START + WINDOW).isoformat().replace("+00:00", "Z")
    assert attest(harness, given).json()["case_id"] is None
    accepted = answer_offer(harness, given, "acceptance").json()
    assert (accepted["status"], accepted["case_id"]) == ("accepted", "case-1")
    done = coordinate(harness, "/cases/case-1/completion")
    assert (done["status"], done["assignment_id"]) == ("completed", accepted["assignment_id"])
    published = [type(fact).__name__ for fact in harness.facts()]
    assert published == [
        "SpecialistRegistered",
        "LicenceRecorded",
        "CredentialsVerified",
        "MatchingStarted",
        "MatchDecisionRecorded",
        "CaseOffered",
        "ConflictAttested",
        "OfferAccepted",
        "AssignmentCompleted",
    ]
    [fact] = harness.facts(facts.OfferAccepted)
    assert fact.access == (AccessChange(role="specialist", subject=specialist, granted=True),)


def test_every_command_of_the_coordinator_absorbs_its_repetition(harness: Harness) -> None:
    register(harness)
    ready(harness)
    first = coordinate(harness, "/cases/case-1/matching")
    assert coordinate(harness, "/cases/case-1/matching") == first
    given = offer(harness)
    assert offer(harness) == given
    assert coordinate(harness, "/cases/case-1/offers", {"n": 1}) == given
    attest(harness, given)
    answer_offer(harness, given, "acceptance")
    accepted = answer_offer(harness, given, "acceptance")
    assert accepted.status_code == 201
    assert coordinate(harness, "/cases/case-1/offers", {"n": 1})["status"] == "accepted"
    assert coordinate(harness, "/cases/case-1/completion") == coordinate(harness, "/cases/case-1/completion")
    assert coordinate(harness, "/cases/case-1/release", {"reason": "withdrawn"})["status"] == "completed"
    assert len(harness.facts(facts.OfferAccepted)) == 1


def test_before_acceptance_the_case_is_shown_without_a_name_or_an_id(harness: Harness) -> None:
    specialist = register(harness)
    ready(harness)
    coordinate(harness, "/cases/case-1/matching")
    given = offer(harness)
    mine = harness.client(Role.SPECIALIST, specialist)
    [seen] = mine.get("/v1/offers").json()["offers"]
    assert seen == mine.get(f"/v1/offers/{given['offer_id']}").json()
    assert seen["case"] == {
        "condition_group": "breast_cancer",
        "country": "US",
        "state": "MA",
        "language": "en",
        "age_group": "adult",
        "questions": 2,
    }
    assert "case-1" not in str(seen)
    assert seen["answerable"]
    assert code(mine.get("/v1/cases/case-1/assignment")) == (404, "case_unknown")
    attest(harness, given)
    answer_offer(harness, given, "acceptance")
    assert mine.get("/v1/offers", status="accepted").json()["offers"][0]["case_id"] == "case-1"
    assert mine.get("/v1/cases/case-1/assignment").json()["state"] == "assigned"


def test_offers_of_others_do_not_exist(harness: Harness) -> None:
    register(harness)
    ready(harness)
    coordinate(harness, "/cases/case-1/matching")
    given = offer(harness)
    other = {**given, "specialist_id": "somebody-else"}
    assert code(answer_offer(harness, other, "acceptance")) == (404, "offer_unknown")
    stranger = harness.client(Role.SPECIALIST, "somebody-else")
    assert code(stranger.get(f"/v1/offers/{given['offer_id']}")) == (404, "offer_unknown")
    assert stranger.get("/v1/offers").json()["offers"] == []
    staff = harness.client(Role.CARE_COORDINATOR)
    assert staff.get("/v1/offers", case_id="case-1").json()["offers"][0]["case_id"] == "case-1"
    assert code(staff.post(f"/v1/offers/{given['offer_id']}/acceptance")) == (403, "forbidden")


def test_both_ends_of_the_window(harness: Harness) -> None:
    register(harness)
    ready(harness)
    coordinate(harness, "/cases/case-1/matching")
    given = offer(harness)
    expires = START + WINDOW
    harness.clock.set(expires - timedelta(microseconds=1))
    assert attest(harness, given).status_code == 201
    harness.clock.set(expires)
    assert code(answer_offer(harness, given, "acceptance")) == (409, "offer_lapsed")
    assert code(answer_offer(harness, given, "decline", {"reason": "personal"})) == (409, "offer_lapsed")
    lapse = f"/offers/{given['offer_id']}/lapse"
    early = harness.client(Role.SERVICE).post(f"{INTERNAL}{lapse}", {"due": iso(expires - timedelta(hours=1))})
    assert code(early) == (409, "superseded_due")
    assert coordinate(harness, lapse, {"due": iso(expires)})["status"] == "lapsed"
    assert coordinate(harness, lapse, {"due": expires.isoformat()})["status"] == "lapsed"
    assert len(harness.facts(facts.OfferLapsed)) == 1


def test_the_lapse_of_an_answered_offer_is_already_decided(harness: Harness) -> None:
    register(harness)
    ready(harness)
    given = assign(harness)
    answer = harness.client(Role.SERVICE).post(
        f"{INTERNAL}/offers/{given['offer_id']}/lapse", {"due": given["expires_at"]}
    )
    assert code(answer) == (409, "already_decided")


def test_an_urgent_case_has_the_short_window(harness: Harness) -> None:
    register(harness)
    ready(harness)
    harness.receive(intake_facts.PriorityChanged(case_id="case-1", priority=Priority.URGENT))
    coordinate(harness, "/cases/case-1/matching")
    assert offer(harness)["expires_at"] == "2026-03-02T17:00:00Z"


def test_a_decline_leads_to_the_next_and_the_last_to_exhaustion(harness: Harness) -> None:
    register(harness, 1)
    register(harness, 2)
    ready(harness)
    coordinate(harness, "/cases/case-1/matching")
    first = offer(harness)
    assert answer_offer(harness, first, "decline", {"reason": "no_capacity"}).json()["status"] == "declined"
    second = offer(harness)
    assert second["specialist_id"] != first["specialist_id"]
    assert attest(harness, second, conflict=True).json()["status"] == "declined"
    assert offer(harness)["exhausted"] is True
    assert [fact.reason for fact in harness.facts(facts.OfferDeclined)] == ["no_capacity", "conflict"]
    assert harness.facts(facts.MatchingExhausted)[-1].offers == 2


def test_after_exhaustion_a_new_request_searches_the_directory_again(harness: Harness) -> None:
    ready(harness)
    coordinate(harness, "/cases/case-1/matching")
    assert offer(harness)["exhausted"] is True
    late = register(harness)
    again = offer(harness)
    assert again["specialist_id"] == late
    assert len(harness.facts(facts.MatchDecisionRecorded)) == 2


def test_the_program_bounds_the_number_of_offers(harness: Harness) -> None:
    register(harness, 1)
    register(harness, 2)
    harness.receive(intake_facts.ProgramPublished(program=program(max_offers=1)), submitted(), confirmed())
    coordinate(harness, "/cases/case-1/matching")
    answer_offer(harness, offer(harness), "decline", {"reason": "personal"})
    assert offer(harness)["exhausted"] is True


def test_a_backup_takes_over_and_access_moves(harness: Harness) -> None:
    register(harness, 1)
    register(harness, 2)
    ready(harness)
    first = assign(harness)
    backup = offer(harness, backup=True)
    attest(harness, backup)
    assert answer_offer(harness, backup, "acceptance").status_code == 201
    [released] = harness.facts(facts.AssignmentReleased)
    assert (released.assignment_id, released.reason) == (first["assignment_id"], "backup_accepted")
    assert released.access[0].granted is False
    old, new = (harness.client(Role.SPECIALIST, given["specialist_id"]) for given in (first, backup))
    assert code(old.get("/v1/cases/case-1/assignment")) == (404, "case_unknown")
    assert new.get("/v1/cases/case-1/assignment").json()["assignment"]["specialist_id"] == backup["specialist_id"]


def test_the_desk_releases_an_assignment(harness: Harness) -> None:
    register(harness)
    ready(harness)
    desk = harness.client(Role.CARE_COORDINATOR)
    release = ("/v1/cases/case-1/assignment/release", {"reason": "conflict_discovered"})
    coordinate(harness, "/cases/case-1/matching")
    assert code(desk.post(*release)) == (409, "no_active_assignment")
    assign(harness)
    assert desk.post(*release).json()["status"] == "released"
    assert offer(harness)["exhausted"] is True


def test_a_withdrawn_case_accepts_nothing_more(harness: Harness) -> None:
    register(harness)
    ready(harness)
    coordinate(harness, "/cases/case-1/matching")
    given = offer(harness)
    attest(harness, given)
    harness.receive(intake_facts.CaseWithdrawn(case_id="case-1", by_role=Role.PATIENT))
    assert code(answer_offer(harness, given, "acceptance")) == (409, "case_not_open")
    coordinate(harness, "/cases/case-1/release", {"reason": "withdrawn"})
    assert [fact.offer_id for fact in harness.facts(facts.OfferWithdrawn)] == [given["offer_id"]]
    refused = harness.client(Role.SERVICE).post(f"{INTERNAL}/cases/case-1/offers", {})
    assert code(refused) == (409, "case_not_open")


@pytest.mark.parametrize("reason", ["withdrawn", "expired", "closed"])
def test_a_case_that_never_came_to_matching_is_released_too(harness: Harness, reason: str) -> None:
    harness.receive(submitted())
    assert coordinate(harness, "/cases/case-1/release", {"reason": reason})["assignment_id"] is None
