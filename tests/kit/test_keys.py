"""Keys of persons: wrapped, bound to their place, destroyed for ever."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kit.rooms import MASTER
from rso_shared.kit import keys as module
from rso_shared.kit.errors import KeyDestroyed
from rso_shared.kit.keys import KeyRing, TamperedError


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[KeyRing]:
    ring = KeyRing(tmp_path / "keys.db", MASTER, "sample")
    yield ring
    ring.close()


def _wrapped(path: Path, person_id: str) -> bytes | None:
    db = sqlite3.connect(path)
    (found,) = db.execute("SELECT wrapped FROM person_keys WHERE person_id = ?", (person_id,)).fetchone()
    db.close()
    return bytes(found) if found is not None else None


def test_what_was_sealed_opens_also_after_a_restart(keys: KeyRing, tmp_path: Path) -> None:
    sealed = keys.seal("p1", b"Ada Quill", b"place")
    again = KeyRing(tmp_path / "keys.db", MASTER, "sample")
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


def test_another_master_key_or_another_service_opens_nothing(keys: KeyRing, tmp_path: Path) -> None:
    sealed = keys.seal("p1", b"Ada Quill", b"place")
    for master, service in ((b"8" * 32, "sample"), (MASTER, "other")):
        stranger = KeyRing(tmp_path / "keys.db", master, service)
        with pytest.raises(TamperedError):
            stranger.unseal("p1", sealed, b"place")
        stranger.close()


def test_a_key_row_moved_to_another_person_does_not_open(keys: KeyRing, tmp_path: Path) -> None:
    keys.seal("p1", b"x", b"place")
    wrapped = _wrapped(tmp_path / "keys.db", "p1")
    db = sqlite3.connect(tmp_path / "keys.db")
    db.execute("INSERT INTO person_keys (person_id, wrapped) VALUES ('p2', ?)", (wrapped,))
    db.commit()
    db.close()
    with pytest.raises(TamperedError):
        keys.seal("p2", b"x", b"place")


def test_a_destroyed_key_is_gone_from_memory_row_and_file(keys: KeyRing, tmp_path: Path) -> None:
    sealed = keys.seal("p1", b"Ada Quill", b"place")
    wrapped = _wrapped(tmp_path / "keys.db", "p1")
    assert wrapped is not None
    assert keys.destroy("p1")
    with pytest.raises(KeyDestroyed):
        keys.unseal("p1", sealed, b"place")
    with pytest.raises(KeyDestroyed):
        keys.seal("p1", b"again", b"place")
    with pytest.raises(KeyDestroyed):
        keys.fingerprint("p1", b"content")
    assert _wrapped(tmp_path / "keys.db", "p1") is None
    for file in tmp_path.iterdir():
        assert wrapped not in file.read_bytes(), f"the wrapped key still stands in {file.name}"


def test_destroying_twice_or_a_key_that_never_was_is_said(keys: KeyRing) -> None:
    keys.seal("p1", b"x", b"")
    assert [keys.destroy("p1"), keys.destroy("p1"), keys.destroy("p2")] == [True, False, False]


def test_without_a_key_nothing_opens(keys: KeyRing) -> None:
    with pytest.raises(KeyDestroyed):
        keys.unseal("nobody", b"x" * 40, b"")


def test_another_process_stops_opening_within_a_minute(
    keys: KeyRing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = keys.seal("p1", b"Ada Quill", b"place")
    other = KeyRing(tmp_path / "keys.db", MASTER, "sample")
    assert other.unseal("p1", sealed, b"place") == b"Ada Quill"
    keys.destroy("p1")
    started = module.time.monotonic()
    monkeypatch.setattr(module.time, "monotonic", lambda: started + 60.5)
    with pytest.raises(KeyDestroyed):
        other.unseal("p1", sealed, b"place")
    other.close()


def test_two_processes_make_one_key_for_a_person(tmp_path: Path) -> None:
    rings = [KeyRing(tmp_path / "keys.db", MASTER, "sample") for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        sealed = list(pool.map(lambda n: rings[n % 4].seal(f"p{n // 8}", str(n).encode(), b""), range(64)))
    for number, one in enumerate(sealed):
        assert rings[(number + 1) % 4].unseal(f"p{number // 8}", one, b"") == str(number).encode()
    for ring in rings:
        ring.close()


def test_blind_tokens_and_fingerprints_match_only_where_they_should(keys: KeyRing, tmp_path: Path) -> None:
    other = KeyRing(tmp_path / "other.db", MASTER, "other")
    assert keys.blind("ada@example.org") == keys.blind("ada@example.org") != keys.blind("bea@example.org")
    assert keys.blind("ada@example.org") != other.blind("ada@example.org")
    assert keys.fingerprint("p1", b"scan") == keys.fingerprint("p1", b"scan") != keys.fingerprint("p2", b"scan")
    other.close()
