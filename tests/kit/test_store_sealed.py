"""The identifying part of an event: under a person's key, bound to its place, opened only where someone asks."""

from datetime import datetime

import pytest
from sqlalchemy import select, update

from kit import sample
from kit.rooms import Room
from rso_shared.kit import tables
from rso_shared.kit.errors import KeyDestroyed
from rso_shared.kit.events import event
from rso_shared.kit.keys import TamperedError
from rso_shared.kit.sealed import Sealed
from rso_shared.kit.store import FIRST_HASH, chain_hash


def _opened(room: Room, case_id: str) -> Sealed[sample.Person]:
    opened = room.state(case_id).opened
    assert opened is not None
    return opened.person


def test_the_name_stands_nowhere_in_the_database(room: Room) -> None:
    room.open("k1")
    (row,) = room.rows("k1")
    with room.db.read() as tx:
        (sent,) = tx.conn.execute(select(tables.OUTBOX)).all()
    for stored in (*row.values(), *sent):
        assert "Quill" not in str(stored)
        assert "ada@" not in str(stored)
    assert '"person":{"person_id":"person-k1"}' in row["data"]


def test_it_opens_to_what_was_sealed_and_never_shows_in_repr(room: Room) -> None:
    room.open("k1")
    sealed = _opened(room, "k1")
    assert sealed.open() == sample.Person("Ada Quill", "ada@example.org")
    assert "Quill" not in repr(sealed) + repr(room.state("k1")) + repr(sample.opening("k1"))


def test_loading_and_folding_need_no_key_until_someone_opens(room: Room) -> None:
    room.open("k1", notes=1)
    room.keys.destroy("person-k1")
    state = room.state("k1")
    assert state.notes == ("k1-note-0",)
    assert room.note("k1", "n2")[0].version == 3
    with pytest.raises(KeyDestroyed):
        _opened(room, "k1").open()


def test_the_chain_verifies_after_the_key_is_destroyed(room: Room) -> None:
    room.open("k1", notes=1)
    room.keys.destroy("person-k1")
    prev = FIRST_HASH
    for row in room.rows("k1"):
        assert chain_hash(prev, dict(row)) == row["hash"]
        prev = row["hash"]


def test_nothing_more_can_be_sealed_for_an_erased_person(room: Room) -> None:
    room.open("k1")
    room.keys.destroy("person-k1")
    again = sample.Open("k2", Sealed("person-k1", sample.Person("Ada Quill", "")), sample.AT)
    with pytest.raises(KeyDestroyed):
        room.run(again, "k2")
    assert room.load("k2") == []


@event("sample.case_opened_elsewhere")
class OpenedElsewhere:
    case_id: str
    colour: sample.Colour
    opened_at: datetime
    person: Sealed[sample.Person]


ELSEWHERE = {"stream": "operator/case/k9", "version": 2, "name": "sample.case_opened_elsewhere"}


@pytest.mark.parametrize("column", ELSEWHERE)
def test_ciphertext_moved_to_another_place_does_not_open(room: Room, column: str) -> None:
    room.open("k1")
    with room.db.write() as tx:
        tx.conn.execute(update(tables.EVENTS).values({column: ELSEWHERE[column]}))
        (moved,) = room.store.load(tx, "operator/case/k9" if column == "stream" else sample.stream("k1"))
    with pytest.raises(TamperedError):
        moved.event.person.open()


def test_one_flipped_bit_does_not_open(room: Room) -> None:
    room.open("k1")
    sealed = bytearray(room.rows("k1")[0]["sealed"])
    sealed[-1] ^= 1
    with room.db.write() as tx:
        tx.conn.execute(update(tables.EVENTS).values(sealed=bytes(sealed)))
    with pytest.raises(TamperedError):
        _opened(room, "k1").open()


def test_the_same_content_seals_to_other_bytes_every_time(room: Room) -> None:
    room.open("k1")
    room.open("k2")
    first, second = room.rows("k1")[0]["sealed"], room.rows("k2")[0]["sealed"]
    assert first[:12] != second[:12]
    assert first[12:] != second[12:]
