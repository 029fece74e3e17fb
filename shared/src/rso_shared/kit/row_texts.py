"""The statements of `rows` as text, each made once: for SQLAlchemy the making of one costs more than its run.

Values stand in the order of the columns, then of the key.
"""

from collections.abc import Iterable
from functools import cache

from sqlalchemy import Boolean, Table

from rso_shared.kit.statements import marker


@cache
def insert(table: Table, names: tuple[str, ...], *, sqlite: bool) -> str:
    marks = ", ".join([marker(sqlite=sqlite)] * len(names))
    return f"INSERT INTO {_quoted(table.name)} ({_listed(names)}) VALUES ({marks})"


@cache
def put(table: Table, names: tuple[str, ...], *, sqlite: bool) -> str:
    """What a row does not name becomes null."""
    return merge(table, names, tuple(column.name for column in table.columns if not column.primary_key), sqlite=sqlite)


@cache
def merge(table: Table, names: tuple[str, ...], changed: tuple[str, ...], *, sqlite: bool) -> str:
    """A row that is there takes only what is `changed`."""
    changes = ", ".join(f"{_quoted(name)} = excluded.{_quoted(name)}" for name in changed)
    conflict = f"DO UPDATE SET {changes}" if changes else "DO NOTHING"
    return f"{insert(table, names, sqlite=sqlite)} ON CONFLICT ({_listed(table.primary_key.columns.keys())}) {conflict}"


@cache
def get(table: Table, size: int, *, sqlite: bool) -> str:
    """`size` of the key. The row is kept from others until the commit; on SQLite every writer is alone anyway."""
    kept = "" if sqlite else " FOR UPDATE"
    columns = _listed(table.columns.keys())
    return f"SELECT {columns} FROM {_quoted(table.name)} WHERE {_at(table, size, sqlite=sqlite)}{kept}"


@cache
def update(table: Table, size: int, names: tuple[str, ...], latest: frozenset[str], *, sqlite: bool) -> str:
    """A column of `latest` takes its value twice, and keeps what is later."""
    mark = marker(sqlite=sqlite)
    plain, later = "{0} = {1}", "{0} = CASE WHEN {0} > {1} THEN {0} ELSE {1} END"
    changes = ", ".join((later if name in latest else plain).format(_quoted(name), mark) for name in names)
    return f"UPDATE {_quoted(table.name)} SET {changes} WHERE {_at(table, size, sqlite=sqlite)}"


@cache
def delete(table: Table, size: int, *, sqlite: bool) -> str:
    return f"DELETE FROM {_quoted(table.name)} WHERE {_at(table, size, sqlite=sqlite)}"


@cache
def columns(table: Table) -> tuple[tuple[str, bool], ...]:
    """Each with whether it is a boolean, which SQLite gives back as a number."""
    return tuple((column.name, isinstance(column.type, Boolean)) for column in table.columns)


def _at(table: Table, size: int, *, sqlite: bool) -> str:
    mark = marker(sqlite=sqlite)
    return " AND ".join(f"{_quoted(name)} = {mark}" for name in table.primary_key.columns.keys()[:size])


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(_quoted, names))


def _quoted(name: str) -> str:
    return f'"{name}"'
