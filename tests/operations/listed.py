"""The list of cases as somebody reads it who turns every page."""

from datetime import datetime

from rso_operations import listing
from rso_operations.listing import Wanted
from support.harness import START, Harness


def ids(operations: Harness, wanted: Wanted, size: int = 100, now: datetime = START) -> list[str]:
    """Of every page, one after the other."""
    found: list[str] = []
    place = None
    while True:
        with operations.service.db.read() as tx:
            page = listing.page(tx, wanted, now, place, size)
        found += [row.case_id for row in page.rows]
        place = page.next
        if place is None:
            return found
