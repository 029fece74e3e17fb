"""The event store, on every backend: versions, chains, looking back, events from other times."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, update

from kit import rooms, sample
from kit.rooms import Room
from rso_shared.kit import tables
from rso_shared.kit.clock import iso
from rso_shared.kit.errors import ConcurrencyConflict, DomainError
from rso_shared.kit.events import UnknownEvent, canonical, event, upcaster
from rso_shared.kit.names import HEADS_TOPIC
from rso_shared.kit.store import FIRST_HASH, EventStore, chain_hash


def _insert(room: Room, case_id: str, name: str, schema_version: int, data: dict[str, object]) -> None:
    """A row as other code, older or newer, would have left it."""
    head = room.rows(case_id)
    prev = head[-1]["hash"] if head else FIRST_HASH
    meta = canonical({"actor": {"type": "user", "id": "a", "role": "b", "organisation_id": "c"}, "correlation_id": "d"})
    row: dict[str, object] = {
        "stream": sample.stream(case_id), "version": len(head) + 1, "event_id": f"{case_id}-{len(head)}", "name": name,
        "schema_version": schema_version, "data": canonical(data), "sealed": None, "meta": meta,
        "recorded_at": iso(room.clock.now()),
    }  # fmt: skip
    row |= {"prev_hash": prev, "hash": chain_hash(prev, row)}
    with room.db.write() as tx:
        tx.conn.execute(insert(tables.EVENTS).values(**row))


def test_what_was_appended_is_read_back(room: Room) -> None:
    written = room.open("k1", notes=2)
    read = room.load("k1")
    assert [(item.version, item.name) for item in read] == [
        (1, "sample.case_opened"), (2, "sample.note_added"), (3, "sample.note_added"),
    ]  # fmt: skip
    assert read == written
    assert read[0].meta == sample.META
    assert room.state("k1").notes == ("k1-note-0", "k1-note-1")


def test_streams_do_not_mix_and_an_unknown_one_is_empty(room: Room) -> None:
    room.open("k1", notes=1)
    room.open("k2")
    assert [item.stream for item in room.load("k2")] == ["operator/case/k2"]
    assert room.load("k3") == []


@pytest.mark.parametrize("expected", [0, 1, 3, 99])
def test_an_append_on_another_version_is_a_conflict_and_writes_nothing(room: Room, expected: int) -> None:
    room.open("k1", notes=1)
    late = sample.NoteAdded(case_id="k1", note_id="late", number=2)
    with pytest.raises(ConcurrencyConflict) as conflict, room.db.write() as tx:
        room.store.append(tx, sample.stream("k1"), expected, [late], sample.META)
    assert (conflict.value.stream, conflict.value.expected) == ("operator/case/k1", expected)
    assert len(room.load("k1")) == 2


def test_the_expected_version_cannot_be_left_out(room: Room) -> None:
    with pytest.raises(TypeError), room.db.write() as tx:
        room.store.append(tx, sample.stream("k1"), events=[], meta=sample.META)  # type: ignore[call-arg]


def test_a_unit_that_fails_leaves_neither_event_nor_outbox_row_nor_read_model(room: Room) -> None:
    with suppress(DomainError), room.db.write() as tx:
        room.store.execute(tx, sample.CASE, sample.stream("k1"), sample.opening("k1"), sample.META)
        room.store.execute(tx, sample.CASE, sample.stream("k1"), sample.opening("k1"), sample.META)
    with room.db.read() as tx:
        for table in (tables.EVENTS, tables.OUTBOX, sample.CASES):
            assert tx.conn.execute(select(func.count()).select_from(table)).scalar_one() == 0


def test_an_absorbed_command_appends_nothing(room: Room) -> None:
    room.open("k1", notes=1)
    assert room.note("k1", "k1-note-0") == []
    assert len(room.load("k1")) == 2


def test_every_event_has_one_outbox_row_with_a_fact_or_only_its_head(room: Room) -> None:
    room.open("k1", notes=1)
    with room.db.write() as tx:
        room.store.append(tx, sample.stream("k1"), 2, [sample.Touched(case_id="k1")], sample.META)
    with room.db.read() as tx:
        rows = tx.conn.execute(select(tables.OUTBOX).order_by(tables.OUTBOX.c.id)).all()
    topic = sample.SAMPLE.topic
    assert [(row.topic, row.key) for row in rows] == [
        (topic, "k1"), (topic, "k1"), (HEADS_TOPIC, "operator/case/k1"),
    ]  # fmt: skip
    assert rows[2].value == b"{}"
    assert json.loads(rows[2].headers)["ce_hash"] == room.rows("k1")[2]["hash"].hex()


def test_the_chain_can_be_recomputed_from_the_rows_as_stored(room: Room) -> None:
    room.open("k1", notes=3)
    prev = FIRST_HASH
    for row in room.rows("k1"):
        assert row["prev_hash"] == prev
        assert row["hash"] == chain_hash(prev, dict(row))
        prev = row["hash"]


CHANGES = {
    "stream": "operator/case/k2", "version": 7, "event_id": "other", "name": "sample.case_touched", "schema_version": 2,
    "data": '{"case_id":"k2"}', "sealed": b"other", "meta": "{}", "recorded_at": "2026-03-02T15:00:00.000001Z",
}  # fmt: skip


@pytest.mark.parametrize("field", CHANGES)
def test_a_change_of_any_stored_field_is_seen_in_the_chain(room: Room, field: str) -> None:
    room.open("k1")
    (row,) = room.rows("k1")
    assert chain_hash(row["prev_hash"], {**row, field: CHANGES[field]}) != row["hash"]


def test_bytes_moved_from_one_field_into_the_next_are_seen_in_the_chain(room: Room) -> None:
    room.open("k1")
    (row,) = room.rows("k1")
    moved = {**row, "name": row["name"][:-1], "event_id": row["event_id"] + row["name"][-1]}
    assert chain_hash(row["prev_hash"], moved) != row["hash"]


def test_recorded_at_never_goes_back_even_when_the_clock_does(room: Room) -> None:
    room.open("k1")
    room.clock.set(sample.AT - timedelta(hours=2))
    room.note("k1", "n1")
    room.clock.set(sample.AT + timedelta(hours=1))
    room.note("k1", "n2")
    assert [item.recorded_at - sample.AT for item in room.load("k1")] == [
        timedelta(), timedelta(), timedelta(hours=1),
    ]  # fmt: skip


@contextmanager
def _history(steps: list[int]) -> Iterator[Room]:
    with TemporaryDirectory() as folder, rooms.furnished(f"sqlite:///{folder}/store.db", Path(folder)) as room:
        room.open("k1")
        for number, step in enumerate(steps):
            room.clock.set(room.clock.now() + timedelta(seconds=step))
            room.note("k1", f"n{number}")
        yield room


@settings(max_examples=12, deadline=None)
@given(
    steps=st.lists(st.integers(-50, 100), max_size=6),
    points=st.lists(st.integers(-700, 700), min_size=1, max_size=20),
)
def test_as_of_is_always_a_prefix_and_folds_like_one(steps: list[int], points: list[int]) -> None:
    with _history(steps) as room, room.db.read() as tx:
        everything = room.store.load(tx, sample.stream("k1"))
        for point in points:
            instant = sample.AT + timedelta(seconds=point)
            seen = room.store.load(tx, sample.stream("k1"), as_of=instant)
            assert seen == everything[: len(seen)]
            assert all(item.recorded_at > instant for item in everything[len(seen) :])
            folded = room.store.fold(tx, sample.CASE, sample.stream("k1"), as_of=instant)
            assert (folded.state, folded.version) == (sample.CASE.fold(item.event for item in seen), len(seen))


def test_an_event_of_newer_code_is_ignored_by_the_fold_and_kept_by_the_store(room: Room) -> None:
    room.open("k1")
    _insert(room, "k1", "sample.thing_of_the_future", 1, {"anything": [1]})
    _insert(room, "k1", "sample.note_added", 2, {"shape": "of a later version"})
    room.note("k1", "n1")
    events = [item.event for item in room.load("k1")]
    assert events[1] == UnknownEvent("sample.thing_of_the_future", {"anything": [1]})
    assert isinstance(events[2], UnknownEvent)
    assert room.state("k1").notes == ("n1",)
    assert len(room.load("k1")) == 4


@event("sample.measured", version=3)
class Measured:
    case_id: str
    millimetres: int
    method: str


@upcaster("sample.measured", 1)
def _centimetres(fields: dict[str, object]) -> dict[str, object]:
    return {"case_id": fields["case_id"], "millimetres": int(str(fields["centimetres"])) * 10}


@upcaster("sample.measured", 2)
def _with_method(fields: dict[str, object]) -> dict[str, object]:
    return {**fields, "method": "unknown"}


def test_old_events_are_lifted_step_by_step_when_read_and_never_rewritten(room: Room) -> None:
    _insert(room, "k1", "sample.measured", 1, {"case_id": "k1", "centimetres": 4})
    _insert(room, "k1", "sample.measured", 2, {"case_id": "k1", "millimetres": 41})
    _insert(room, "k1", "sample.measured", 3, {"case_id": "k1", "millimetres": 42, "method": "laser"})
    assert [item.event for item in room.load("k1")] == [
        Measured(case_id="k1", millimetres=40, method="unknown"),
        Measured(case_id="k1", millimetres=41, method="unknown"),
        Measured(case_id="k1", millimetres=42, method="laser"),
    ]
    assert [row["schema_version"] for row in room.rows("k1")] == [1, 2, 3]
    assert json.loads(room.rows("k1")[0]["data"]) == {"case_id": "k1", "centimetres": 4}


def test_stored_names_are_unique_and_an_event_has_one_sealed_part_at_most() -> None:
    with pytest.raises(ValueError, match="two events are named"):
        event("sample.note_added")(type("Again", (), {"__annotations__": {"case_id": str}}))
    two = {"__annotations__": {"a": sample.Opened.__annotations__["person"], "b": sample.Sealed[sample.Person]}}
    with pytest.raises(ValueError, match="2 sealed parts"):
        event("sample.twice_sealed")(type("Twice", (), two))


def test_a_clash_of_event_ids_is_a_conflict_and_the_unit_can_be_retried(room: Room) -> None:
    fixed = iter(["same", "same", "fresh"])
    store = EventStore(
        sample.SAMPLE, room.keys, room.clock, sample.publish, [sample.PROJECTION], new_event_id=lambda: next(fixed)
    )
    clumsy = replace(room, store=store)
    clumsy.open("k1")
    with pytest.raises(ConcurrencyConflict):
        clumsy.open("k2")
    assert clumsy.load("k2") == []
    assert clumsy.open("k2")[0].event_id == "fresh"


def test_the_last_outbox_id_is_not_reused_after_its_row_is_gone(room: Room) -> None:
    room.open("k1")
    with room.db.write() as tx:
        top = tx.conn.execute(select(func.max(tables.OUTBOX.c.id))).scalar_one()
        tx.conn.execute(tables.OUTBOX.delete())
    room.open("k2")
    with room.db.read() as tx:
        assert tx.conn.execute(select(func.max(tables.OUTBOX.c.id))).scalar_one() > top


def test_callbacks_run_once_after_the_commit_and_not_after_a_rollback(room: Room) -> None:
    woken: list[int] = []
    room.store.on_commit.append(lambda: woken.append(len(room.load("k1"))))
    room.open("k1", notes=0)
    assert woken == [1]
    with pytest.raises(DomainError):
        room.open("k1")
    assert woken == [1]


def test_a_changed_row_is_read_as_it_stands_and_betrayed_by_its_hash(room: Room) -> None:
    room.open("k1", notes=1)
    with room.db.write() as tx:
        changed = room.rows("k1")[1]["data"].replace('"number":1', '"number":9')
        tx.conn.execute(update(tables.EVENTS).where(tables.EVENTS.c.version == 2).values(data=changed))
    row = room.rows("k1")[1]
    assert '"number":9' in row["data"]
    assert chain_hash(row["prev_hash"], dict(row)) != row["hash"]
