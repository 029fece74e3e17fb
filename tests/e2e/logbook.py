"""What stands in the services' stores, read from the files: events, facts, mail."""

import email
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from email.message import Message
from pathlib import Path
from typing import Any

from rso_onebox.datadir import DataDir
from rso_shared.kit.names import SERVICES
from support.recount import QUERY, Stored


def rows(path: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as db:
        return db.execute(query, values).fetchall()


def change(path: Path, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        assert db.execute(statement, values).rowcount > 0


def store(data: DataDir, short: str) -> Path:
    return data.service(short) / "store.db"


def stores(data: DataDir) -> Iterator[tuple[str, Path]]:
    for service in SERVICES:
        if store(data, service.short).exists():
            yield service.short, store(data, service.short)


def events(data: DataDir) -> Counter[str]:
    """How often each event was recorded, in all services together."""
    counted: Counter[str] = Counter()
    for _, path in stores(data):
        counted.update(dict(rows(path, "SELECT name, COUNT(*) FROM events GROUP BY name")))
    return counted


def stored(data: DataDir) -> list[Stored]:
    """Every event of every service."""
    return [Stored.of(row) for _, path in stores(data) for row in rows(path, QUERY)]


def total(data: DataDir) -> int:
    return events(data).total()


def quiet(data: DataDir) -> bool:
    """Nothing unsent, and every consumer has handled what was sent."""
    unsent = sum(rows(path, "SELECT COUNT(*) FROM outbox WHERE published_at IS NULL")[0][0] for _, path in stores(data))
    behind = rows(
        data.broker,
        "SELECT COUNT(*) FROM positions p JOIN (SELECT topic, MAX(id) AS last FROM records GROUP BY topic) r"
        " ON r.topic = p.topic WHERE p.position < r.last",
    )
    return not unsent and not behind[0][0]


def mails(data: DataDir) -> list[Message]:
    return [email.message_from_bytes(file.read_bytes()) for file in sorted(data.mail.glob("*.eml"))]


def stages(data: DataDir) -> list[str]:
    """Every stage that the coordinator said, in order."""
    query = "SELECT json_extract(data, '$.stage') FROM events WHERE name = 'coordinator.stage_entered' ORDER BY stream, version"
    return [row[0] for row in rows(store(data, "coordinator"), query)]
