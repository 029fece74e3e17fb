"""Keys. One random AES-256 key per person and service, kept in the service's second database, wrapped by a master key from outside.

Destroying a person's row makes everything sealed under it unreadable for ever; chains still verify, because they run over
ciphertext. Opened keys are cached for a minute at most.
"""

import hashlib
import hmac
import os
import sqlite3
import threading
import time
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rso_shared.kit.errors import KeyDestroyed

NONCE = 12
CACHE_SECONDS = 60.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS person_keys (
    person_id TEXT PRIMARY KEY, wrapped BLOB, created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, destroyed_at TEXT
)
"""


class TamperedError(Exception):
    """What was sealed does not open: it was altered, moved, or sealed under another key."""


class KeyRing:
    """The keys of one service. `master` is 32 bytes; `service` is part of what every wrapped key is bound to."""

    def __init__(self, path: Path | str, master: bytes, service: str) -> None:
        self._master = AESGCM(master)
        self._blind = hmac.digest(master, f"blind/{service}".encode(), "sha256")
        self._service = service
        self._lock = threading.Lock()
        self._cache: dict[str, tuple[float, bytes]] = {}
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute(_SCHEMA)

    def seal(self, person_id: str, plain: bytes, bound_to: bytes) -> bytes:
        """Nonce | ciphertext | tag, bound to `bound_to`: moved elsewhere, it does not open."""
        nonce = os.urandom(NONCE)
        return nonce + AESGCM(self._key(person_id, create=True)).encrypt(nonce, plain, bound_to)

    def unseal(self, person_id: str, sealed: bytes, bound_to: bytes) -> bytes:
        """Raises KeyDestroyed after erasure, TamperedError if a byte is not as it was written."""
        try:
            return AESGCM(self._key(person_id)).decrypt(sealed[:NONCE], sealed[NONCE:], bound_to)
        except InvalidTag as problem:
            raise TamperedError from problem

    def blind(self, text: str) -> str:
        """A keyed look-up token: equal texts give equal tokens, and without the master key nobody can test a guess."""
        return hmac.digest(self._blind, text.encode(), "sha256").hex()

    def fingerprint(self, person_id: str, content: bytes) -> str:
        """HMAC under the person's own key: finds the same content twice for one person, and nothing across persons."""
        return hmac.new(self._key(person_id, create=True), content, hashlib.sha256).hexdigest()

    def destroy(self, person_id: str) -> bool:
        """True if there was a key to destroy."""
        with self._lock:
            self._cache.pop(person_id, None)
            done = self._db.execute(
                "UPDATE person_keys SET wrapped = NULL, destroyed_at = CURRENT_TIMESTAMP WHERE person_id = ? AND wrapped IS NOT NULL",
                (person_id,),
            )
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return done.rowcount == 1

    def close(self) -> None:
        self._db.close()

    def _key(self, person_id: str, *, create: bool = False) -> bytes:
        with self._lock:
            cached = self._cache.get(person_id)
            if cached and cached[0] > time.monotonic():
                return cached[1]
            key = self._read(person_id) or (self._create(person_id) if create else None)
            if key is None:
                raise KeyDestroyed(person_id)
            self._cache[person_id] = (time.monotonic() + CACHE_SECONDS, key)
            return key

    def _read(self, person_id: str) -> bytes | None:
        row = self._db.execute("SELECT wrapped FROM person_keys WHERE person_id = ?", (person_id,)).fetchone()
        if row is None:
            return None
        if row[0] is None:
            raise KeyDestroyed(person_id)
        try:
            return self._master.decrypt(row[0][:NONCE], row[0][NONCE:], self._bound(person_id))
        except InvalidTag as problem:
            raise TamperedError from problem

    def _create(self, person_id: str) -> bytes:
        key, nonce = os.urandom(32), os.urandom(NONCE)
        wrapped = nonce + self._master.encrypt(nonce, key, self._bound(person_id))
        self._db.execute("INSERT OR IGNORE INTO person_keys (person_id, wrapped) VALUES (?, ?)", (person_id, wrapped))
        return self._read(person_id) or key

    def _bound(self, person_id: str) -> bytes:
        return f"{self._service}|{person_id}".encode()
