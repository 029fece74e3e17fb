"""The read models of the pages, each fed by the facts it shows, in the transaction that keeps the fact."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Table, delete, func, select

from rso_operations import board, directory, happenings
from rso_shared.contracts.base import FactModel
from rso_shared.kit import crash, facts
from rso_shared.kit.database import Tx
from rso_shared.kit.facts import Fact
from rso_shared.kit.reactions import Reacting, Reaction

Apply = Callable[[Tx, Fact], None]


@dataclass(frozen=True, slots=True)
class Model:
    """`tables` are made of the facts `shown`, in the order of their arrival. How large it is says the first one."""

    name: str
    tables: tuple[Table, ...]
    shown: tuple[type[FactModel], ...]
    apply: Apply


MODELS = (
    Model("board", (board.BOARD,), board.SHOWN, board.apply),
    Model("reports", (happenings.HAPPENED, happenings.CASES), happenings.SHOWN, happenings.apply),
    Model(
        "specialists", (directory.SPECIALISTS, directory.LICENCES, directory.OFFERS), directory.SHOWN, directory.apply
    ),
)
FED: Mapping[type[FactModel], tuple[Apply, ...]] = {
    shown: tuple(model.apply for model in MODELS if shown in model.shown) for each in MODELS for shown in each.shown
}


def _feed(tx: Tx, fact: Fact) -> None:
    for apply in FED[type(fact.data)]:
        apply(tx, fact)


def _react(reacting: Reacting, fact: Fact) -> None:
    _feed(reacting.tx, fact)


REACTIONS: Mapping[type[FactModel], Reaction] = dict.fromkeys(FED, _react)


def rebuild(tx: Tx) -> dict[str, int]:
    """All of them from the kept facts, in one transaction and one pass. Returns how many rows each has: cases, happenings, specialists."""
    for table in (table for model in MODELS for table in model.tables):
        tx.conn.execute(delete(table))
    crash.point("mid-swap")
    for fact in facts.in_order(tx, *FED):
        _feed(tx, fact)
    sizes = ((model.name, select(func.count()).select_from(model.tables[0])) for model in MODELS)
    return {name: int(tx.conn.execute(size).scalar_one()) for name, size in sizes}
