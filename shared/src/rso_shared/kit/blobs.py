"""Sealed blobs: 1 MiB AES-GCM chunks under a random key per object, itself wrapped by the person's key.

Each chunk is bound to its object, its number and whether it is the last one, so that cutting, swapping or repeating chunks
is noticed. A `staged` row stands before the first byte; `stored` is set in the command's transaction; a sweeper takes the rest.

A row is doomed before its object goes, and goes after it. So a command and a removal cannot both have the same object, and
whatever a crash leaves between the two steps is found by the next sweep.
"""

import contextlib
import hashlib
import os
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from obstore.store import ObjectStore, from_url
from sqlalchemy import and_, delete, insert, or_, select, update

from rso_shared.kit import crash
from rso_shared.kit.clock import Clock, iso
from rso_shared.kit.database import Database, Tx
from rso_shared.kit.errors import Transient, unknown
from rso_shared.kit.keys import KeyRing, TamperedError
from rso_shared.kit.objects import Sink, reached
from rso_shared.kit.tables import BLOBS

CHUNK = 1 << 20
TAG = 16
STAGED, STORED, DOOMED = "staged", "stored", "doomed"
HASHING = 2
"""Uploads that are hashed at a time."""
SWEEP_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """`sha256` is of the plain content: it goes sealed into the event. `duplicate_key` finds the same content of one person."""

    object_id: str
    person_id: str
    size: int
    sha256: str
    duplicate_key: str


class BlobWriter:
    """Takes bytes as they come; memory stays at two chunks. `finish` makes the object durable, `discard` forgets it."""

    def __init__(self, store: "BlobStore", person_id: str, object_id: str) -> None:
        self._store, self._person_id, self._object_id = store, person_id, object_id
        self._key = os.urandom(32)
        self._cipher = AESGCM(self._key)
        self._hash = hashlib.sha256()
        self._held: bytes | memoryview = b""
        self._number = 0
        self.size = 0
        store.stage(person_id, object_id, self._key)
        self._sink = store.open_sink(person_id, object_id)

    def write(self, data: bytes) -> None:
        """Hashing is most of the work and lets go of the interpreter, as sealing does: they go on side by side."""
        hashing = self._store.hashing.submit(self._hash.update, data)
        try:
            self._take(memoryview(data))
        finally:
            hashing.result()
        self.size += len(data)

    def _take(self, rest: memoryview) -> None:
        """The last chunk is held until more comes: only then is it known not to be the last. Whole chunks are not copied."""
        while rest:
            if len(self._held) == CHUNK:
                self._emit(self._held, last=False)
                self._held = b""
            room = CHUNK - len(self._held)
            piece, rest = rest[:room], rest[room:]
            self._held = b"".join((self._held, piece)) if self._held else piece

    def finish(self) -> StoredBlob:
        self._emit(self._held, last=True)
        self._held = b""
        self._sink.close()
        digest = self._hash.digest()
        duplicate_key = self._store.keys.fingerprint(self._person_id, digest)
        return StoredBlob(self._object_id, self._person_id, self.size, digest.hex(), duplicate_key)

    def discard(self) -> None:
        self._sink.abandon()
        self._store.remove(self._person_id, self._object_id)

    def _emit(self, chunk: bytes | memoryview, *, last: bool) -> None:
        nonce = self._number.to_bytes(12, "big")
        self._sink.write(self._cipher.encrypt(nonce, chunk, _bound(self._object_id, self._number, last=last)))
        self._number += 1
        crash.point("mid-chunk")


class BlobStore:
    """`url` as obstore takes it: file:///folder or s3://bucket/prefix."""

    def __init__(self, url: str, db: Database, keys: KeyRing, clock: Clock) -> None:
        self._objects: ObjectStore = from_url(url, mkdir=True) if url.startswith("file:") else from_url(url)
        self._db, self.keys, self._clock = db, keys, clock
        self.hashing = ThreadPoolExecutor(HASHING, "hash")

    def writer(self, person_id: str, object_id: str) -> BlobWriter:
        return BlobWriter(self, person_id, object_id)

    def put(self, person_id: str, object_id: str, content: bytes) -> StoredBlob:
        writer = self.writer(person_id, object_id)
        writer.write(content)
        return writer.finish()

    def commit(self, tx: Tx, blob: StoredBlob) -> None:
        """In the command's transaction: from here on nothing removes it. Raises Transient if it is being removed already."""
        row = {"state": STORED, "size": blob.size, "duplicate_key": blob.duplicate_key}
        staged = (BLOBS.c.object_id == blob.object_id, BLOBS.c.state == STAGED)
        if tx.conn.execute(update(BLOBS).where(*staged).values(**row)).rowcount == 0:
            raise Transient("blob_removed")

    def duplicates(self, tx: Tx, blob: StoredBlob) -> list[str]:
        """Stored objects of the same person with the same content."""
        query = select(BLOBS.c.object_id).where(
            BLOBS.c.person_id == blob.person_id, BLOBS.c.duplicate_key == blob.duplicate_key, BLOBS.c.state == STORED
        )
        return list(tx.conn.execute(query).scalars())

    def reader(self, person_id: str, object_id: str) -> Iterator[bytes]:
        """Plain chunks. Raises KeyDestroyed after erasure and TamperedError if a byte is not as it was written."""
        with self._db.read() as tx:
            row = tx.conn.execute(select(BLOBS).where(BLOBS.c.object_id == object_id)).one_or_none()
        if row is None or row.person_id != person_id or row.state == DOOMED:
            self.keys.require(person_id)
            raise unknown("blob_unknown", "No such object is stored.", object_id=object_id)
        key = self.keys.unseal(person_id, row.wrapped_key, _wrap_bound(object_id))
        return self._chunks(AESGCM(key), person_id, object_id)

    def read(self, person_id: str, object_id: str) -> bytes:
        return b"".join(self.reader(person_id, object_id))

    def _chunks(self, cipher: AESGCM, person_id: str, object_id: str) -> Iterator[bytes]:
        path = _path(person_id, object_id)
        with reached():
            size = self._objects.head(path)["size"]
        if size == 0:  # even an empty object has one sealed chunk
            raise TamperedError(object_id)
        step, number, start = CHUNK + TAG, 0, 0
        while start < size:
            end = min(start + step, size)
            with reached():
                sealed = bytes(self._objects.get_range(path, start=start, end=end))
            try:
                yield cipher.decrypt(number.to_bytes(12, "big"), sealed, _bound(object_id, number, last=end == size))
            except InvalidTag as problem:
                raise TamperedError(object_id) from problem
            start, number = end, number + 1

    def stage(self, person_id: str, object_id: str, key: bytes) -> None:
        wrapped = self.keys.seal(person_id, key, _wrap_bound(object_id))
        with self._db.write() as tx:
            tx.conn.execute(
                insert(BLOBS).values(
                    object_id=object_id, person_id=person_id, state=STAGED, size=0, wrapped_key=wrapped,
                    created_at=iso(self._clock.now()),
                )
            )  # fmt: skip

    def open_sink(self, person_id: str, object_id: str) -> "Sink":
        return Sink(self._objects, _path(person_id, object_id))

    def remove(self, person_id: str, object_id: str) -> None:
        """Nothing that a command has stored, be it that the command's answer was lost and it is taken for failed."""
        if not self._doom(object_id):
            return
        with contextlib.suppress(FileNotFoundError), reached():  # no byte was written yet, or a removal was interrupted
            self._objects.delete([_path(person_id, object_id)])
        with self._db.write() as tx:
            tx.conn.execute(delete(BLOBS).where(BLOBS.c.object_id == object_id, BLOBS.c.state == DOOMED))

    def erase(self, person_id: str) -> None:
        """Every object of the person, part of a command or not, and whatever else lies under the person's prefix."""
        mine = BLOBS.c.person_id == person_id
        with self._db.write() as tx:
            tx.conn.execute(update(BLOBS).where(mine).values(state=DOOMED))
        with reached():
            for path in [entry["path"] for batch in self._objects.list(person_id) for entry in batch]:
                with contextlib.suppress(FileNotFoundError):
                    self._objects.delete([path])
        with self._db.write() as tx:
            tx.conn.execute(delete(BLOBS).where(mine))

    def _doom(self, object_id: str) -> bool:
        """False if it is stored. True without a row too: a writer may end after its row was swept."""
        with self._db.write() as tx:
            mine = BLOBS.c.object_id == object_id
            tx.conn.execute(update(BLOBS).where(mine, BLOBS.c.state == STAGED).values(state=DOOMED))
            return tx.conn.execute(select(BLOBS.c.state).where(mine)).scalar_one_or_none() != STORED

    def sweep(self, now: datetime) -> int:
        """Removes what was staged and never became part of a command, and what an interrupted removal left."""
        forgotten = and_(BLOBS.c.state == STAGED, BLOBS.c.created_at < iso(now - SWEEP_AFTER))
        query = select(BLOBS.c.person_id, BLOBS.c.object_id).where(or_(forgotten, BLOBS.c.state == DOOMED))
        with self._db.read() as tx:
            rows = tx.conn.execute(query).all()
        for row in rows:
            self.remove(row.person_id, row.object_id)
        return len(rows)


def _path(person_id: str, object_id: str) -> str:
    return f"{person_id}/{object_id}"


def _bound(object_id: str, number: int, *, last: bool) -> bytes:
    return object_id.encode() + struct.pack(">Q?", number, last)


def _wrap_bound(object_id: str) -> bytes:
    return f"blob|{object_id}".encode()
