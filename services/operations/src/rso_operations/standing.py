"""Which open cases stand in which list of what presses, said once: Today counts and shows them, Cases filters by the same conditions.

A case is *late* when what it waits for was due or its opinion was promised before now (users.md §3).
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, not_, or_

from rso_operations.board import BOARD, UNDER_WAY
from rso_shared.contracts.vocabulary import Stage
from rso_shared.kit.clock import iso

SOON = timedelta(days=1)
QUEUES = ("team:%", "queue:%")
"""Owners who are no person yet."""
_OWED = BOARD.c.stage != Stage.DELIVERED.value
HELD = and_(UNDER_WAY.self_group(), BOARD.c.held.is_not(None))
"""A case that is delivered may still be on hold."""
NAMES = ("late", "due_soon", "escalated", "unclaimed")


def conditions(now: datetime) -> dict[str, ColumnElement[bool]]:
    """By name. After the delivery nobody owes anything: such a case stands in none of these."""
    late = _before(now)
    nobody = or_(BOARD.c.owner.is_(None), *(BOARD.c.owner.like(queue) for queue in QUEUES))
    which = (late, and_(_before(now + SOON), not_(func.coalesce(late, False))), BOARD.c.escalation.is_not(None), nobody)
    return {name: and_(UNDER_WAY.self_group(), _OWED, each) for name, each in zip(NAMES, which, strict=True)}


def held_for(reason: str) -> ColumnElement[bool]:
    """A case may be on hold for several reasons; no code is a part of another one."""
    return and_(BOARD.c.held.is_not(None), BOARD.c.held.contains(reason, autoescape=True))


def _before(at: datetime) -> ColumnElement[bool]:
    return or_(BOARD.c.due_at < iso(at), BOARD.c.promised_by < iso(at))
