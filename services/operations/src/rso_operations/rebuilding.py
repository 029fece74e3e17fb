"""Rebuilding what the pages show while they show it: a mark says so, readers see the old numbers until the new ones are there.

The mark is set before and taken away together with the old numbers. Where a rebuild was killed it stays, and so does what it says:
the numbers are those of before.
"""

from datetime import datetime

from sqlalchemy import delete, insert, select, text

from rso_operations import models
from rso_operations.board import MARKS
from rso_shared.kit.clock import iso, parse_iso
from rso_shared.kit.database import Tx
from rso_shared.kit.service import Service

QUIET = text("LOCK TABLE facts IN SHARE MODE")
"""Facts that come meanwhile wait: neither lost between the old rows and the new ones, nor counted twice. A file has one writer anyway."""


def run(service: Service) -> dict[str, int]:
    """Returns how many rows each read model has."""
    with service.db.write() as tx:
        tx.conn.execute(delete(MARKS))
        tx.conn.execute(insert(MARKS).values(since=iso(service.clock.now())))
    with service.db.write() as tx:
        if not tx.is_sqlite:
            tx.conn.execute(QUIET)
        made = models.rebuild(tx)
        tx.conn.execute(delete(MARKS))
    return made


def since(tx: Tx) -> datetime | None:
    found = tx.conn.execute(select(MARKS.c.since)).scalar_one_or_none()
    return parse_iso(found) if found else None
