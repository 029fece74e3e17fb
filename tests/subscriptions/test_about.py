"""What was told about a case, to whom, and what came of it: one look for the staff, and for nobody else."""

import pytest

from rso_shared.contracts.vocabulary import Role, Stage
from subscriptions.receiving import delivering, receiver, until
from subscriptions.scene import PARTNER, PLATFORM, SPONSOR, endpoint, entered, grant, large, opened

CASE = f"case-{SPONSOR}-new"


def told(subs, case_id=CASE):
    answer = subs.client(Role.OPERATIONS, "desk", "operator").get(f"/v1/cases/{case_id}/events")
    assert answer.status_code == 200, answer.text
    return answer.json()["events"]


def test_each_organisation_that_heard_of_it_and_what_became_of_each_event(subs):
    large(subs)
    grant(subs)
    with receiver(lambda _handler: 500) as broken, receiver() as there, delivering(subs):
        good, bad = endpoint(subs, there.url), endpoint(subs, broken.url)
        subs.receive(opened("new"), entered("new", Stage.SCREENING))
        until(
            lambda: [len(each["deliveries"]) for each in told(subs) if each["organisation_id"] == PARTNER][-1:] == [2]
        )
    events = told(subs)
    assert {each["organisation_id"] for each in events} == {PARTNER, SPONSOR, PLATFORM}
    first = [each for each in events if each["organisation_id"] == PARTNER][-1]
    assert (first["type"], first["level"]) == ("case.opened", "partner")
    states = {each["endpoint_id"]: (each["state"], each["status"], each["attempts"]) for each in first["deliveries"]}
    assert states == {good: ("delivered", 204, 1), bad: ("pending", 500, 1)}
    assert all(each["deliveries"] == [] for each in events if each["organisation_id"] != PARTNER)
    unknown = subs.client(Role.OPERATIONS, "desk", "operator").get("/v1/cases/case-none/events")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "case_unknown")


@pytest.mark.parametrize("role", [Role.PARTNER, Role.SPONSOR, Role.PLATFORM, Role.SPECIALIST, Role.PATIENT])
def test_it_is_for_the_staff(subs, role):
    assert subs.client(role, "someone", PARTNER).get(f"/v1/cases/{CASE}/events").status_code == 403
