"""Our headers, judged by the published implementation of CloudEvents."""

import json
from datetime import UTC, datetime

import pytest
from cloudevents.core.bindings import kafka
from cloudevents.core.v1.event import CloudEvent
from sqlalchemy import select

from kit import sample
from kit.rooms import Room
from rso_shared.kit import cloudevents, tables
from rso_shared.kit.events import Actor
from rso_shared.kit.names import HEADS_TOPIC


def messages(room: Room) -> dict[str, kafka.KafkaMessage]:
    """What a Kafka client would send: by topic the last one."""
    with room.db.read() as tx:
        rows = tx.conn.execute(select(tables.OUTBOX).order_by(tables.OUTBOX.c.id)).all()
    return {
        row.topic: kafka.KafkaMessage(
            headers={name: value.encode() for name, value in json.loads(row.headers).items()},
            key=row.key.encode(),
            value=bytes(row.value),
        )
        for row in rows
    }


def judged(message: kafka.KafkaMessage) -> CloudEvent:
    found = kafka.from_binary_event(message)
    assert isinstance(found, CloudEvent)
    return found


def test_a_fact_is_a_valid_event_in_binary_mode(room: Room) -> None:
    (recorded,) = room.open("k1")
    message = messages(room)[sample.SAMPLE.topic]
    event = judged(message)
    assert event.get_specversion() == "1.0"
    assert event.get_type() == "rso.sample.case_opened.v1"
    assert event.get_source() == "/rso/sample"
    assert (event.get_id(), event.get_subject()) == (recorded.event_id, "k1")
    assert event.get_time() == recorded.recorded_at == datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    assert event.get_datacontenttype() == "application/json"
    assert event.get_extension("partitionkey") == "k1"
    data = event.get_data()
    assert (json.loads(data) if isinstance(data, str | bytes) else data)["colour"] == "red"


def test_the_extensions_name_the_place_in_the_log(room: Room) -> None:
    recorded = room.open("k1", notes=1)[-1]
    event = judged(messages(room)[sample.SAMPLE.topic])
    assert event.get_extension("stream") == "operator/case/k1"
    assert event.get_extension("streamversion") == "2"
    assert event.get_extension("hash") == recorded.hash.hex()
    assert event.get_extension("correlationid") == "c-1"


def test_a_head_is_a_valid_event_that_says_nothing(room: Room) -> None:
    room.open("k1")
    with room.db.write() as tx:
        room.store.append(tx, sample.stream("k1"), 1, [sample.Touched(case_id="k1")], sample.META)
    message = messages(room)[HEADS_TOPIC]
    event = judged(message)
    assert (event.get_type(), event.get_subject()) == ("rso.head.v1", "operator/case/k1")
    assert message.value == b"{}"


def test_attribute_names_follow_the_specification(room: Room) -> None:
    (recorded,) = room.open("k1")
    fact = sample.publish(recorded)
    assert fact is not None
    for header in cloudevents.fact_headers(sample.SAMPLE, recorded, fact):
        if header.startswith("ce_"):
            assert header[3:].isalnum()
            assert header == header.lower()
            assert len(header[3:]) <= 20


def test_the_judge_is_awake(room: Room) -> None:
    room.open("k1")
    message = messages(room)[sample.SAMPLE.topic]
    headers = {name: value for name, value in message.headers.items() if name != "ce_source"}
    with pytest.raises(Exception, match="source"):
        judged(kafka.KafkaMessage(headers=headers, key=message.key, value=message.value))


@pytest.mark.parametrize(
    ("role", "told"),
    [
        ("care_coordinator", "care_coordinator:someone"),
        ("service", "service:someone"),
        ("patient", "patient"),
        ("partner", "partner"),
    ],
)
def test_who_did_it_is_named_among_the_staff_alone(role: str, told: str) -> None:
    assert cloudevents.actor(Actor(type="user", id="someone", role=role, organisation_id="x")) == told
