"""Who is chosen, who is not and why, at the instant of decision, offer, acceptance and signature."""

import threading

import pytest

from matching.facts import (
    INTERNAL,
    answer_offer,
    assign,
    attest,
    code,
    confirmed,
    coordinate,
    end_licence,
    offer,
    program,
    ready,
    register,
    submitted,
)
from rso_shared.contracts import intake as intake_facts
from rso_shared.contracts import matching as facts
from rso_shared.contracts.base import AccessChange
from rso_shared.contracts.vocabulary import ConditionGroup, Role
from support.harness import Harness


def test_the_decision_lists_reasons_and_is_recomputed_bit_for_bit(harness: Harness) -> None:
    good, affiliated = register(harness, 1), register(harness, 2, affiliations=["facility-1"])
    unlicensed = register(harness, 3, licences=[])
    register(harness, 4, focus=["spine"])
    ready(harness)
    coordinate(harness, "/cases/case-1/matching")
    director = harness.client(Role.MEDICAL_DIRECTOR)
    answer = director.get("/v1/cases/case-1/match-decision", recompute=True).json()
    assert answer["identical"] is True
    assert answer["sha256"] == answer["recomputed_sha256"]
    decision = answer["decision"]
    assert [one["specialist_id"] for one in decision["candidates"]] == [good]
    reasons = {one["specialist_id"]: one["reasons"] for one in decision["exclusions"]}
    assert reasons == {
        affiliated: ["affiliated_with_treating_facility"],
        unlicensed: ["not_licensed", "no_licence_in_force"],
    }
    assert (decision["off_focus"], decision["ranking_version"]) == (1, "2026-11-01")
    harness.client(Role.OPERATIONS).post(f"/v1/specialists/{good}/capacity", {"capacity": 0})
    later = director.get("/v1/cases/case-1/match-decision", recompute=True).json()
    assert later["identical"] is True
    assert later["decision"] == decision


def test_a_licence_that_ends_between_decision_and_offer_passes_the_candidate_over(harness: Harness) -> None:
    specialist = register(harness)
    ready(harness)
    coordinate(harness, "/cases/case-1/matching")
    end_licence(harness, specialist)
    assert offer(harness)["exhausted"] is True


def test_a_licence_that_ends_between_offer_and_acceptance_refuses_it(harness: Harness) -> None:
    specialist = register(harness)
    ready(harness)
    coordinate(harness, "/cases/case-1/matching")
    given = offer(harness)
    attest(harness, given)
    end_licence(harness, specialist)
    refused = answer_offer(harness, given, "acceptance")
    assert code(refused) == (409, "specialist_not_eligible")
    assert refused.json()["reasons"] == ["not_licensed", "no_licence_in_force"]
    assert harness.facts(facts.OfferAccepted) == []


def test_capacity_counts_over_cases(harness: Harness) -> None:
    register(harness, capacity=1)
    ready(harness, "case-1")
    ready(harness, "case-2")
    for case_id in ("case-1", "case-2"):
        coordinate(harness, f"/cases/{case_id}/matching")
    one, two = offer(harness, "case-1"), offer(harness, "case-2")
    for given in (one, two):
        attest(harness, given)
    assert answer_offer(harness, one, "acceptance").status_code == 201
    refused = answer_offer(harness, two, "acceptance")
    assert refused.json()["reasons"] == ["at_capacity"]
    coordinate(harness, "/cases/case-1/completion")
    assert answer_offer(harness, two, "acceptance").status_code == 201


def test_capacity_holds_when_all_accept_at_once(harness: Harness) -> None:
    specialist = register(harness, capacity=3)
    offers = []
    for number in range(8):
        ready(harness, f"case-{number}")
        coordinate(harness, f"/cases/case-{number}/matching")
        offers.append(offer(harness, f"case-{number}"))
        attest(harness, offers[-1])
    codes: list[int] = []
    threads = [
        threading.Thread(
            target=lambda given=given: codes.append(answer_offer(harness, given, "acceptance").status_code)
        )
        for given in offers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [201] * 3 + [409] * 5
    shown = harness.client(Role.OPERATIONS).get(f"/v1/specialists/{specialist}").json()
    assert shown["active_assignments"] == 3


def test_the_patients_own_doctor_is_involved(harness: Harness) -> None:
    specialist = register(harness)
    ready(harness)
    joined = (AccessChange(role=Role.LOCAL_PROVIDER, subject=specialist),)
    harness.receive(intake_facts.LocalProviderJoined(case_id="case-1", access=joined))
    assert coordinate(harness, "/cases/case-1/matching")["eligible"] == 0


def test_who_works_on_another_case_of_the_same_person_is_involved(harness: Harness) -> None:
    register(harness)
    ready(harness, "case-1", person_id="p")
    ready(harness, "case-2", person_id="p")
    assign(harness, "case-1")
    assert coordinate(harness, "/cases/case-2/matching")["eligible"] == 0


@pytest.mark.parametrize("ending", ["completion", "release"])
def test_who_had_an_earlier_case_of_the_same_person_is_involved(harness: Harness, ending: str) -> None:
    """A second opinion is no second look by the one who gave the first."""
    register(harness)
    for case_id, person_id in (("case-1", "p"), ("case-2", "p"), ("case-3", "q")):
        ready(harness, case_id, person_id=person_id)
    assign(harness, "case-1")
    coordinate(harness, f"/cases/case-1/{ending}")
    assert coordinate(harness, "/cases/case-2/matching")["eligible"] == 0
    assert coordinate(harness, "/cases/case-3/matching")["eligible"] == 1


def test_a_recoded_condition_is_matched_as_it_is_now(harness: Harness) -> None:
    register(harness, 1)
    surgeon = register(harness, 2, focus=["spine"])
    ready(harness)
    harness.receive(intake_facts.ConditionCoded(case_id="case-1", condition_group=ConditionGroup.SPINE))
    coordinate(harness, "/cases/case-1/matching")
    assert offer(harness)["specialist_id"] == surgeon


def test_a_missing_fact_is_not_guessed(harness: Harness) -> None:
    harness.receive(submitted())
    answer = harness.client(Role.SERVICE).post(f"{INTERNAL}/cases/case-1/matching")
    assert code(answer) == (503, "not_yet_known")
    harness.receive(confirmed(), intake_facts.ProgramPublished(program=program(version=2)))
    coordinate(harness, "/cases/case-1/matching")
    answer = harness.client(Role.SERVICE).post(f"{INTERNAL}/cases/case-1/offers", {})
    assert code(answer) == (503, "not_yet_known")


def test_signing_eligibility(harness: Harness) -> None:
    specialist = register(harness)
    ready(harness)
    service = harness.client(Role.SERVICE)
    asked = {"case_id": "case-1", "specialist_id": specialist}
    assert service.get(f"{INTERNAL}/eligibility", **asked).json()["reasons"] == ["not_assigned"]
    assign(harness)
    answer = facts.SigningEligibility.model_validate(service.get(f"{INTERNAL}/eligibility", **asked).json())
    assert (answer.eligible, answer.specialist_version) == (True, 3)
    end_licence(harness, specialist)
    answer = facts.SigningEligibility.model_validate(service.get(f"{INTERNAL}/eligibility", **asked).json())
    assert (answer.eligible, answer.reasons) == (False, ("not_licensed", "no_licence_in_force"))
    unknown = service.get(f"{INTERNAL}/eligibility", case_id="case-1", specialist_id="nobody")
    assert code(unknown) == (404, "specialist_unknown")
