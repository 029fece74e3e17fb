"""What PostgreSQL says about a view's statements: how many pages they touched, and which tables they read from end to end."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from spy import Statement

BIG = 500
"""Rows. Below that a sequential scan is the best plan there is."""
READS, WRITES = re.compile(r"\s*(SELECT|WITH)\b"), re.compile(r"\b(INSERT|UPDATE|DELETE|MERGE)\b")


@dataclass(frozen=True, slots=True)
class Plan:
    pages: int
    scans: tuple[str, ...]


def plan(connection: "psycopg.Connection[Any]", statements: Sequence[Statement]) -> Plan:
    """Of all that reads, also behind a WITH that writes nothing: what is explained is also executed."""
    roots = [_explained(connection, each) for each in statements if reads(each.sql or "")]
    big = {name for (name,) in connection.execute(f"SELECT relname FROM pg_class WHERE reltuples > {BIG}").fetchall()}
    scanned = sorted(set(_scanned(roots)) & big)
    return Plan(sum(root["Shared Hit Blocks"] + root["Shared Read Blocks"] for root in roots), tuple(scanned))


def reads(sql: str) -> bool:
    """A row that is locked for a change to come is only read."""
    return bool(READS.match(sql)) and not WRITES.search(sql.replace("FOR UPDATE", ""))


def _explained(connection: "psycopg.Connection[Any]", statement: Statement) -> dict[str, Any]:
    asked = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement.sql}"
    row = connection.execute(asked, statement.values).fetchone()
    found = row[0] if row else "[]"
    root: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return root


def _scanned(nodes: Iterable[dict[str, Any]]) -> Iterator[str]:
    for node in nodes:
        if node["Node Type"] == "Seq Scan":
            yield node["Relation Name"]
        yield from _scanned(node.get("Plans", ()))
