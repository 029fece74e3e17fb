"""What people read of codes and counts: words, the right number, and no id."""

from datetime import UTC, datetime, timedelta

import pytest

from operations.cases import CASE
from rso_coordinator.domain import ladder
from rso_operations import words
from rso_operations.sentences import sentence
from rso_shared.contracts.coordinator import DeadlineSet, EscalationRaised, RungFired
from rso_shared.contracts.intake import OwnerAssigned
from rso_shared.contracts.matching import MatchingExhausted
from rso_shared.contracts.records import RecordSetAccepted

AT = datetime(2026, 3, 2, 15, tzinfo=UTC)
ID = "018f6f0e-7c2a-7d5e-9b3a-0242ac120002"
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (f"offer/{ID}", "the answer to the offer"),
        (f"review/{ID}", "the opinion"),
        ("quality/2", "the quality review of version 2"),
        ("signature/1", "the signature of version 1"),
        ("joining", "authorization, participation and payment"),
        ("records", "the records"),
        (f"some_later_one/{ID}", "some later one"),
    ],
)
def test_a_deadline_is_named_and_its_id_is_not(code: str, said: str) -> None:
    fact = DeadlineSet(case_id=CASE, deadline=code, due_at=AT)
    assert sentence(fact) == f"Deadline for {said}: 2 Mar 15:00 UTC"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (f"{ID}_follow_up", "follow up a record request"),
        (f"{ID}_escalate", "escalate a record request"),
        (f"{ID}_call", "call about a record request"),
        (f"lapse_{ID}", "the offer lapses"),
        ("lapse", "the offer lapses"),
        ("backup_3", "offer to a backup"),
        ("no_specialist_10", "nobody is left to offer to"),
        ("patient_release", "release to the patient"),
        ("reminder_2", "reminder 2"),
        ("heads_up_50", "heads up 50"),
        ("expiry", "expiry"),
    ],
)
def test_a_timer_is_named_and_its_id_is_not(code: str, said: str) -> None:
    fact = RungFired(case_id=CASE, deadline="records", rung=code, due_at=AT, fired_at=AT)
    assert sentence(fact) == f"Timer fired: the records, {said}"


def test_no_rung_of_a_record_request_says_its_id() -> None:
    steps = {"follow_up": DAY, "escalate": DAY, "call": DAY, "decide": DAY}
    rungs = ladder.records(AT, [ladder.OpenRequest(ID, AT)], **steps)
    assert len(rungs) == len(steps)
    assert not [rung for rung in rungs if ID in words.rung(rung.rung)]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (f"review/{ID}/overdue_2", "the opinion, overdue 2"),
        ("quality/1/overdue", "the quality review of version 1, overdue"),
        ("matching/no_specialist_3", "the search for a specialist, nobody is left to offer to"),
        ("by_hand", "by hand"),
    ],
)
def test_an_escalation_says_why(code: str, said: str) -> None:
    fact = EscalationRaised(case_id=CASE, reason=code, to="medical_director")
    assert sentence(fact) == f"Escalated to medical director: {said}"


@pytest.mark.parametrize(
    ("owner", "said"),
    [("team:care-coordination", "the team care-coordination"), ("user:nurse-1", "the user nurse-1"), ("desk", "desk")],
)
def test_an_owner_is_a_team_or_a_person(owner: str, said: str) -> None:
    assert sentence(OwnerAssigned(case_id=CASE, owner=owner)) == f"Owner is now {said}"


def test_one_is_one_and_all_else_is_several() -> None:
    assert [words.counted(number, "kind") for number in (0, 1, 2, 1000)] == [
        "0 kinds",
        "1 kind",
        "2 kinds",
        "1,000 kinds",
    ]
    assert [words.counted(number, "entry", "entries") for number in (1, 2)] == ["1 entry", "2 entries"]
    one = RecordSetAccepted(case_id=CASE, documents=1, waived=0, manifest_sha256="", accepted_at=AT)
    assert sentence(one) == "Record set accepted: 1 document, 0 waived"
    assert sentence(one.model_copy(update={"documents": 3})).startswith("Record set accepted: 3 documents")
    assert sentence(MatchingExhausted(case_id=CASE, offers=1)) == "No specialist found after 1 offer"


def test_money_on_either_side_of_zero() -> None:
    said = [words.money(amount, "USD") for amount in (0, 5, -5, -123_405)]
    assert said == ["0.00 USD", "0.05 USD", "-0.05 USD", "-1,234.05 USD"]
    assert words.money(-500, "JPY") == "-500 JPY"
