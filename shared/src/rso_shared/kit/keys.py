"""Keys. One random AES-256 key per person and service, kept in the service's second database, wrapped by a master key from outside.

Destroying a person's row makes everything sealed under it unreadable for ever; chains still verify, because they run over
ciphertext. The row stays behind as a tombstone, also where there was no key yet: what arrives late finds it and mints no new one.
Opened keys are cached for a minute at most.
"""

import hashlib
import hmac
import os
import threading
import time
from collections import OrderedDict

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column, LargeBinary, MetaData, String, Table, func

from rso_shared.kit import migrate
from rso_shared.kit.database import Database, understood
from rso_shared.kit.errors import KeyDestroyed
from rso_shared.kit.statements import marker

NONCE = 12
CACHE_SECONDS = 60.0
CACHE_KEYS = 10_000
METADATA = MetaData()
KEYS = Table(
    "person_keys",
    METADATA,
    Column("person_id", String, primary_key=True),
    Column("wrapped", LargeBinary),
    Column("created_at", String, nullable=False, server_default=func.current_timestamp()),
    Column("destroyed_at", String),
)

_READ = "SELECT wrapped FROM person_keys WHERE person_id = {0}"
_CREATE = (
    "INSERT INTO person_keys (person_id, wrapped) VALUES ({0}, {0}) ON CONFLICT (person_id) DO NOTHING RETURNING 1"
)
_TOMBSTONES = "SELECT person_id FROM person_keys WHERE wrapped IS NULL"
_TOMBSTONE = """
INSERT INTO person_keys (person_id, wrapped, destroyed_at) VALUES ({0}, NULL, CURRENT_TIMESTAMP)
ON CONFLICT (person_id) DO UPDATE SET wrapped = NULL, destroyed_at = CURRENT_TIMESTAMP WHERE person_keys.wrapped IS NOT NULL
"""


class TamperedError(Exception):
    """What was sealed does not open: it was altered, moved, or sealed under another key."""


class KeyRing:
    """The keys of one service. `master` is 32 bytes; `service` is part of what every wrapped key is bound to.

    `url` names a database of its own: it must not sit in the same backup as the events. On PostgreSQL `prepare` makes the table,
    once, when the service is migrated.
    """

    def __init__(self, url: str, master: bytes, service: str) -> None:
        self._master = AESGCM(master)
        self._blind = hmac.digest(master, f"blind/{service}".encode(), "sha256")
        self._service = service
        self._lock = threading.Lock()
        self._cache: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._gone: set[str] = set()
        """Whom this process destroyed: a key that another thread read just before must not be kept just after."""
        self._db = Database(url, pool=4, pragmas=("secure_delete=ON",))
        self._marker = marker(sqlite=self._db.is_sqlite)
        if self._db.is_sqlite:
            self.prepare()

    def prepare(self) -> bool:
        """True if anything had to be done."""
        return migrate.prepare(self._db, migrate.KEYS)

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
        """True if there was a key to destroy. Either way there will never be another one."""
        with self._db.write() as tx:
            before = tx.run(_READ.format(self._marker), (person_id,))
            tx.run(_TOMBSTONE.format(self._marker), (person_id,))
        with self._lock:
            self._gone.add(person_id)
            self._cache.pop(person_id, None)
        self._scrub()
        return bool(before and before[0][0] is not None)

    def destroyed(self) -> set[str]:
        """Everybody who has a tombstone here."""
        with self._db.read() as tx:
            return {person_id for (person_id,) in tx.run(_TOMBSTONES, ())}

    def require(self, person_id: str) -> None:
        """Raises KeyDestroyed if there is a tombstone; a person without any key yet is none."""
        self._read(person_id)

    def close(self) -> None:
        self._db.close()

    def _scrub(self) -> None:
        """The wrapped key stood in the file too. SQLite: out of the write-ahead log; PostgreSQL: the table is written anew.

        PostgreSQL's own write-ahead log and its backups still hold it, wrapped, until they are recycled: docs/privacy.md.
        """
        if self._db.is_sqlite:
            raw = self._db.writer.raw_connection()
            try:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                raw.close()
        else:
            with understood(), self._db.writer.connect() as conn:
                conn.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM (FULL) person_keys")

    def _key(self, person_id: str, *, create: bool = False) -> bytes:
        with self._lock:
            cached = self._cache.get(person_id)
            if cached and cached[0] > time.monotonic():
                return cached[1]
        key = self._read(person_id) or (self._create(person_id) if create else None)
        if key is None:
            raise KeyDestroyed(person_id)
        self._keep(person_id, key)
        return key

    def _keep(self, person_id: str, key: bytes) -> None:
        """The oldest go first: what has expired, and what is too much. Raises KeyDestroyed if it was destroyed meanwhile."""
        now = time.monotonic()
        with self._lock:
            if person_id in self._gone:
                raise KeyDestroyed(person_id)
            self._cache[person_id] = (now + CACHE_SECONDS, key)
            self._cache.move_to_end(person_id)
            while len(self._cache) > CACHE_KEYS or next(iter(self._cache.values()))[0] <= now:
                self._cache.popitem(last=False)

    def _read(self, person_id: str) -> bytes | None:
        with self._db.read() as tx:
            rows = tx.run(_READ.format(self._marker), (person_id,))
        if not rows:
            return None
        wrapped = rows[0][0]
        if wrapped is None:
            raise KeyDestroyed(person_id)
        try:
            return self._master.decrypt(wrapped[:NONCE], wrapped[NONCE:], self._bound(person_id))
        except InvalidTag as problem:
            raise TamperedError from problem

    def _create(self, person_id: str) -> bytes | None:
        """The key that stands afterwards: another process may have been first."""
        key, nonce = os.urandom(32), os.urandom(NONCE)
        wrapped = nonce + self._master.encrypt(nonce, key, self._bound(person_id))
        with self._db.write() as tx:
            made = tx.run(_CREATE.format(self._marker), (person_id, wrapped))
        return key if made else self._read(person_id)

    def _bound(self, person_id: str) -> bytes:
        return f"{self._service}|{person_id}".encode()
