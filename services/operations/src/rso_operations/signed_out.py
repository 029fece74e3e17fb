"""Sessions that were ended by their owners. A token cannot be taken back, so what is kept is that this one opens no page any more.

In the database, so that every replica knows it; by a digest, so that nobody finds a token here.
"""

from hashlib import sha256

from sqlalchemy import Column, String, Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from rso_operations.board import METADATA
from rso_shared.kit.database import Tx
from rso_shared.kit.tables import COUNTER

SIGNED_OUT = Table(
    "signed_out",
    METADATA,
    Column("token_sha256", String, primary_key=True),
    Column("until", COUNTER, nullable=False),
)
"""`until`, in seconds of real time: from then on the token is refused for its age."""


def end(tx: Tx, token: str, until: int, now: int) -> None:
    """Drops what is too old to be needed."""
    tx.conn.execute(delete(SIGNED_OUT).where(SIGNED_OUT.c.until < now))
    insert = (sqlite if tx.is_sqlite else postgresql).insert(SIGNED_OUT)
    tx.conn.execute(insert.values(token_sha256=_digest(token), until=until).on_conflict_do_nothing())


def ended(tx: Tx, token: str) -> bool:
    query = select(SIGNED_OUT.c.until).where(SIGNED_OUT.c.token_sha256 == _digest(token))
    return tx.conn.execute(query).first() is not None


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
