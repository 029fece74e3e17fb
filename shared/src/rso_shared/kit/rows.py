"""What projections write with: rows by their primary keys.

`Written` does it at once, in the transaction of an append. `Gathered` keeps the rows of many streams and writes them together, in a
rebuild. The same `apply` works with either.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Table, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from rso_shared.kit import erasures, row_texts
from rso_shared.kit.database import Tx

Row = Mapping[str, Any]
Tables = Mapping[str, Table]


@dataclass(frozen=True, slots=True)
class Latest:
    """As a column's new value: unless a later one stands there. For instants as text."""

    value: str


class Rows(Protocol):
    """`key` is the primary key, or its first column alone; what is not there is neither updated nor deleted.

    All rows under one first column come from one stream, unless they are only ever inserted or put: streams are folded in any order.
    """

    def erased(self, person_id: str) -> bool:
        """Whoever is to be erased, or was, is not entered anew, in a rebuild neither."""

    def insert(self, table: Table, *rows: Row) -> None:
        """Rows that are not there yet."""

    def put(self, table: Table, *rows: Row) -> None:
        """Rows, whole, whether or not they are there."""

    def get(self, table: Table, *key: Any) -> Row | None:
        """The row of a whole key. Nobody else changes it until the commit."""

    def update(self, table: Table, *key: Any, **values: Any) -> None: ...

    def delete(self, table: Table, *key: Any) -> None: ...


@dataclass(frozen=True, slots=True)
class Written:
    """Each row is a statement. `tables` are the ones written to, under the names of the ones that projections know; None: those."""

    tx: Tx
    tables: Tables | None = None

    def erased(self, person_id: str) -> bool:
        return erasures.ordered(self.tx, person_id)

    def insert(self, table: Table, *rows: Row) -> None:
        for row in rows:
            self._run(row_texts.insert(self._there(table), tuple(row), sqlite=self.tx.is_sqlite), row.values())

    def put(self, table: Table, *rows: Row) -> None:
        for row in rows:
            self._run(row_texts.put(self._there(table), tuple(row), sqlite=self.tx.is_sqlite), row.values())

    def merge(self, table: Table, first: Row, changes: Row) -> None:
        """Changes the row with the key of `first`; where there is none yet, it begins as `first`."""
        row = {**first, **changes}
        text = row_texts.merge(self._there(table), tuple(row), tuple(changes), sqlite=self.tx.is_sqlite)
        self._run(text, row.values())

    def get(self, table: Table, *key: Any) -> Row | None:
        there = self._there(table)
        for found in self._run(row_texts.get(there, len(key), sqlite=self.tx.is_sqlite), key):
            return {
                name: bool(value) if boolean and value is not None else value
                for (name, boolean), value in zip(row_texts.columns(there), found, strict=True)
            }
        return None

    def update(self, table: Table, *key: Any, **values: Any) -> None:
        latest = frozenset(name for name, value in values.items() if isinstance(value, Latest))
        sent = [
            value for each in values.values() for value in ([each.value] * 2 if isinstance(each, Latest) else [each])
        ]
        there = self._there(table)
        text = row_texts.update(there, len(key), tuple(values), latest, sqlite=self.tx.is_sqlite)
        self._run(text, [*sent, *key])

    def delete(self, table: Table, *key: Any) -> None:
        self._run(row_texts.delete(self._there(table), len(key), sqlite=self.tx.is_sqlite), key)

    def _there(self, table: Table) -> Table:
        return table if self.tables is None else self.tables[table.name]

    def _run(self, text: str, values: Iterable[Any]) -> list[Any]:
        return self.tx.run(text, tuple(values))


@dataclass(slots=True)
class _Family:
    """The rows under one first column of the key. `stored`: the table may hold some. `whole`: all there are, are here."""

    stored: bool
    whole: bool
    rows: dict[tuple[Any, ...], dict[str, Any]] = field(default_factory=dict)
    gone: set[tuple[Any, ...]] = field(default_factory=set)


class Gathered:
    """Rows in memory until `write`. Only while nobody else writes to these tables."""

    def __init__(self, tx: Tx, tables: Tables) -> None:
        self._tx, self._tables = tx, tables
        self._erased: frozenset[str] | None = None
        self._keys = {name: tuple(table.primary_key.columns.keys()) for name, table in tables.items()}
        self._families: dict[str, dict[Any, _Family]] = {name: {} for name in tables}

    def erased(self, person_id: str) -> bool:
        if self._erased is None:
            self._erased = erasures.all_ordered(self._tx)
        return person_id in self._erased

    def insert(self, table: Table, *rows: Row) -> None:
        for row in rows:
            key = self._key(table, row)
            family = self._families[table.name].setdefault(key[0], _Family(stored=False, whole=True))
            if key in family.rows:
                raise ValueError(f"a row of {table.name} is inserted twice")
            family.rows[key] = dict(row)

    def put(self, table: Table, *rows: Row) -> None:
        for row in rows:
            key = self._key(table, row)
            family = self._families[table.name].setdefault(key[0], _Family(stored=True, whole=False))
            family.rows[key] = dict(row)

    def get(self, table: Table, *key: Any) -> Row | None:
        found = self._family(table, key[0]).rows.get(key)
        return None if found is None else dict(found)

    def update(self, table: Table, *key: Any, **values: Any) -> None:
        rows = self._family(table, key[0]).rows
        for row in [rows[each] for each in _under(rows, key)]:
            for name, value in values.items():
                row[name] = max(row[name], value.value) if isinstance(value, Latest) else value

    def delete(self, table: Table, *key: Any) -> None:
        family = self._family(table, key[0])
        for each in _under(family.rows, key):
            del family.rows[each]
            family.gone.add(each)

    def write(self) -> None:
        for name, table in self._tables.items():
            families = self._families[name].values()
            self._drop(table, [key for family in families if family.stored for key in family.gone - family.rows.keys()])
            self._fill(table, [row for family in families if not family.stored for row in family.rows.values()])
            self._put(table, [row for family in families if family.stored for row in family.rows.values()])
            self._families[name] = {}

    def _key(self, table: Table, row: Row) -> tuple[Any, ...]:
        return tuple(row[column] for column in self._keys[table.name])

    def _family(self, table: Table, first: Any) -> _Family:
        family = self._families[table.name].get(first)
        if family is None or not family.whole:
            family = self._families[table.name][first] = self._loaded(table, first, family)
        return family

    def _loaded(self, table: Table, first: Any, put: _Family | None) -> _Family:
        there = self._tables[table.name]
        found = [row._asdict() for row in self._tx.conn.execute(select(there).where(*_at(there, (first,))))]
        rows = {self._key(table, row): row for row in found} | (put.rows if put else {})
        return _Family(stored=bool(found), whole=True, rows=rows)

    def _drop(self, table: Table, keys: list[tuple[Any, ...]]) -> None:
        for key in keys:
            self._tx.conn.execute(delete(table).where(*_at(table, key)))

    def _fill(self, table: Table, rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        if self._tx.is_sqlite:
            self._tx.conn.execute(insert(table), _filled(table, rows))
            return
        driver: Any = self._tx.conn.connection.driver_connection
        columns = table.columns.keys()
        with driver.cursor().copy(f"COPY {table.name} ({', '.join(columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([row.get(name) for name in columns])

    def _put(self, table: Table, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._tx.conn.execute(_upsert(self._tx, table), _filled(table, rows))


def _filled(table: Table, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    columns = table.columns.keys()
    return [{name: row.get(name) for name in columns} for row in rows]


def _under(rows: Mapping[tuple[Any, ...], Any], key: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """The rows of one family: its only row mostly, or all of them."""
    return [key] if key in rows else list(rows) if len(key) == 1 else []


def _at(table: Table, key: tuple[Any, ...]) -> list[ColumnElement[bool]]:
    return [column == value for column, value in zip(table.primary_key.columns, key, strict=False)]


def _upsert(tx: Tx, table: Table) -> Any:
    """Takes rows as parameters."""
    made = (sqlite if tx.is_sqlite else postgresql).insert(table)
    key = list(table.primary_key.columns)
    others = {column.name: made.excluded[column.name] for column in table.columns if not column.primary_key}
    return made.on_conflict_do_update(index_elements=key, set_=others) if others else made.on_conflict_do_nothing()
