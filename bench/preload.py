"""Clones a finished case N times into a service's database on PostgreSQL by COPY, with new ids, new instants and new chains.

What a case consists of is what came into a store while it was played: `taken` compares two looks at the same store. Ids, instants
and whatever else has to be of the clone alone are replaced wherever they stand, in text and in JSON inside of bytes. Sealed parts
stay the first case's ciphertext: it is bound to its place, so a clone cannot be opened, only stored, found and counted.
"""

import random
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from rso_shared.kit.clock import iso, parse_iso
from rso_shared.kit.store import FIRST_HASH, HASHED, chain_hash

UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
INSTANT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
OWN = {"cases": ("reference_number",), "case_list": ("client_reference",), "person_keys": ("identifier_key",)}
"""Neither ids nor instants, and yet of one case alone."""
HEARD = ("facts", "case_parties")
"""What a service has of a case before it did anything for it."""
APART, PIECE = timedelta(minutes=7), 500
Rows = dict[str, list[dict[str, Any]]]
Words = Mapping[str, str]
Pieces = list[str]
"""Text cut at its words: every second piece is one."""
KEYS = """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype IN ('p', 'u') AND connamespace = 'public'::regnamespace"""
INDEXES = """SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    AND indexname NOT IN (SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace)"""
ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def taken(store: Path) -> Rows:
    """Every row of every table of a store on SQLite."""
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
        connection.row_factory = sqlite3.Row
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        mine = [name for name in names if not name.startswith(("sqlite_", "alembic_"))]
        return {name: [dict(row) for row in connection.execute(f"SELECT * FROM {name}")] for name in mine}


@dataclass(frozen=True, slots=True)
class Case:
    """Its rows, and the words in them that are different in every clone."""

    rows: Rows
    words: frozenset[str]
    instants: frozenset[str]

    def renamed(self, number: int) -> dict[str, str]:
        """Also as they look in bytes that COPY writes as digits."""
        dice, back = random.Random(number), number * APART  # noqa: S311 - the same clones every time, and no secret
        words = {word: _other(word, dice) for word in sorted(self.words)}
        words |= {at: iso(parse_iso(at) - back) for at in self.instants}
        return words | {_digits(word): _digits(new) for word, new in words.items()}

    def kept(self, number: int) -> list[dict[str, Any]]:
        """The kept facts of one clone, oldest first."""
        words = self.renamed(number)
        cut = re.compile("(" + "|".join(map(re.escape, words)) + ")")
        rows = sorted(self.rows["facts"], key=lambda row: int(row["position"]))
        return [{name: _joined(cut.split(str(value)), words) for name, value in row.items()} for row in rows]


def case(before: Rows, after: Rows) -> Case:
    known = {name: {repr(row) for row in rows} for name, rows in before.items()}
    rows = {name: [row for row in found if repr(row) not in known.get(name, ())] for name, found in after.items()}
    rows["events"].sort(key=lambda row: (row["stream"], row["version"]))
    shared = {word for found in before.values() for row in found for word in UUID.findall(_text(row))}
    text = "\n".join(_text(row) for found in rows.values() for row in found)
    own = {row[column] for name, columns in OWN.items() for row in rows.get(name, ()) for column in columns}
    return Case(rows, frozenset(set(UUID.findall(text)) - shared | own - {None}), frozenset(INSTANT.findall(text)))


def load(dsn: str, before: Rows, of: Case, count: int, heard: Sequence[int] = ()) -> None:
    """The first case as it is, and clones until there are `count`; of those numbered in `heard` only what was heard of them."""
    with psycopg.connect(dsn) as connection, _without_indexes(connection):
        tables = {name: _Table.of(connection, name, rows[0]) for name, rows in of.rows.items() if rows}
        _emptied(connection, {name for rows in (before, of.rows) for name in rows if rows[name]})
        for name, rows in before.items():
            if rows:
                _Table.of(connection, name, rows[0]).copy(connection, [_plain(connection, name, rows)])
        for name, table in tables.items():
            table.copy(connection, [_plain(connection, name, of.rows[name])])
        mould = Mould(of, tables)
        for start in range(1, count, PIECE):
            words = [mould.words(number) for number in range(start, min(start + PIECE, count))]
            for name, table in tables.items():
                table.copy(connection, (mould.cast(name, each) for each in words))
        for name in {*HEARD} & {*tables}:
            tables[name].copy(connection, (mould.cast(name, mould.words(number)) for number in heard))
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("VACUUM (FREEZE, ANALYZE)")


def _emptied(connection: "psycopg.Connection[Any]", names: Iterable[str]) -> None:
    """They are empty already: what is copied into a table that its own transaction truncated may be written as frozen, once."""
    connection.execute(f"TRUNCATE {', '.join(names)}")


@contextmanager
def _without_indexes(connection: "psycopg.Connection[Any]") -> Iterator[None]:
    """Built once over all rows, at the end: kept up row by row they would take most of the time, and write most of the log."""
    keys = connection.execute(KEYS).fetchall()
    plain = connection.execute(INDEXES).fetchall()
    for table, name, _ in keys:
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name, _ in plain:
        connection.execute(f"DROP INDEX {name}")
    yield
    for _, made in plain:
        connection.execute(made)
    for table, name, made in keys:
        connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {made}")


def _plain(connection: "psycopg.Connection[Any]", name: str, rows: Sequence[dict[str, Any]]) -> str:
    return _Table.of(connection, name, rows[0]).text(rows)


@dataclass(frozen=True, slots=True)
class _Table:
    """Numbers that PostgreSQL gives itself are left to it."""

    name: str
    kinds: dict[str, str]

    @classmethod
    def of(cls, connection: "psycopg.Connection[Any]", name: str, row: dict[str, Any]) -> "_Table":
        query = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public'"
        found = dict(connection.execute(query, (name,)).fetchall())
        return cls(name, {column: found[column] for column in row if column != "id"})

    def text(self, rows: Sequence[dict[str, Any]]) -> str:
        lines = ("\t".join(_cell(row[column], kind) for column, kind in self.kinds.items()) for row in rows)
        return "".join(f"{line}\n" for line in lines)

    def copy(self, connection: "psycopg.Connection[Any]", blocks: Iterable[str]) -> None:
        with connection.cursor().copy(f"COPY {self.name} ({', '.join(self.kinds)}) FROM STDIN (FREEZE)") as copy:
            for block in blocks:
                copy.write(block)


class Mould:
    """The case's rows as COPY reads them, cut once at everything that a clone has otherwise."""

    def __init__(self, of: Case, tables: Mapping[str, _Table]) -> None:
        self._case = of
        self._hashes = [row["hash"].hex() for row in of.rows["events"]]
        positions = [{**row, "position": f"@{turn}@"} for turn, row in enumerate(of.rows.get("facts", ()))]
        self._first = {f"@{turn}@": row["position"] for turn, row in enumerate(of.rows.get("facts", ()))}
        cut = re.compile("(" + "|".join(map(re.escape, [*of.renamed(0), *self._hashes, *self._first])) + ")")
        rows = {**of.rows, "facts": positions}
        self._pieces: dict[str, Pieces] = {name: cut.split(table.text(rows[name])) for name, table in tables.items()}
        fields = [field for field in HASHED if field not in {"version", "schema_version", "sealed"}]
        self._events = [(row, {field: cut.split(row[field]) for field in fields}) for row in of.rows["events"]]

    def words(self, number: int) -> dict[str, str]:
        """Of one clone: ids, instants, positions, and the hashes that follow from its events."""
        words = self._case.renamed(number)
        words |= {mark: str(first + number * len(self._first)) for mark, first in self._first.items()}
        last: dict[str, bytes] = {}
        for old, (row, fields) in zip(self._hashes, self._events, strict=True):
            made = {**row, **{field: _joined(pieces, words) for field, pieces in fields.items()}}
            hashed = chain_hash(last.get(made["stream"], FIRST_HASH), made)
            words[old] = hashed.hex()
            last[made["stream"]] = hashed
        return words

    def cast(self, name: str, words: Words) -> str:
        return _joined(self._pieces[name], words)


def _joined(pieces: Pieces, words: Words) -> str:
    made = pieces.copy()
    made[1::2] = [words[word] for word in pieces[1::2]]
    return "".join(made)


def _cell(value: Any, kind: str) -> str:
    """As COPY reads text. SQLite has no truth values of its own."""
    if value is None:
        return "\\N"
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    return ("t" if value else "f") if kind == "boolean" else str(value).translate(ESCAPED)


def _digits(text: str) -> str:
    return text.encode().hex()


def _other(word: str, dice: random.Random) -> str:
    """Ids that carry their time (version 7) keep it, as those made at that time would."""
    digits = f"{dice.getrandbits(128):032x}"
    if not UUID.fullmatch(word):
        return word[:-8] + digits[:8]
    timed = word[14] == "7"
    return f"{word[:14] if timed else f'{digits[:8]}-{digits[8:12]}-'}{word[14]}{digits[12:15]}-a{digits[15:18]}-{digits[18:30]}"


def _text(row: dict[str, Any]) -> str:
    return " ".join(
        value.decode(errors="replace") if isinstance(value, bytes) else str(value) for value in row.values()
    )
