"""A case's page is its facts up to any one of them, and nothing else."""

from dataclasses import replace
from datetime import timedelta

import pytest

from operations.cases import CASE, submitted
from rso_operations import view_case
from rso_operations.app import SPEC
from rso_operations.casefile import back, casefile, open_requests
from rso_shared.contracts.billing import HonorariumApproved
from rso_shared.contracts.coordinator import StageEntered, WaitingChanged, WaitingOn
from rso_shared.contracts.intake import CaseHeld, OwnerAssigned
from rso_shared.contracts.matching import AssignmentReleased, CaseOffered, OfferAccepted, OfferDeclined
from rso_shared.contracts.records import RecordRequestFulfilled, RecordRequestSent
from rso_shared.contracts.vocabulary import HoldReason, OfferDeclineReason, RecordKind, Stage
from rso_shared.kit import facts
from support.harness import START, Harness

HOUR = timedelta(hours=1)
WAITING = WaitingOn(party="facility", what="records", since=START, due=START + HOUR, how_to_act="/v1/x")
TOLD = (
    submitted(),
    StageEntered(case_id=CASE, stage=Stage.SCREENING, entered_at=START),
    OwnerAssigned(case_id=CASE, owner="nurse-1"),
    StageEntered(case_id=CASE, stage=Stage.COMPILING_RECORDS, entered_at=START + HOUR),
    WaitingChanged(case_id=CASE, waiting_on=(WAITING,)),
    RecordRequestSent(case_id=CASE, request_id="r1", facility_id="f1", kind=RecordKind.LAB, sent_at=START + HOUR),
    RecordRequestSent(case_id=CASE, request_id="r1", facility_id="f1", kind=RecordKind.LAB, sent_at=START + 2 * HOUR),
    CaseHeld(case_id=CASE, reason=HoldReason.FURTHER_TESTING),
    RecordRequestFulfilled(case_id=CASE, request_id="r1"),
    HonorariumApproved(case_id=CASE, honorarium_id="h1"),
    CaseOffered(case_id=CASE, offer_id="o1", specialist_id="dr-one", offered_at=START, expires_at=START + HOUR),
    OfferDeclined(case_id=CASE, offer_id="o1", specialist_id="dr-one", reason=OfferDeclineReason.NO_CAPACITY),
    CaseOffered(case_id=CASE, offer_id="o2", specialist_id="dr-two", offered_at=START, expires_at=START + HOUR),
    OfferAccepted(case_id=CASE, offer_id="o2", assignment_id="a2", specialist_id="dr-two", accepted_at=START),
    AssignmentReleased(case_id=CASE, assignment_id="a2", specialist_id="dr-two", reason="overdue"),
)


@pytest.fixture
def known(tmp_path):
    harness = Harness(SPEC, tmp_path)
    for fact in TOLD:
        harness.receive(fact)
        harness.clock.set(harness.clock.now() + timedelta(minutes=1))
    with harness.service.db.read() as tx:
        found = facts.all_of(tx, CASE, as_of=None)
    harness.close()
    return found


def test_the_present_is_all_of_it(known):
    file = casefile(known, upto=None, pay=True)
    assert (file.position, file.total, file.stage) == (len(TOLD), len(TOLD), Stage.COMPILING_RECORDS)
    assert (file.owner, file.held, file.waiting_on) == ("nurse-1", {"further_testing"}, (WAITING,))
    assert [(span.stage, span.since, span.until) for span in file.spans] == [
        (Stage.SCREENING, START, START + HOUR), (Stage.COMPILING_RECORDS, START + HOUR, None),
    ]  # fmt: skip
    (request,) = file.requests.values()
    assert (request.facility_id, request.kind, request.state, request.times_sent) == ("f1", "lab", "fulfilled", 2)
    assert open_requests(file.requests.values()) == 0
    assert [(each.specialist_id, each.state, each.reason) for each in file.offers.values()] == [
        ("dr-one", "declined", "no_capacity"), ("dr-two", "taken back", "overdue"),
    ]  # fmt: skip


def test_each_offer_names_its_specialist_and_what_became_of_it(known):
    page = view_case.page(casefile(known, upto=None, pay=False), START)
    assert "Offers <b>2</b>" in page
    for id_, state, why in (("dr-one", "Declined", "No capacity"), ("dr-two", "Taken back", "Overdue")):
        row = page[page.index(f"<a href='/operations/specialists?q={id_}'>{id_}</a>") :].partition("</tr>")[0]
        assert (state in row, why in row) == (True, True)


@pytest.mark.parametrize("position", range(1, len(TOLD) + 1))
def test_the_past_is_what_was_known_by_then(known, position):
    """Looking back at a fact shows what looking forward showed when it was the last one."""
    then = casefile(known[:position], upto=None, pay=True)
    back = casefile(known, upto=position, pay=True)
    assert (back.entries, back.spans, back.requests, back.owner, back.held) == (
        then.entries, then.spans, then.requests, then.owner, then.held,
    )  # fmt: skip
    assert view_case.page(back, START) == view_case.page(then, START)


@pytest.mark.parametrize(("asked", "shown"), [(0, len(TOLD)), (99, len(TOLD)), (1, 1)])
def test_a_number_out_of_range_is_the_nearest(known, asked, shown):
    assert casefile(known, upto=asked, pay=True).position == shown


def test_honoraria_are_for_those_who_may_see_pay(known):
    assert len(casefile(known, upto=None, pay=False).entries) == len(TOLD) - 1


def test_the_page_says_who_must_act_and_marks_what_is_late(known):
    page = view_case.page(casefile(known, upto=None, pay=False), START + 3 * HOUR)
    for words in (
        "Who must act next",
        "Facility",
        "late 2 h 0 min",
        "On hold for",
        "Further testing",
        "<b>0</b> open of 1",
    ):
        assert words in page
    present = casefile(known, upto=None, pay=False)
    assert "Back to now" in view_case.slider(present, back(known, "2"))
    assert "Back to now" not in view_case.slider(present, None)


@pytest.mark.parametrize(
    ("asked", "upto"),
    [
        ("2026-03-02T15:00:00Z", 1), ("2026-03-02T15:01:30", 2), ("2026-03-02 10:02:00-05:00", 3), ("2026-03-02T14:59:59Z", 0),
        ("2030-01-01", len(TOLD)), ("3", 3), ("99", len(TOLD)),
    ],
)  # fmt: skip
def test_an_instant_or_a_number_leads_back_to_what_was_known_then(known, asked, upto):
    then = back(known, asked)
    assert then is not None
    assert then.upto == upto
    assert f"value='{upto}'" in view_case.slider(casefile(known, upto=None, pay=False), then)


@pytest.mark.parametrize("asked", ["", "0", "-1", "yesterday", "²"])
def test_what_is_neither_is_the_present(known, asked):
    assert back(known, asked) is None


def test_each_entry_says_who_did_it_and_what_led_to_it(known):
    by = replace(known[2], actor="care_coordinator:nurse-1", causation_id=known[1].event_id)
    file = casefile([*known[:2], by, replace(known[3], actor="service:coordinator")], upto=None, pay=True)
    assert (file.entries[2].actor, file.entries[2].cause) == ("nurse-1, care coordinator", "Stage: screening")
    assert (file.entries[3].actor, file.entries[3].cause) == ("the service coordinator", "")
    assert "because: Stage: screening" in view_case.page(file, START)


def test_a_cause_that_one_may_not_see_is_not_told(known):
    paid = next(fact for fact in known if isinstance(fact.data, HonorariumApproved))
    after = replace(known[2], causation_id=paid.event_id)
    assert "Honorarium" not in view_case.page(casefile([known[0], paid, after], upto=None, pay=False), START)
