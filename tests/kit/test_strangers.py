"""Whatever stands on the log, the loop goes on: what has no usable name gets one, is set aside where it is seen, and is alone there."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit import desks, sample
from kit.desks import Desk, arrived, until
from rso_shared.kit import envelope
from rso_shared.kit.broker import Record
from rso_shared.kit.local_broker import LocalBroker

TOPIC = sample.OTHER_TOPIC


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[LocalBroker]:
    broker = LocalBroker(tmp_path / "log.db")
    yield broker
    broker.close()


@pytest.fixture
def desk(broker: LocalBroker, backend: str) -> Iterator[Desk]:
    with desks.furnished(backend, broker) as desk:
        yield desk


def without(record: Record, *names: str) -> Record:
    return replace(record, headers={name: text for name, text in record.headers.items() if name not in names})


NAMELESS = {
    "no headers at all": Record(TOPIC, "k1", {}, b"{}"),
    "no id": without(arrived("k1", 1), "ce_id"),
    "an empty id": replace(arrived("k1", 1), headers={**arrived("k1", 1).headers, "ce_id": ""}),
    "an id with a zero byte": replace(arrived("k1", 1), headers={**arrived("k1", 1).headers, "ce_id": "a\0b"}),
    "an id without an end": replace(arrived("k1", 1), headers={**arrived("k1", 1).headers, "ce_id": "a" * 5000}),
    "no key": replace(arrived("k1", 1), key=""),
    "a key that is no text": replace(arrived("k1", 1), key="\udcff"),
}


@pytest.mark.parametrize("stranger", NAMELESS.values(), ids=NAMELESS)
def test_a_record_without_a_name_is_set_aside_alone(desk: Desk, stranger: Record) -> None:
    desk.process(arrived("k1", 1), stranger, arrived("k1", 2))
    desk.process(stranger, arrived("k1", 3))
    assert desk.handled() == ["k1/1", "k1/2", "k1/3"], "its key's own records do not wait for it"
    ((key, state, reason),) = desk.parked()
    assert key.startswith(envelope.STRANGER)
    assert (state, reason) == ("poison", "UnidentifiedError")


def test_two_different_strangers_are_two(desk: Desk) -> None:
    desk.process(Record(TOPIC, "k1", {}, b"1"), Record(TOPIC, "k1", {}, b"2"))
    assert len(desk.parked()) == 2


def test_a_replay_of_a_stranger_sets_it_aside_again(desk: Desk) -> None:
    desk.process(Record(TOPIC, "k1", {}, b"1"))
    ((key, _, _),) = desk.parked()
    assert desk.replay(key) == 1
    desk.again()
    assert [state for _, state, _ in desk.parked()] == ["poison"]


def known(**headers: str) -> Record:
    record = arrived("k1", 1)
    return replace(record, headers={**record.headers, **headers})


BROKEN = {
    "no type": without(arrived("k1", 1), "ce_type"),
    "no time": without(arrived("k1", 1), "ce_time"),
    "a time that is none": known(ce_time="yesterday"),
    "no stream": without(arrived("k1", 1), "ce_stream"),
    "a version that is no number": known(ce_streamversion="one"),
    "a value that is no JSON": replace(known(), value=b"\xff{"),
    "a value that is no object": replace(known(), value=b"[]"),
    "no value": replace(known(), value=b""),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_broken_record_with_a_name_is_poison_for_its_key_only(desk: Desk, broken: Record) -> None:
    desk.process(arrived("k2", 1), broken, arrived("k3", 1))
    assert desk.handled() == ["k2/1", "k3/1"]
    assert [(key, state) for key, state, _ in desk.parked()] == [("k1", "poison")]


@pytest.mark.asyncio
async def test_the_loop_outlives_them_and_its_position_moves(desk: Desk, broker: LocalBroker) -> None:
    topics = [sample.OTHER_TOPIC, sample.THIRD_TOPIC]
    await broker.publish([NAMELESS["no id"], arrived("k1", 1), BROKEN["no value"], arrived("k2", 2)])
    broker._db.execute("INSERT INTO records (topic, key, headers, value) VALUES (?, 'k3', 'no JSON', X'')", (TOPIC,))
    loop = asyncio.ensure_future(desk.consumer.run())
    await until(lambda: loop.done() or not broker.behind("desk", topics))
    assert not loop.done()
    await until(lambda: desk.health.problems() == {})
    assert desk.handled() == ["k1/1", "k2/2"]
    loop.cancel()
    with suppress(asyncio.CancelledError):
        await loop


headers = st.dictionaries(
    st.sampled_from(
        ["ce_id", "ce_type", "ce_time", "ce_stream", "ce_streamversion", "ce_correlationid", "traceparent"]
    ),
    st.sampled_from(["rso.other.arrived.v1", "2026-03-02T15:00:00Z", "1"]) | st.text(),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.builds(Record, st.just(TOPIC), st.text(max_size=5), headers, st.binary(max_size=20)), max_size=4))
def test_nothing_that_can_stand_on_the_log_ends_a_consumer(desk: Desk, records: list[Record]) -> None:
    desk.process(*records)
    desk.process(*records)


@given(st.builds(Record, st.just(TOPIC), st.text(), headers, st.binary(max_size=20)))
def test_a_name_is_the_same_every_time_and_stays(record: Record) -> None:
    first, again = envelope.named(record), envelope.named(record)
    assert first == again
    assert envelope.named(first) == first
