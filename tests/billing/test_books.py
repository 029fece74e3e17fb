"""The journal, on the real store: balanced after every event of any accepted sequence, and the same after a rebuild."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.builders import CAPTURE, CASE, FEE, INVOICE, NOW, cancel, pay, quote
from rso_billing import projections
from rso_billing.app import SPEC
from rso_billing.domain.charge import CHARGE
from rso_billing.domain.honorarium import HONORARIUM, AccrueHonorarium, ApproveHonorarium
from rso_billing.domain.money import Money
from rso_shared.contracts.vocabulary import CoverageRoute
from rso_shared.kit.errors import DomainError
from rso_shared.kit.events import Actor, Meta
from rso_shared.kit.store import stream_id
from support.harness import Harness

META = Meta(actor=Actor(type="service", id="test", role="service", organisation_id="operator"), correlation_id="test")
CHARGE_COMMANDS = st.one_of(
    st.builds(quote, st.sampled_from(CoverageRoute), st.sampled_from([FEE, Money(0, "USD"), Money(7, "EUR")])),
    st.builds(pay, st.sampled_from([FEE, Money(7, "EUR")])),
    st.sampled_from([CAPTURE, INVOICE]),
    st.builds(cancel, review_started=st.booleans()),
)
ACCRUE = st.builds(
    AccrueHonorarium,
    case_id=st.just(CASE),
    honorarium_id=st.just("hon-1"),
    specialist_id=st.just("spec-1"),
    amount=st.just(FEE),
    now=st.just(NOW),
)
COMMANDS = st.lists(
    st.one_of(CHARGE_COMMANDS, CHARGE_COMMANDS, ACCRUE, st.just(ApproveHonorarium(now=NOW))), max_size=10
)


@pytest.fixture(scope="module")
def billing(tmp_path_factory):
    harness = Harness(SPEC, tmp_path_factory.mktemp("billing"))
    yield harness
    harness.close()


NUMBERS = itertools.count()


def books(billing):
    with billing.service.db.read() as tx:
        return projections.balances(tx)


def balanced(billing):
    difference = {}
    for one in books(billing):
        difference[one.currency] = difference.get(one.currency, 0) + one.debit_minor - one.credit_minor
    return not any(difference.values())


def renamed(command, number):
    """Each example is a case of its own; the books are everyone's."""
    ids = {name: f"{name}-{number}" for name in ("charge_id", "honorarium_id") if hasattr(command, name)}
    return replace(command, **ids)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(commands=COMMANDS)
def test_the_books_balance_after_every_command(billing, commands):
    number = next(NUMBERS)
    for command in commands:
        honorarium = isinstance(command, AccrueHonorarium | ApproveHonorarium)
        decider, aggregate = (HONORARIUM, "honorarium") if honorarium else (CHARGE, "charge")
        stream = stream_id("operator", aggregate, f"case-{number}")
        try:
            with billing.service.db.write() as tx:
                billing.service.store.execute(tx, decider, stream, renamed(command, number), META)
        except DomainError:
            continue
        assert balanced(billing)


def test_the_books_are_the_same_after_a_rebuild(billing):
    before = books(billing)
    billing.rebuild()
    assert books(billing) == before
