"""What a service listens to follows from what it has a use for; the rest of a topic costs it no transaction."""

from dataclasses import replace

import pytest

from kit import desks, sample, web
from rso_shared.contracts.base import AccessChange
from rso_shared.kit import parties, service
from rso_shared.kit.names import HEADS_TOPIC, INTAKE, SERVICES
from rso_shared.kit.reactions import Subscription
from support.harness import Harness


def test_topics_are_those_of_the_facts_it_has_a_use_for() -> None:
    topics = web.SUBSCRIPTION.topics(sample.SAMPLE)
    assert {sample.OTHER_TOPIC, sample.THIRD_TOPIC, INTAKE.topic} <= set(topics)
    assert not {HEADS_TOPIC, "rso.coordinator.v1", "rso.billing.v1", sample.SAMPLE.topic} & set(topics)


def test_whoever_wants_every_record_listens_to_every_topic_but_its_own() -> None:
    topics = Subscription(on_record=lambda _tx, _record: None).topics(INTAKE)
    assert set(topics) >= {each.topic for each in SERVICES if each is not INTAKE} | {HEADS_TOPIC}
    assert INTAKE.topic not in topics


def test_a_fact_that_changes_who_may_see_a_case_is_heard_by_all() -> None:
    access = (AccessChange(role="patient", subject="ada"),)
    opened = desks.record(sample.CaseOpened(case_id="k1", colour="red", access=access))
    assert Subscription().wants(opened)


def test_a_fact_of_another_type_cannot_carry_access(harness: Harness) -> None:
    fact = sample.NoteWritten(case_id="k1", number=1, access=(AccessChange(role="patient", subject="ada"),))
    with pytest.raises(TypeError, match=r"sample\.note_written carries access"), harness.service.db.write() as tx:
        parties.publish(tx, fact)


def test_what_it_has_no_use_for_leaves_no_trace(harness: Harness) -> None:
    unwanted = desks.record(sample.NoteWritten(case_id="k1", number=1))
    service.consumer(harness.service).process([unwanted, desks.based("k1")])
    with harness.service.db.read() as tx:
        rows = tx.conn.exec_driver_sql("SELECT event_id FROM inbox").fetchall()
    assert len(rows) == 1
    assert not web.SUBSCRIPTION.wants(unwanted)
    assert web.SUBSCRIPTION.wants(
        replace(unwanted, headers={**unwanted.headers, "ce_type": "rso.other.invented_later.v1"})
    )
