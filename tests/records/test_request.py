"""RecordRequest: every transition of domain.md A.3, and every refusal."""

from datetime import date, timedelta

import pytest

from records.builders import (
    CASE,
    FACILITY,
    IDENTIFY,
    IDS,
    IN_FORCE,
    LATER,
    NO_NOTE,
    NOW,
    PATHOLOGY,
    SEND,
    answered,
    identified,
    sent,
    verified,
)
from rso_records_compiler.domain import request_events as happened
from rso_records_compiler.domain.authorization import Authorization, best, require_in_force
from rso_records_compiler.domain.request import CLOSED, OPEN, REQUEST, RequestState
from rso_records_compiler.domain.request_commands import (
    AbandonRequest,
    AcknowledgeRequest,
    AnswerRequest,
    CancelRequest,
    FollowUp,
    IdentifyHolder,
    Judge,
    SendRequest,
    Verdict,
    VerifyRequest,
)
from rso_records_compiler.domain.request_events import Channel
from rso_shared.kit.errors import DomainError
from support.deciding import given

TO_SENT = (identified(), verified(), sent())
ACKNOWLEDGED = happened.RecordRequestAcknowledged(**IDS)
FULFILLED = happened.RecordRequestFulfilled(**IDS)
INCOMPLETE = happened.RecordRequestIncomplete(**IDS, note=NO_NOTE)
NONE_FOUND = happened.NoRecordsFound(**IDS)
REFUSED = happened.RecordRequestRefused(**IDS, note=NO_NOTE)
CANCELLED = happened.RecordRequestCancelled(**IDS)
ABANDONED = happened.RecordRequestAbandoned(**IDS)

HISTORIES = {
    RequestState.IDENTIFIED: (identified(),),
    RequestState.VERIFIED: (identified(), verified()),
    RequestState.SENT: TO_SENT,
    RequestState.ACKNOWLEDGED: (*TO_SENT, ACKNOWLEDGED),
    RequestState.PARTIALLY_RECEIVED: (*TO_SENT, answered()),
    RequestState.RECEIVED: (*TO_SENT, answered(complete=True)),
    RequestState.INCOMPLETE: (*TO_SENT, answered(), INCOMPLETE),
    RequestState.ACCEPTED: (*TO_SENT, answered(complete=True), FULFILLED),
    RequestState.NO_RECORDS_FOUND: (*TO_SENT, NONE_FOUND),
    RequestState.REFUSED: (*TO_SENT, REFUSED),
    RequestState.CANCELLED: (identified(), CANCELLED),
    RequestState.ABANDONED: (identified(), ABANDONED),
}


def judge(verdict):
    return Judge(verdict, NO_NOTE)


TRANSITIONS = [
    (VerifyRequest(), verified(), {RequestState.IDENTIFIED}),
    (AcknowledgeRequest(), ACKNOWLEDGED, {RequestState.SENT}),
    (judge(Verdict.ACCEPTED), FULFILLED, {RequestState.PARTIALLY_RECEIVED, RequestState.RECEIVED}),
    (judge(Verdict.INCOMPLETE), INCOMPLETE, {RequestState.PARTIALLY_RECEIVED, RequestState.RECEIVED}),
    (judge(Verdict.NO_RECORDS_FOUND), NONE_FOUND, {RequestState.SENT, RequestState.ACKNOWLEDGED}),
    (
        judge(Verdict.REFUSED),
        REFUSED,
        {RequestState.SENT, RequestState.ACKNOWLEDGED, RequestState.PARTIALLY_RECEIVED},
    ),
    (CancelRequest(), CANCELLED, set(OPEN)),
    (AnswerRequest("document-9", complete=False), answered("document-9"), set(OPEN)),
]


def test_the_histories_lead_where_they_say():
    assert {state: given(REQUEST, *events).state().state for state, events in HISTORIES.items()} == {
        state: state for state in HISTORIES
    }


@pytest.mark.parametrize(("command", "event", "allowed"), TRANSITIONS)
def test_each_step_from_each_state(command, event, allowed):
    for state, events in HISTORIES.items():
        step = given(REQUEST, *events).when(command)
        if state in allowed:
            step.then(event)
        else:
            assert step.refused("record_request_wrong_state").facts["state"] == state.value


def test_a_request_exists_before_it_is_sent():
    given(REQUEST).when(IDENTIFY).then(identified())


@pytest.mark.parametrize("state", sorted(OPEN))
def test_an_open_request_is_not_doubled(state):
    refusal = given(REQUEST, *HISTORIES[state]).when(IDENTIFY).refused("record_request_exists")
    assert refusal.facts["request_id"] == "request-1"


@pytest.mark.parametrize("state", sorted(CLOSED))
def test_a_closed_one_is_asked_anew_under_a_new_id(state):
    again = IdentifyHolder("request-2", CASE, FACILITY, PATHOLOGY, NO_NOTE)
    given(REQUEST, *HISTORIES[state]).when(again).then(identified("request-2", 2))


def test_sending_rests_on_an_authorization_in_force():
    given(REQUEST, identified(), verified()).when(SEND).then(sent())


def test_a_request_is_not_sent_unverified():
    for state in set(HISTORIES) - {RequestState.VERIFIED, RequestState.INCOMPLETE}:
        given(REQUEST, *HISTORIES[state]).when(SEND).refused("record_request_wrong_state")


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "authorization_missing"),
        (Authorization("a", date(2026, 3, 1)), "authorization_expired"),
        (Authorization("a", date(2026, 12, 31), revoked=True), "authorization_revoked"),
    ],
)
def test_nothing_is_sent_without_one(authorization, code):
    command = SendRequest(Channel.MAIL, authorization, NOW)
    given(REQUEST, identified(), verified()).when(command).refused(code)
    given(REQUEST, *HISTORIES[RequestState.INCOMPLETE]).when(command).refused(code)


def test_an_authorization_holds_on_its_last_day():
    assert require_in_force(Authorization("a", date(2026, 3, 2)), date(2026, 3, 2)) == "a"
    with pytest.raises(DomainError):
        require_in_force(Authorization("a", date(2026, 3, 2)), date(2026, 3, 3))


def test_of_several_authorizations_the_longest_standing_one_counts():
    short, long = Authorization("a", date(2026, 4, 1)), Authorization("b", date(2026, 5, 1))
    gone = Authorization("c", date(2027, 1, 1), revoked=True)
    assert best([]) is None
    assert best([long, short, gone]) == long
    assert best([gone]) == gone


def test_after_incomplete_it_goes_out_again():
    given(REQUEST, *HISTORIES[RequestState.INCOMPLETE]).when(SendRequest(Channel.FAX, IN_FORCE, LATER)).then(
        sent(attempt=2, at=LATER)
    )


def test_the_last_document_makes_it_received():
    step = given(REQUEST, *TO_SENT).when(AnswerRequest("document-1", complete=True))
    step.then(answered(complete=True))
    state = given(REQUEST, *HISTORIES[RequestState.RECEIVED], answered("document-2")).state()
    assert (state.state, state.documents) == (RequestState.RECEIVED, ("document-1", "document-2"))


DUE = NOW + timedelta(days=7)
RUNG = FollowUp("request-1", "follow_up_1", DUE, DUE)
FOLLOWED = happened.RecordRequestFollowedUp(**IDS, rung="follow_up_1", due_at=DUE, followed_up_at=DUE)


def test_a_rung_happens_once():
    given(REQUEST, *TO_SENT).when(RUNG).then(FOLLOWED)
    given(REQUEST, *TO_SENT, FOLLOWED).when(RUNG).then()


@pytest.mark.parametrize(
    "state",
    sorted(set(HISTORIES) - {RequestState.SENT, RequestState.ACKNOWLEDGED, RequestState.PARTIALLY_RECEIVED}),
)
def test_a_rung_for_a_request_that_no_longer_waits_is_absorbed(state):
    given(REQUEST, *HISTORIES[state]).when(RUNG).then()


def test_a_rung_of_an_earlier_round_is_absorbed():
    sent_anew = (*TO_SENT, NONE_FOUND, identified("request-2", 2), verified(), sent())
    given(REQUEST, *sent_anew).when(RUNG).then()


def test_a_new_sending_starts_its_ladder_anew():
    history = (*TO_SENT, FOLLOWED, answered(), INCOMPLETE, sent(2, LATER))
    given(REQUEST, *history).when(RUNG).then(FOLLOWED)


def test_abandoning_and_cancelling_with_the_case_leave_closed_ones_alone():
    for state, events in HISTORIES.items():
        given(REQUEST, *events).when(AbandonRequest()).then(*([] if state in CLOSED else [ABANDONED]))
        given(REQUEST, *events).when(CancelRequest(quietly=True)).then(*([] if state in CLOSED else [CANCELLED]))


@pytest.mark.parametrize(
    "command", [VerifyRequest(), SEND, AcknowledgeRequest(), RUNG, CancelRequest(), AbandonRequest()]
)
def test_nothing_happens_to_a_request_that_is_not_there(command):
    assert given(REQUEST).when(command).refused("record_request_unknown").status == 404


def test_an_unknown_event_changes_nothing():
    before = given(REQUEST, *TO_SENT).state()
    assert REQUEST.evolve(before, object()) == before
