"""Hot statements: built and compiled once, then run on the driver's own connection. Building one costs SQLAlchemy more than its run."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ClauseElement
from sqlalchemy.dialects import postgresql, sqlite

from rso_shared.kit.database import Tx

_DIALECTS = {True: sqlite.dialect(paramstyle="qmark"), False: postgresql.dialect(paramstyle="format")}  # type: ignore[no-untyped-call]


class Hot:
    """A statement with bind parameters. Columns hold text, numbers, bytes or booleans: what the driver gives is what comes back,
    and on SQLite a boolean is a number.
    """

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._made: dict[bool, tuple[str, Sequence[str], dict[str, Any]]] = {}

    def run(self, tx: Tx, **values: Any) -> list[Any]:
        """Values by the names of the parameters; rows as plain tuples."""
        text, names, known = self._made.get(tx.is_sqlite) or self._compiled(sqlite_=tx.is_sqlite)
        given = {**known, **values}
        return tx.run(text, [given[name] for name in names])

    def first(self, tx: Tx, **values: Any) -> Any:
        """The first row; None where there is none."""
        return next(iter(self.run(tx, **values)), None)

    def _compiled(self, *, sqlite_: bool) -> tuple[str, Sequence[str], dict[str, Any]]:
        made: Any = self._statement.compile(dialect=_DIALECTS[sqlite_])
        names = made.positiontup or []
        known = {name: value for name, value in made.params.items() if value is not None}
        self._made[sqlite_] = (str(made), names, known)
        return self._made[sqlite_]
