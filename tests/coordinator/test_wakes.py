"""Which facts wake a case, and that nothing but ids, codes and instants goes with them."""

import pytest

from rso_coordinator.domain import milestones
from rso_coordinator.subscribe import SUBSCRIPTION
from rso_coordinator.wakes import SNAPSHOT, STARTS, WAKES, seen
from rso_shared.contracts.intake import AuthorizationSigned, CaseWithdrawn, QuestionsFrozen
from rso_shared.contracts.registry import FACTS

KNOWN = {model.TYPE: model for model in FACTS.values()}


@pytest.mark.parametrize("type_", sorted(SNAPSHOT))
def test_every_fact_that_wakes_exists_and_has_the_members_named(type_):
    assert set(SNAPSHOT[type_]) <= set(KNOWN[type_].model_fields)


def test_what_starts_a_case_is_a_fact_that_exists():
    assert set(KNOWN) >= STARTS


def test_whatever_moves_a_milestone_is_read_back_by_a_new_run():
    assert set(milestones._HANDLERS) <= set(SNAPSHOT)
    assert {model.TYPE for model in SUBSCRIPTION.keeps} >= set(milestones._HANDLERS) & set(KNOWN)


def test_whatever_wakes_is_also_read_back():
    assert set(WAKES) <= set(SNAPSHOT)


def build(model, **members: object):
    return model.model_construct(case_id="c1", **members)


def test_only_the_members_named_go_along():
    fact = build(AuthorizationSigned, authorization_id="a1", signed_by="patient")
    found = seen("e1", fact)
    assert found is not None
    assert (found.event_id, found.type, found.data) == ("e1", "intake.authorization_signed", {"authorization_id": "a1"})


def test_a_fact_without_members_is_only_its_name():
    found = seen("e1", build(CaseWithdrawn))
    assert found is not None
    assert found.data == {}


def test_every_other_fact_stays_out_of_temporal():
    assert seen("e1", build(QuestionsFrozen, questions_version=2)) is None
