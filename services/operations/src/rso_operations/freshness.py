"""How fresh what is shown is: whether the loop that keeps facts is well, and when the newest of them came."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from rso_shared.kit.clock import parse_iso
from rso_shared.kit.database import Tx
from rso_shared.kit.health import Health
from rso_shared.kit.names import OPERATIONS
from rso_shared.kit.tables import FACTS

BEHIND = 100
"""Records. Who keeps up is behind by a few."""
_NEWEST = select(FACTS.c.kept_at).order_by(FACTS.c.position.desc()).limit(1)


@dataclass(frozen=True, slots=True)
class Freshness:
    """`trouble`: in words, empty while the consumer is well. `known`: it runs in this process; else only the newest fact speaks for it."""

    newest: datetime | None
    trouble: str = ""
    known: bool = True


def freshness(tx: Tx, health: Health) -> Freshness:
    kept_at = tx.conn.execute(_NEWEST).scalar_one_or_none()
    newest = parse_iso(kept_at) if kept_at else None
    return Freshness(newest, _trouble(health), known=OPERATIONS.short in health.beats)


def _trouble(health: Health) -> str:
    loop = OPERATIONS.short
    if loop in (problems := health.problems()):
        return problems[loop]
    if loop in health.unknown_lags():
        return "how far it is behind is not known"
    lag = health.known_lags().get(loop, 0)
    return f"{lag} records behind" if lag > BEHIND else ""
