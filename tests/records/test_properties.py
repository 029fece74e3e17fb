"""Whatever sequence of commands is accepted, the invariants hold."""

from datetime import timedelta

from hypothesis import given as given_values
from hypothesis import strategies as st

from records.builders import (
    ACCEPT_SET,
    IDENTIFY,
    IMAGING,
    IN_FORCE,
    LAB,
    NO_NOTE,
    NOTE,
    NOW,
    PATHOLOGY,
    START,
    accept,
    receive,
    reject,
    waive,
)
from records.test_summary import CITED, draft, sign
from rso_records_compiler.domain import request_events
from rso_records_compiler.domain.completeness import ItemState, complete, manifest
from rso_records_compiler.domain.dossier import DOSSIER, DossierState
from rso_records_compiler.domain.dossier_commands import CancelCompilation
from rso_records_compiler.domain.dossier_events import RecordSetAccepted
from rso_records_compiler.domain.request import CLOSED, REQUEST
from rso_records_compiler.domain.request_commands import (
    AbandonRequest,
    AcknowledgeRequest,
    AnswerRequest,
    CancelRequest,
    FollowUp,
    Judge,
    SendRequest,
    Verdict,
    VerifyRequest,
)
from rso_records_compiler.domain.request_events import Channel
from rso_records_compiler.domain.summary import SUMMARY, CaseSummarySigned
from rso_shared.kit.errors import DomainError

KINDS = st.sampled_from([PATHOLOGY, LAB, IMAGING, NOTE])
DOCUMENTS = st.sampled_from(["d1", "d2", "d3"])
dossier_commands = st.lists(
    st.one_of(
        st.just(START),
        st.builds(receive, DOCUMENTS, KINDS, st.sampled_from(["2026-02", "2024-01", None])),
        st.builds(lambda document, kinds: accept(document, *kinds), DOCUMENTS, st.lists(KINDS, max_size=3)),
        st.builds(reject, DOCUMENTS),
        st.builds(waive, KINDS),
        st.just(ACCEPT_SET),
        st.sampled_from([CancelCompilation("case-1"), ACCEPT_SET, START]),
    ),
    max_size=25,
)
request_commands = st.lists(
    st.one_of(
        st.sampled_from([IDENTIFY, VerifyRequest(), AcknowledgeRequest(), CancelRequest(), AbandonRequest()]),
        st.builds(SendRequest, st.just(Channel.FAX), st.sampled_from([None, IN_FORCE]), st.just(NOW)),
        st.builds(AnswerRequest, DOCUMENTS, st.booleans()),
        st.builds(Judge, st.sampled_from(Verdict), st.just(NO_NOTE)),
        st.builds(
            FollowUp, st.just("request-1"), st.sampled_from(["a", "b"]), st.just(NOW + timedelta(days=7)), st.just(NOW)
        ),
    ),
    max_size=30,
)
summary_commands = st.lists(
    st.one_of(
        st.sampled_from([draft(CITED), draft(CITED, citable=("d1",)), draft()]),
        st.builds(
            sign, st.integers(1, 4), st.integers(1, 3), accepted=st.sampled_from([None, frozenset({"d1", "d2"})])
        ),
    ),
    max_size=15,
)


def played(decider, commands):
    """Each accepted command's events with the states before and after it; refusals change nothing."""
    state, steps = decider.initial(), []
    for command in commands:
        try:
            events = decider.decide(command, state)
        except DomainError:
            continue
        for event in events:
            after = decider.evolve(state, event)
            steps.append((command, event, state, after))
            state = after
    return state, steps


@given_values(dossier_commands)
def test_a_record_set_is_accepted_once_and_only_when_complete(commands):
    _, steps = played(DOSSIER, commands)
    sets = [(event, before) for _, event, before, _ in steps if isinstance(event, RecordSetAccepted)]
    assert len(sets) <= 1
    for event, before in sets:
        assert complete(before.lines(event.accepted_at))
        assert event.manifest_sha256 == manifest(before.items, before.waived)


@given_values(dossier_commands)
def test_what_an_accepted_set_rests_on_never_changes(commands):
    state, steps = played(DOSSIER, commands)
    for _, event, before, _ in steps:
        if isinstance(event, RecordSetAccepted):
            rested_on = {id_: item for id_, item in before.items.items() if item.state is ItemState.ACCEPTED}
            assert {id_: state.items[id_] for id_ in rested_on} == rested_on
            assert state.waived == before.waived


@given_values(dossier_commands)
def test_an_item_has_kinds_exactly_while_it_is_accepted(commands):
    state, steps = played(DOSSIER, commands)
    assert all(bool(item.kinds) == (item.state is ItemState.ACCEPTED) for item in state.items.values())
    cancelled = [number for number, step in enumerate(steps) if step[3].state is DossierState.CANCELLED]
    assert cancelled in ([], [len(steps) - 1])


@given_values(request_commands)
def test_a_request_is_sent_only_under_an_authorization_and_ends_once_a_round(commands):
    _, steps = played(REQUEST, commands)
    for _, event, before, after in steps:
        if isinstance(event, request_events.RecordRequestSent):
            assert event.authorization_id == IN_FORCE.authorization_id
            assert after.attempt == before.attempt + 1
        if before.state in CLOSED:
            assert isinstance(event, request_events.RecordHolderIdentified)
            assert after.round == before.round + 1


@given_values(request_commands)
def test_no_rung_is_taken_twice_between_two_sendings(commands):
    _, steps = played(REQUEST, commands)
    taken = set()
    for _, event, _, _ in steps:
        if isinstance(event, request_events.RecordRequestSent | request_events.RecordHolderIdentified):
            taken.clear()
        if isinstance(event, request_events.RecordRequestFollowedUp):
            assert (event.rung, event.due_at) not in taken
            taken.add((event.rung, event.due_at))


@given_values(summary_commands)
def test_a_summary_is_signed_once_and_cites_nothing_that_is_not_accepted(commands):
    state, steps = played(SUMMARY, commands)
    signed = [(command, before) for command, event, before, _ in steps if isinstance(event, CaseSummarySigned)]
    assert len(signed) <= 1
    for command, before in signed:
        assert set(before.cited) <= command.accepted
        assert state.version == command.summary_version == before.version
