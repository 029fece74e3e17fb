"""The consumer's outcomes: handled once, parked until its fact comes, poison until replayed, away and tried again."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from kit import desks, sample
from kit.desks import HANDLED, Desk, arrived, based, raising, until
from rso_shared.kit.broker import Record
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import ConcurrencyConflict, DomainError, KeyDestroyed, NotYet, Transient
from rso_shared.kit.local_broker import LocalBroker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[LocalBroker]:
    broker = LocalBroker(tmp_path / "log.db")
    yield broker
    broker.close()


@pytest.fixture
def desk(broker: LocalBroker, backend: str) -> Iterator[Desk]:
    with desks.furnished(backend, broker) as desk:
        yield desk


def needs_base(tx: Tx) -> None:
    """Raises NotYet until a fact of the third service about k1 was handled."""
    if tx.conn.execute(select(HANDLED).where(HANDLED.c.what == "k1/-")).first() is None:
        raise NotYet("third.based of k1")


def test_a_batch_is_one_transaction(desk: Desk) -> None:
    seen: list[int] = []
    desk.trouble["k2/3"] = lambda _tx: seen.append(len(desk.handled()))
    desk.process(arrived("k1", 1), arrived("k1", 2), arrived("k2", 3))
    assert seen == [0], "another connection saw a part of the batch"
    assert desk.handled() == ["k1/1", "k1/2", "k2/3"]


def test_a_fact_that_comes_again_is_absorbed(desk: Desk) -> None:
    first, second = arrived("k1", 1), arrived("k1", 2)
    desk.process(first, first, second)
    desk.process(second, first)
    assert desk.handled() == ["k1/1", "k1/2"]
    assert desk.inbox() == 2


def test_an_unknown_type_is_skipped_counted_and_not_parked(desk: Desk) -> None:
    known = arrived("k1", 1)
    headers = {**known.headers, "ce_id": "new", "ce_type": "rso.other.of_the_future.v1"}
    unknown = Record(known.topic, "k1", headers, b'{"anything": 1}')
    desk.process(unknown, unknown, known)
    assert desk.health.skipped == {"rso.other.of_the_future.v1": 1}
    assert desk.parked() == []
    assert desk.handled() == ["k1/-", "k1/1"]


def test_fields_that_a_newer_producer_added_are_ignored(desk: Desk) -> None:
    known = arrived("k1", 1)
    desk.process(Record(known.topic, "k1", known.headers, b'{"case_id": "k1", "number": 1, "more": {"a": 1}}'))
    assert desk.handled() == ["k1/1"]


def test_one_bad_record_does_not_take_the_rest_of_its_batch_with_it(desk: Desk) -> None:
    desk.trouble["k2/2"] = raising(DomainError("not_open", "Open it first."))
    desk.process(arrived("k1", 1), arrived("k2", 2), arrived("k3", 3))
    assert desk.handled() == ["k1/1", "k3/3"]
    assert desk.parked() == [("k2", "poison", "not_open")]


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (DomainError("not_open", "Open it first."), "not_open"),
        (ValueError("Ada Quill"), "ValueError"),
        (RuntimeError("Ada Quill"), "RuntimeError"),
        (AttributeError("Ada Quill"), "AttributeError"),
        (KeyDestroyed("person-1"), "KeyDestroyed"),
        (IntegrityError("Ada Quill", {}, Exception()), "IntegrityError"),
    ],
)
def test_whatever_a_reaction_raises_is_poison_and_its_message_is_not_kept(
    desk: Desk, problem: Exception, reason: str
) -> None:
    desk.trouble["k1/1"] = raising(problem)
    desk.process(arrived("k1", 1), arrived("k2", 1))
    assert desk.parked() == [("k1", "poison", reason)]
    assert desk.handled() == ["k2/1"]


def test_a_value_that_is_no_fact_is_poison(desk: Desk) -> None:
    known = arrived("k1", 1)
    desk.process(Record(known.topic, "k1", known.headers, b'{"case_id": "k1", "number": "Ada Quill"}'))
    assert desk.parked() == [("k1", "poison", "ValidationError")]


def test_behind_poison_the_whole_key_queues_and_a_replay_drains_it_in_order(desk: Desk) -> None:
    desk.trouble["k1/1"] = raising(DomainError("not_open", "Open it first."))
    desk.process(arrived("k1", 1))
    desk.process(arrived("k1", 2), based("k1"), arrived("k2", 9), arrived("k1", 3))
    assert desk.handled() == ["k2/9"]
    assert [state for _, state, _ in desk.parked()] == ["poison", "behind", "behind", "behind"]
    desk.again()
    assert desk.handled() == ["k2/9"], "poison is not tried again by itself"
    desk.trouble.clear()
    assert desk.replay("k1") == 1
    desk.again()
    found = desk.handled()
    assert [what for what in found if what != "k1/-"] == ["k2/9", "k1/1", "k1/2", "k1/3"]
    assert "k1/-" in found
    assert desk.parked() == []


def test_a_replay_of_what_is_still_broken_parks_it_again(desk: Desk) -> None:
    desk.trouble["k1/1"] = raising(ValueError())
    desk.process(arrived("k1", 1))
    desk.replay("k1")
    desk.again()
    assert desk.parked() == [("k1", "poison", "ValueError")]
    assert desk.replay("k2") == 0


def test_a_missing_fact_parks_its_key_and_later_records_of_the_topic_queue_behind(desk: Desk) -> None:
    desk.trouble["k1/1"] = needs_base
    desk.process(arrived("k1", 1), arrived("k1", 2), arrived("k2", 1))
    desk.process(arrived("k1", 3))
    assert desk.handled() == ["k2/1"]
    assert desk.parked() == [
        ("k1", "not_yet", "third.based of k1"), ("k1", "behind", "behind"), ("k1", "behind", "behind"),
    ]  # fmt: skip


def test_they_drain_in_order_when_the_missing_fact_arrives(desk: Desk) -> None:
    desk.trouble["k1/1"] = needs_base
    desk.process(arrived("k1", 1), arrived("k1", 2))
    desk.process(arrived("k1", 3))
    desk.process(based("k1"))
    assert desk.handled() == ["k1/-", "k1/1", "k1/2", "k1/3"]
    assert desk.parked() == []
    desk.process(arrived("k1", 4))
    assert desk.handled()[-1] == "k1/4"


def test_the_missing_fact_may_come_in_the_same_batch(desk: Desk) -> None:
    desk.trouble["k1/1"] = needs_base
    desk.process(arrived("k1", 1), arrived("k1", 2), based("k1"))
    assert desk.handled() == ["k1/-", "k1/1", "k1/2"]


def test_one_parked_record_may_be_what_another_topic_waits_for(desk: Desk) -> None:
    """k1/1 waits for the third service's fact, which itself waits: both topics are tried until nothing moves."""
    base = based("k1")
    gate = [NotYet("something else")]

    def when_open(_tx: Tx) -> None:
        if gate:
            raise gate[0]

    desk.trouble |= {"k1/1": needs_base, "k1/-": when_open}
    desk.process(arrived("k1", 1))
    desk.process(base)
    assert [state for _, state, _ in desk.parked()] == ["not_yet", "not_yet"]
    gate.clear()
    desk.again()
    assert desk.handled() == ["k1/-", "k1/1"]


def test_a_missing_fact_of_another_key_is_noticed_within_the_half_minute(desk: Desk) -> None:
    missing = [NotYet("program p")]
    desk.trouble["k1/1"] = lambda _tx: raising(missing[0])(_tx) if missing else None
    desk.process(arrived("k1", 1))
    missing.clear()
    desk.process(arrived("k2", 1))
    assert desk.handled() == ["k2/1"], "not before: another key says nothing about this one"
    desk.again()
    assert desk.handled() == ["k2/1", "k1/1"]


def test_after_ten_minutes_a_missing_fact_is_poison(desk: Desk) -> None:
    desk.trouble["k1/1"] = needs_base
    desk.process(arrived("k1", 1))
    desk.wall.set(sample.AT + timedelta(minutes=10))
    desk.again()
    assert desk.parked()[0][1] == "not_yet"
    desk.wall.set(sample.AT + timedelta(minutes=10, seconds=1))
    desk.again()
    assert desk.parked() == [("k1", "poison", "third.based of k1")]


def test_patience_with_a_queued_record_begins_when_it_is_tried(desk: Desk) -> None:
    desk.trouble |= {"k1/1": raising(ValueError()), "k1/2": raising(NotYet("something"))}
    desk.process(arrived("k1", 1), arrived("k1", 2))
    desk.wall.set(sample.AT + timedelta(hours=1))
    del desk.trouble["k1/1"]
    desk.replay("k1")
    desk.again()
    assert desk.parked() == [("k1", "not_yet", "something")]
    desk.wall.set(sample.AT + timedelta(hours=1, minutes=9))
    desk.again()
    assert desk.parked() == [("k1", "not_yet", "something")]


def test_a_parked_record_that_is_sent_again_is_parked_once(desk: Desk) -> None:
    desk.trouble["k1/1"] = needs_base
    twice = arrived("k1", 1)
    desk.process(twice, twice)
    desk.process(twice)
    assert len(desk.parked()) == 1
    desk.process(based("k1"), twice)
    assert desk.handled() == ["k1/-", "k1/1"]


def test_a_faster_writer_is_no_poison_neither_at_once_nor_when_draining(desk: Desk) -> None:
    desk.trouble["k1/1"] = raising(ConcurrencyConflict("s", 1))
    with pytest.raises(Transient):
        desk.process(arrived("k1", 1))
    assert desk.parked() == []
    desk.trouble["k1/1"] = needs_base
    desk.process(arrived("k1", 1))
    desk.trouble["k1/1"] = raising(ConcurrencyConflict("s", 1))
    with pytest.raises(Transient):
        desk.again()
    assert [state for _, state, _ in desk.parked()] == ["not_yet"]


def test_an_engine_that_is_away_leaves_everything_as_it_was(desk: Desk) -> None:
    desk.trouble["k1/2"] = raising(Transient("engine"))
    with pytest.raises(Transient):
        desk.process(arrived("k1", 1), arrived("k1", 2), arrived("k1", 3))
    assert (desk.handled(), desk.inbox(), desk.parked()) == ([], 0, [])


@pytest.mark.asyncio
async def test_the_loop_waits_for_an_engine_and_keeps_its_position(desk: Desk, broker: LocalBroker) -> None:
    desk.trouble["k1/2"] = raising(Transient("engine"))
    await broker.publish([arrived("k1", 1), arrived("k1", 2)])
    loop = asyncio.ensure_future(desk.consumer.run())
    topics = [sample.OTHER_TOPIC, sample.THIRD_TOPIC]
    await until(lambda: desk.health.problems() == {"desk": "Transient"})
    assert await broker.lag("desk", topics) == 2
    desk.trouble.clear()
    await broker.publish([arrived("k1", 3)])
    await until(lambda: not broker.behind("desk", topics))
    assert desk.handled() == ["k1/1", "k1/2", "k1/3"]
    assert desk.health.problems() == {}
    loop.cancel()
    with suppress(asyncio.CancelledError):
        await loop


@pytest.mark.asyncio
async def test_a_crash_before_the_position_was_kept_repeats_no_effect(desk: Desk, broker: LocalBroker) -> None:
    await broker.publish([arrived("k1", 1), arrived("k1", 2)])
    desk.process(*await desks.take(broker, "desk", [sample.OTHER_TOPIC], 2, commit=False))
    desk.process(*await desks.take(broker, "desk", [sample.OTHER_TOPIC], 2))
    assert desk.handled() == ["k1/1", "k1/2"]


def test_what_a_reaction_wrote_is_undone_before_its_key_is_parked(desk: Desk) -> None:
    def write_then_fail(tx: Tx) -> None:
        tx.conn.execute(insert(HANDLED).values(what="half done"))
        raise ValueError

    desk.trouble["k1/1"] = write_then_fail
    desk.process(arrived("k1", 1))
    assert desk.handled() == []
    assert desk.inbox() == 0
