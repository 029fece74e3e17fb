"""Keys of persons: wrapped, bound to their place, destroyed for ever."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from kit.rooms import MASTER
from rso_shared.kit import keys as module
from rso_shared.kit.database import Database
from rso_shared.kit.errors import KeyDestroyed
from rso_shared.kit.keys import KEYS, KeyRing, TamperedError


@pytest.fixture
def keys(backend: str) -> Iterator[KeyRing]:
    ring = KeyRing(backend, MASTER, "sample")
    ring.prepare()
    yield ring
    ring.close()


@pytest.fixture
def db(backend: str) -> Iterator[Database]:
    """The same rows as an administrator sees them."""
    db = Database(backend)
    yield db
    db.close()


def _wrapped(db: Database, person_id: str) -> bytes | None:
    with db.read() as tx:
        found = tx.conn.execute(select(KEYS.c.wrapped).where(KEYS.c.person_id == person_id)).scalar_one()
    return bytes(found) if found is not None else None


def test_what_was_sealed_opens_also_after_a_restart(keys: KeyRing, backend: str) -> None:
    sealed = keys.seal("p1", b"Ada Quill", b"place")
    again = KeyRing(backend, MASTER, "sample")
    assert again.unseal("p1", sealed, b"place") == b"Ada Quill"
    again.close()


@pytest.mark.parametrize(("person", "place"), [("p2", b"place"), ("p1", b"elsewhere")])
def test_it_opens_for_its_person_and_place_alone(keys: KeyRing, person: str, place: bytes) -> None:
    sealed = keys.seal("p1", b"Ada Quill", b"place")
    keys.seal("p2", b"", b"")
    with pytest.raises(TamperedError):
        keys.unseal(person, sealed, place)


def test_every_byte_counts(keys: KeyRing) -> None:
    sealed = keys.seal("p1", b"Ada", b"place")
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(TamperedError):
            keys.unseal("p1", changed, b"place")


def test_another_master_key_or_another_service_opens_nothing(keys: KeyRing, backend: str) -> None:
    sealed = keys.seal("p1", b"Ada Quill", b"place")
    for master, service in ((b"8" * 32, "sample"), (MASTER, "other")):
        stranger = KeyRing(backend, master, service)
        with pytest.raises(TamperedError):
            stranger.unseal("p1", sealed, b"place")
        stranger.close()


def test_a_key_row_moved_to_another_person_does_not_open(keys: KeyRing, db: Database) -> None:
    keys.seal("p1", b"x", b"place")
    wrapped = _wrapped(db, "p1")
    with db.write() as tx:
        tx.conn.execute(insert(KEYS).values(person_id="p2", wrapped=wrapped))
    with pytest.raises(TamperedError):
        keys.seal("p2", b"x", b"place")


def test_a_destroyed_key_is_gone_from_memory_row_and_file(keys: KeyRing, db: Database, tmp_path: Path) -> None:
    sealed = keys.seal("p1", b"Ada Quill", b"place")
    wrapped = _wrapped(db, "p1")
    assert wrapped is not None
    assert keys.destroy("p1")
    with pytest.raises(KeyDestroyed):
        keys.unseal("p1", sealed, b"place")
    with pytest.raises(KeyDestroyed):
        keys.seal("p1", b"again", b"place")
    with pytest.raises(KeyDestroyed):
        keys.fingerprint("p1", b"content")
    assert _wrapped(db, "p1") is None
    for file in tmp_path.iterdir():
        assert wrapped not in file.read_bytes(), f"the wrapped key still stands in {file.name}"


def test_destroying_twice_or_a_key_that_never_was_is_said(keys: KeyRing) -> None:
    keys.seal("p1", b"x", b"")
    assert [keys.destroy("p1"), keys.destroy("p1"), keys.destroy("p2")] == [True, False, False]


def test_a_key_destroyed_before_it_was_is_never_made(keys: KeyRing, backend: str) -> None:
    """A late event about an erased person must not bring the person back, whichever process it reaches."""
    assert not keys.destroy("late")
    again = KeyRing(backend, MASTER, "sample")
    for ring in (keys, again):
        with pytest.raises(KeyDestroyed):
            ring.seal("late", b"Ada Quill", b"place")
    again.close()


def test_the_cache_of_opened_keys_does_not_grow_for_ever(keys: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CACHE_KEYS", 3)
    sealed = {name: keys.seal(name, name.encode(), b"") for name in "abcdef"}
    assert list(keys._cache) == ["d", "e", "f"]
    assert [keys.unseal(name, one, b"") for name, one in sealed.items()] == [b"a", b"b", b"c", b"d", b"e", b"f"]
    now = time.monotonic()
    monkeypatch.setattr(module.time, "monotonic", lambda: now + 61)
    keys.seal("g", b"", b"")
    assert list(keys._cache) == ["g"]


def test_without_a_key_nothing_opens(keys: KeyRing) -> None:
    with pytest.raises(KeyDestroyed):
        keys.unseal("nobody", b"x" * 40, b"")


def test_another_process_stops_opening_within_a_minute(
    keys: KeyRing, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = keys.seal("p1", b"Ada Quill", b"place")
    other = KeyRing(backend, MASTER, "sample")
    assert other.unseal("p1", sealed, b"place") == b"Ada Quill"
    keys.destroy("p1")
    started = module.time.monotonic()
    monkeypatch.setattr(module.time, "monotonic", lambda: started + 60.5)
    with pytest.raises(KeyDestroyed):
        other.unseal("p1", sealed, b"place")
    other.close()


def test_two_processes_make_one_key_for_a_person(keys: KeyRing, backend: str) -> None:
    rings = [KeyRing(backend, MASTER, "sample") for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        sealed = list(pool.map(lambda n: rings[n % 4].seal(f"p{n // 8}", str(n).encode(), b""), range(64)))
    for number, one in enumerate(sealed):
        assert rings[(number + 1) % 4].unseal(f"p{number // 8}", one, b"") == str(number).encode()
    for ring in rings:
        ring.close()


def test_blind_tokens_and_fingerprints_match_only_where_they_should(keys: KeyRing, tmp_path: Path) -> None:
    other = KeyRing(f"sqlite:///{tmp_path}/other.db", MASTER, "other")
    assert keys.blind("ada@example.org") == keys.blind("ada@example.org") != keys.blind("bea@example.org")
    assert keys.blind("ada@example.org") != other.blind("ada@example.org")
    assert keys.fingerprint("p1", b"scan") == keys.fingerprint("p1", b"scan") != keys.fingerprint("p2", b"scan")
    other.close()
