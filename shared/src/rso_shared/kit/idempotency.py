"""Idempotency-Key: the stored answer of a command that succeeded, kept 35 days.

Only success is stored, in the command's own transaction.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select

from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import DomainError, invalid
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
    query = select(IDEMPOTENCY).where(IDEMPOTENCY.c.client == client, IDEMPOTENCY.c.key == key)
    row = tx.conn.execute(query).one_or_none()
    if row is None:
        return None
    if row.fingerprint != fingerprint_:
        raise invalid("idempotency_key_reused", "This Idempotency-Key was used for another request; send a fresh one.")
    return Answer(row.status, row.response)


def remember(tx: Tx, client: str, key: str, fingerprint_: str, answer: Answer, now: datetime) -> None:
    tx.conn.execute(
        insert(IDEMPOTENCY).values(
            client=client,
            key=key,
            fingerprint=fingerprint_,
            status=answer.status,
            response=answer.body,
            created_at=iso(now),
        )
    )


def forget_old(tx: Tx, now: datetime) -> int:
    return tx.conn.execute(delete(IDEMPOTENCY).where(IDEMPOTENCY.c.created_at < iso(now - KEEP))).rowcount
