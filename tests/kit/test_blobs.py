"""Sealed blobs: every cut, swap and flip is noticed; what never became part of a command is swept; memory stays flat."""

import hashlib
import os
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from kit import sample
from kit.rooms import Room
from rso_shared.kit import tables
from rso_shared.kit.blobs import CHUNK, STAGED, STORED, SWEEP_AFTER, TAG, BlobStore, StoredBlob
from rso_shared.kit.errors import DomainError, KeyDestroyed, Transient
from rso_shared.kit.keys import TamperedError

STEP = CHUNK + TAG


@pytest.fixture
def blobs(room: Room, tmp_path: Path) -> BlobStore:
    return BlobStore(f"file://{tmp_path}/blobs", room.db, room.keys, room.clock)


def commit(room: Room, blobs: BlobStore, blob: StoredBlob) -> None:
    with room.db.write() as tx:
        blobs.commit(tx, blob)


def states(room: Room) -> dict[str, str]:
    with room.db.read() as tx:
        return {row.object_id: row.state for row in tx.conn.execute(select(tables.BLOBS))}


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 17])
def test_what_was_written_is_read_whatever_its_size(blobs: BlobStore, tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    blob = blobs.put("p1", "o1", content)
    assert blobs.read("p1", "o1") == content
    assert (blob.size, blob.sha256) == (size, hashlib.sha256(content).hexdigest())
    stored = (tmp_path / "blobs" / "p1" / "o1").read_bytes()
    assert len(stored) == size + TAG * max(1, -(-size // CHUNK))


def test_the_pieces_it_comes_in_do_not_matter(blobs: BlobStore) -> None:
    content, writer = os.urandom(CHUNK + 5000), blobs.writer("p1", "o1")
    for start in range(0, len(content), 7777):
        writer.write(content[start : start + 7777])
    writer.finish()
    assert blobs.read("p1", "o1") == content


def test_no_plain_byte_reaches_the_disk(blobs: BlobStore, tmp_path: Path) -> None:
    blobs.put("p1", "o1", b"Ada Quill " * 200_000)
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or b"Ada Quill" not in file.read_bytes()


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "one bit": lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]),
    "first byte": lambda raw: bytes([raw[0] ^ 1]) + raw[1:],
    "last chunk cut off": lambda raw: raw[: 2 * STEP],
    "cut inside a chunk": lambda raw: raw[: STEP + 100],
    "cut to less than a tag": lambda raw: raw[:5],
    "cut to nothing": lambda raw: raw[:0],
    "first chunk cut off": lambda raw: raw[STEP:],
    "two chunks swapped": lambda raw: raw[STEP : 2 * STEP] + raw[:STEP] + raw[2 * STEP :],
    "a chunk repeated": lambda raw: raw[:STEP] + raw[:STEP] + raw[2 * STEP :],
    "a chunk appended": lambda raw: raw + raw[2 * STEP :],
    "a byte appended": lambda raw: raw + b"\0",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_noticed(blobs: BlobStore, tmp_path: Path, damage: str) -> None:
    blobs.put("p1", "o1", os.urandom(2 * CHUNK + 900))
    file = tmp_path / "blobs" / "p1" / "o1"
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    with pytest.raises(TamperedError):
        blobs.read("p1", "o1")


def test_a_cut_at_a_chunk_border_is_noticed_although_every_chunk_left_is_whole(
    blobs: BlobStore, tmp_path: Path
) -> None:
    blobs.put("p1", "o1", os.urandom(2 * CHUNK))
    file = tmp_path / "blobs" / "p1" / "o1"
    file.write_bytes(file.read_bytes()[:STEP])
    with pytest.raises(TamperedError):
        blobs.read("p1", "o1")


def test_one_object_put_in_the_place_of_another_does_not_open(blobs: BlobStore, tmp_path: Path) -> None:
    blobs.put("p1", "o1", b"first")
    blobs.put("p1", "o2", b"second")
    folder = tmp_path / "blobs" / "p1"
    (folder / "o1").write_bytes((folder / "o2").read_bytes())
    with pytest.raises(TamperedError):
        blobs.read("p1", "o1")


def test_it_is_read_for_its_own_person_only_and_never_after_erasure(room: Room, blobs: BlobStore) -> None:
    blobs.put("p1", "o1", b"content")
    for person_id, object_id in (("p2", "o1"), ("p1", "o9")):
        with pytest.raises(DomainError) as refusal:
            blobs.read(person_id, object_id)
        assert (refusal.value.code, refusal.value.status) == ("blob_unknown", 404)
    room.keys.destroy("p1")
    with pytest.raises(KeyDestroyed):
        blobs.read("p1", "o1")


def test_duplicates_are_found_among_what_is_stored_of_one_person(room: Room, blobs: BlobStore) -> None:
    for person_id, object_id in (("p1", "o1"), ("p2", "o2"), ("p1", "staged")):
        blob = blobs.put(person_id, object_id, b"the same scan")
        if object_id != "staged":
            commit(room, blobs, blob)
    again = blobs.put("p1", "o3", b"the same scan")
    with room.db.read() as tx:
        assert blobs.duplicates(tx, again) == ["o1"]


def test_a_blob_is_staged_before_its_first_byte_and_stored_with_its_command(
    room: Room, blobs: BlobStore, tmp_path: Path
) -> None:
    writer = blobs.writer("p1", "o1")
    assert states(room) == {"o1": STAGED}
    writer.write(b"content")
    blob = writer.finish()
    assert states(room) == {"o1": STAGED}
    with suppress(ZeroDivisionError), room.db.write() as tx:
        blobs.commit(tx, blob)
        raise ZeroDivisionError
    assert states(room) == {"o1": STAGED}
    commit(room, blobs, blob)
    assert states(room) == {"o1": STORED}


def test_the_sweeper_takes_what_was_left_behind_and_nothing_else(room: Room, blobs: BlobStore, tmp_path: Path) -> None:
    commit(room, blobs, blobs.put("p1", "stored", b"1"))
    blobs.put("p1", "left", b"2")
    blobs.writer("p1", "crashed-before-the-first-byte")
    room.clock.set(sample.AT + timedelta(hours=23))
    blobs.put("p1", "fresh", b"3")
    assert blobs.sweep(sample.AT + SWEEP_AFTER) == 0
    assert blobs.sweep(sample.AT + SWEEP_AFTER + timedelta(seconds=1)) == 2
    assert states(room) == {"stored": STORED, "fresh": STAGED}
    assert sorted(file.name for file in (tmp_path / "blobs" / "p1").iterdir()) == ["fresh", "stored"]


def test_a_sweep_that_was_interrupted_is_finished_by_the_next(room: Room, blobs: BlobStore, tmp_path: Path) -> None:
    blobs.put("p1", "left", b"2")
    (tmp_path / "blobs" / "p1" / "left").unlink()
    assert blobs.sweep(sample.AT + SWEEP_AFTER + timedelta(seconds=1)) == 1
    assert states(room) == {}


class PowerCutError(Exception):
    pass


class Cut:
    """Objects whose removal ends in a power cut, before or after the object went."""

    def __init__(self, blobs: BlobStore, *, after: bool) -> None:
        self._blobs, self._objects, self._after = blobs, blobs._objects, after

    def __enter__(self) -> None:
        self._blobs._objects = self  # type: ignore[assignment]

    def __exit__(self, *_: object) -> None:
        self._blobs._objects = self._objects

    def delete(self, paths: list[str]) -> None:
        if self._after:
            self._objects.delete(paths)
        raise PowerCutError


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_removal_cut_off_serves_nothing_and_the_next_sweep_ends_it(
    room: Room, blobs: BlobStore, tmp_path: Path, cut: str
) -> None:
    blob = blobs.put("p1", "o1", b"content")
    with Cut(blobs, after=cut == "after"), pytest.raises(PowerCutError):
        blobs.remove("p1", "o1")
    with pytest.raises(DomainError, match="blob_unknown"):
        blobs.reader("p1", "o1")
    with pytest.raises(Transient):
        commit(room, blobs, blob)
    assert blobs.sweep(sample.AT) == 1, "whatever its age"
    assert states(room) == {}
    assert list((tmp_path / "blobs" / "p1").iterdir()) == []


def test_what_a_command_stored_is_never_removed(room: Room, blobs: BlobStore) -> None:
    """Its answer may have been lost, so that the sender took it for failed and discards."""
    writer = blobs.writer("p1", "o1")
    writer.write(b"content")
    commit(room, blobs, writer.finish())
    writer.discard()
    assert blobs.read("p1", "o1") == b"content"


def test_a_command_that_comes_after_the_sweeper_stores_nothing(room: Room, blobs: BlobStore, tmp_path: Path) -> None:
    """An upload of more than a day: its row is gone when it ends, and what it wrote goes with its refusal."""
    writer = blobs.writer("p1", "o1")
    assert blobs.sweep(sample.AT + SWEEP_AFTER + timedelta(seconds=1)) == 1
    writer.write(b"content")
    blob = writer.finish()
    with pytest.raises(Transient):
        commit(room, blobs, blob)
    writer.discard()
    assert states(room) == {}
    assert list((tmp_path / "blobs" / "p1").iterdir()) == []


def test_what_is_discarded_is_gone(room: Room, blobs: BlobStore, tmp_path: Path) -> None:
    writer = blobs.writer("p1", "o1")
    writer.write(os.urandom(CHUNK + 1))
    writer.discard()
    assert states(room) == {}
    assert not (tmp_path / "blobs" / "p1" / "o1").exists()


def test_memory_stays_flat_on_64_mb(blobs: BlobStore) -> None:
    piece, total = os.urandom(256 * 1024), 64 << 20
    tracemalloc.start()
    try:
        writer = blobs.writer("p1", "o1")
        for _ in range(total // len(piece)):
            writer.write(piece)
        writer.finish()
        assert sum(len(part) for part in blobs.reader("p1", "o1")) == total
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * CHUNK
