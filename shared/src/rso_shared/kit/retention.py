"""What the kit's own tables may forget, and when. In small transactions: nobody waits behind a great cleaning."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from rso_shared.kit.clock import iso
from rso_shared.kit.database import Database
from rso_shared.kit.tables import INBOX, OUTBOX
from rso_shared.kit.topics import TOPICS

BATCH = 2000
OUTBOX_KEEP = timedelta(days=30)
"""Sent facts stand on the log and, as events, in the store: the row is kept only for whoever looks into yesterday's trouble."""
LONGEST_REPLAY = timedelta(days=90)
INBOX_KEEP = max(topic.kept for topic in TOPICS if topic.kept is not None) + LONGEST_REPLAY
"""Longer than any topic keeps a fact and any replay takes: a fact that comes again must still be known here.

The topic of heads keeps the newest of each stream for ever; to hear one of those again changes nothing.
"""


def forget_sent(db: Database, now: datetime) -> int:
    """Outbox rows sent long ago. Looks at the oldest rows only, batch after batch, until one batch holds a younger one."""
    removed = 0
    while True:
        oldest = select(OUTBOX.c.id, OUTBOX.c.published_at).order_by(OUTBOX.c.id).limit(BATCH).subquery()
        old = select(oldest.c.id).where(oldest.c.published_at < iso(now - OUTBOX_KEEP))
        with db.write() as tx:
            gone = tx.conn.execute(delete(OUTBOX).where(OUTBOX.c.id.in_(old))).rowcount
        removed += gone
        if gone < BATCH:
            return removed


def forget_handled(db: Database, consumer: str, now: datetime) -> int:
    """Inbox rows that no topic can bring back. The log of one machine keeps everything, and so does its inbox."""
    if db.is_sqlite:
        return 0
    cut = now - INBOX_KEEP
    mine = (INBOX.c.consumer == consumer, INBOX.c.event_id < _first_id(cut), INBOX.c.handled_at < iso(cut))
    removed = 0
    while True:
        old = select(INBOX.c.event_id).where(*mine).order_by(INBOX.c.event_id).limit(BATCH)
        with db.write() as tx:
            gone = tx.conn.execute(
                delete(INBOX).where(INBOX.c.consumer == consumer, INBOX.c.event_id.in_(old))
            ).rowcount
        removed += gone
        if gone < BATCH:
            return removed


def _first_id(instant: datetime) -> str:
    """Event ids begin with their time, so the primary key finds the old ones without another index."""
    return str(uuid.UUID(int=int(instant.timestamp() * 1000) << 80))
