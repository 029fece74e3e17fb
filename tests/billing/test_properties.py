"""Whatever commands come, in whatever order and however often: the books balance and no effect happens twice."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from billing.builders import CAPTURE, CASE, FEE, INVOICE, NOW, cancel, pay, quote
from rso_billing.domain.charge import CHARGE
from rso_billing.domain.charge_events import ChargeCaptured, PaymentCaptured, RefundIssued
from rso_billing.domain.honorarium import HONORARIUM, AccrueHonorarium, ApproveHonorarium
from rso_billing.domain.ledger import CHARGE_ACCOUNTS, HONORARIUM_ACCOUNTS, LedgerEntryPosted, trial_balance
from rso_billing.domain.money import Money
from rso_shared.contracts.vocabulary import CoverageRoute
from rso_shared.kit.errors import DomainError

AMOUNTS = st.sampled_from([FEE, Money(0, "USD"), Money(1, "USD"), Money(60_000, "EUR")])
CHARGE_COMMANDS = st.one_of(
    st.builds(quote, st.sampled_from(CoverageRoute), AMOUNTS),
    st.builds(pay, AMOUNTS, st.uuids().map(str)),
    st.just(CAPTURE),
    st.just(INVOICE),
    st.builds(cancel, review_started=st.booleans()),
)
HONORARIUM_COMMANDS = st.one_of(
    st.builds(
        AccrueHonorarium,
        case_id=st.just(CASE),
        honorarium_id=st.just("hon-1"),
        specialist_id=st.just("spec-1"),
        amount=AMOUNTS,
        now=st.just(NOW),
    ),
    st.just(ApproveHonorarium(now=NOW)),
)


def play(decider, commands):
    """The events of all accepted commands; refused ones change nothing. Checks the books after every event."""
    events, postings = [], []
    for command in commands:
        try:
            decided = decider.decide(command, decider.fold(events))
        except DomainError:
            continue
        for happened in decided:
            events.append(happened)
            if isinstance(happened, LedgerEntryPosted):
                postings.extend(happened.postings)
            assert set(trial_balance(postings).values()) <= {0}
    return events, postings


def each_effect_once(events):
    kinds = Counter(type(happened) for happened in events if not isinstance(happened, LedgerEntryPosted))
    entries = Counter(happened.entry_id for happened in events if isinstance(happened, LedgerEntryPosted))
    return set(kinds.values()) <= {1} and set(entries.values()) <= {1}


def total(events, kind):
    return sum(happened.amount.amount_minor for happened in events if isinstance(happened, kind))


@given(st.lists(CHARGE_COMMANDS, max_size=14))
def test_charges(commands):
    events, postings = play(CHARGE, commands)
    assert each_effect_once(events)
    assert total(events, RefundIssued) <= total(events, PaymentCaptured)
    assert {posting.account for posting in postings} <= CHARGE_ACCOUNTS
    balances = Counter()
    for posting in postings:
        balances[posting.account] += posting.amount.amount_minor
    assert balances["cash"] == total(events, PaymentCaptured) - total(events, RefundIssued)
    assert balances["deposits"] <= 0 <= balances["cash"]
    assert -balances["revenue"] <= total(events, ChargeCaptured)


@given(st.lists(HONORARIUM_COMMANDS, max_size=8))
def test_honoraria(commands):
    events, postings = play(HONORARIUM, commands)
    assert each_effect_once(events)
    assert {posting.account for posting in postings} <= HONORARIUM_ACCOUNTS


@given(st.lists(CHARGE_COMMANDS, max_size=10))
def test_a_command_done_twice_has_no_second_effect(commands):
    twice = [command for command in commands for _ in range(2)]
    assert play(CHARGE, commands) == play(CHARGE, twice)
