"""What is forgotten, and what must not be."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from kit import sample
from kit.rooms import Room
from rso_shared.kit import retention, tables
from rso_shared.kit.clock import iso
from rso_shared.kit.topics import TOPICS

NOW = sample.AT


def sent(number: int, days: int | None) -> dict[str, object]:
    published = None if days is None else iso(NOW - timedelta(days=days))
    return {
        "event_id": str(number), "topic": "t", "key": "k", "headers": "{}", "value": b"", "created_at": "c",
        "published_at": published,
    }  # fmt: skip


def left(room: Room) -> list[str]:
    with room.db.read() as tx:
        return list(tx.conn.execute(select(tables.OUTBOX.c.event_id).order_by(tables.OUTBOX.c.id)).scalars())


def test_what_was_sent_long_ago_goes_and_what_waits_stays(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    days = [40, 40, 40, 31, 31, 31, 40, 29, None, 1]
    with room.db.write() as tx:
        tx.conn.execute(insert(tables.OUTBOX), [sent(number, age) for number, age in enumerate(days)])
    assert retention.forget_sent(room.db, NOW) == 7
    assert left(room) == ["7", "8", "9"]
    assert retention.forget_sent(room.db, NOW) == 0


def test_a_row_that_was_never_sent_is_never_forgotten(room: Room) -> None:
    with room.db.write() as tx:
        tx.conn.execute(insert(tables.OUTBOX), [sent(1, None), sent(2, 400)])
    assert retention.forget_sent(room.db, NOW) == 1
    assert left(room) == ["1"]


def test_an_inbox_outlives_every_topic_and_a_replay() -> None:
    kept = [topic.kept for topic in TOPICS if topic.kept is not None]
    assert all(each + retention.LONGEST_REPLAY <= retention.INBOX_KEEP for each in kept)


def _id(days: int) -> str:
    moment = int((NOW - timedelta(days=days)).timestamp() * 1000)
    return str(uuid.UUID(int=moment << 80 | 7 << 76 | 2 << 62 | days))


def test_only_what_no_topic_can_bring_back_leaves_the_inbox(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    ages = [1, 300, 454, 456, 500, 600, 700]
    rows = [{"consumer": "desk", "event_id": _id(age), "handled_at": iso(NOW - timedelta(days=age))} for age in ages]
    late = {"consumer": "desk", "event_id": _id(800), "handled_at": iso(NOW - timedelta(days=3))}
    other = {"consumer": "other", "event_id": _id(800), "handled_at": iso(NOW - timedelta(days=800))}
    with room.db.write() as tx:
        tx.conn.execute(insert(tables.INBOX), [*rows, late, other])
    gone = retention.forget_handled(room.db, "desk", NOW)
    with room.db.read() as tx:
        kept = len(tx.conn.execute(select(tables.INBOX)).all())
    assert (gone, kept) == ((0, 9) if room.db.is_sqlite else (4, 5))
