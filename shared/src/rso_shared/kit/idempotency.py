"""Idempotency-Key: the stored answer of a command that succeeded, kept 35 days.

Only success is stored, in the command's own transaction.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete

from rso_shared.kit import statements
from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import Contended, DomainError, invalid
from rso_shared.kit.failures import UNIQUE
from rso_shared.kit.tables import IDEMPOTENCY

KEEP = timedelta(days=35)
MAX_KEY = 255


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str


def fingerprint(secret: bytes, *parts: bytes) -> str:
    """An HMAC under the service's key: tells whether it is the same request again without keeping what it said."""
    digest = hmac.new(secret, digestmod="sha256")
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def client_id(organisation_id: str, subject: str) -> str:
    """Whose key it is: `organisation/subject`. A slash inside of either is escaped, so that no two clients share an id."""
    return "/".join(part.replace("%", "%25").replace("/", "%2F") for part in (organisation_id, subject))


def checked_key(header: str | None) -> str:
    key = (header or "").strip().strip('"')
    if not key:
        raise DomainError(
            "idempotency_key_required",
            "Send an Idempotency-Key header: a fresh UUID for each new command, the same one for a retry.",
            status=400,
        )
    if len(key) > MAX_KEY or not key.isascii() or not key.isprintable():
        raise DomainError(
            "idempotency_key_invalid", "An Idempotency-Key has at most 255 printable ASCII characters.", status=400
        )
    return key


def find(tx: Tx, client: str, key: str, fingerprint_: str) -> Answer | None:
    rows = tx.run(statements.answer(sqlite=tx.is_sqlite), (client, key))
    if not rows:
        return None
    (known, status, response) = rows[0]
    if known != fingerprint_:
        raise invalid("idempotency_key_reused", "This Idempotency-Key was used for another request; send a fresh one.")
    return Answer(status, response)


def remember(tx: Tx, client: str, key: str, fingerprint_: str, answer: Answer, now: datetime) -> None:
    """Raises Contended if the same command was faster under the same key: run again, this one finds its answer."""
    row = (client, key, fingerprint_, answer.status, answer.body, iso(now))
    try:
        tx.run(statements.insert_answer(sqlite=tx.is_sqlite), row)
    except UNIQUE as clash:
        raise Contended("idempotency") from clash


def forget_old(tx: Tx, now: datetime) -> int:
    return tx.conn.execute(delete(IDEMPOTENCY).where(IDEMPOTENCY.c.created_at < iso(now - KEEP))).rowcount
