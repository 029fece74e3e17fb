"""What PostgreSQL says about statements: how many pages a view's touched, and which tables any of them reads from end to end."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from spy import Statement

BIG = 500
"""Rows. Below that a sequential scan is the best plan there is."""
ASKED = re.compile(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE|MERGE)\b")
READS, WRITES = re.compile(r"\s*(SELECT|WITH)\b"), re.compile(r"\b(INSERT|UPDATE|DELETE|MERGE)\b")


@dataclass(frozen=True, slots=True)
class Plan:
    pages: int
    scans: tuple[str, ...]


def plan(connection: "psycopg.Connection[Any]", statements: Sequence[Statement]) -> Plan:
    """Of all that reads, also behind a WITH that writes nothing: what is explained is also executed."""
    chosen = [each for each in statements if reads(each.sql or "")]
    roots = [_explained(connection, each, "ANALYZE, BUFFERS,") for each in chosen]
    pages = sum(root["Shared Hit Blocks"] + root["Shared Read Blocks"] for root in roots)
    return Plan(pages, _big_scanned(connection, roots))


def planned_scans(connection: "psycopg.Connection[Any]", statements: Sequence[Statement]) -> tuple[str, ...]:
    """Of all that has a plan, also what writes: nothing is executed."""
    chosen = [each for each in statements if ASKED.match(each.sql or "")]
    return _big_scanned(connection, [_explained(connection, each) for each in chosen])


def reads(sql: str) -> bool:
    """A row that is locked for a change to come is only read."""
    return bool(READS.match(sql)) and not WRITES.search(sql.replace("FOR UPDATE", ""))


def _explained(connection: "psycopg.Connection[Any]", statement: Statement, how: str = "") -> dict[str, Any]:
    """Of what was sent for many rows the first one's plan, which is everyone's."""
    values = statement.values[0] if statement.many else statement.values
    row = connection.execute(f"EXPLAIN ({how} FORMAT JSON) {statement.sql}", values).fetchone()
    found = row[0] if row else "[]"
    root: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return root


def _big_scanned(connection: "psycopg.Connection[Any]", roots: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    big = {name for (name,) in connection.execute(f"SELECT relname FROM pg_class WHERE reltuples > {BIG}").fetchall()}
    return tuple(sorted(set(_scanned(roots)) & big))


def _scanned(nodes: Iterable[dict[str, Any]]) -> Iterator[str]:
    for node in nodes:
        if node["Node Type"] == "Seq Scan":
            yield node["Relation Name"]
        yield from _scanned(node.get("Plans", ()))
