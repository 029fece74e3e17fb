"""The read models of the pages, each fed by the facts it shows, in the transaction that keeps the fact."""

from collections.abc import Callable, Mapping

from rso_operations import board, directory, happenings
from rso_shared.contracts.base import FactModel
from rso_shared.kit.database import Tx
from rso_shared.kit.facts import Fact
from rso_shared.kit.reactions import Reacting, Reaction

Apply = Callable[[Tx, Fact], None]


def _board(tx: Tx, fact: Fact) -> None:
    board.apply(tx, fact.data)


FED: tuple[tuple[Apply, tuple[type[FactModel], ...]], ...] = (
    (_board, board.SHOWN), (happenings.apply, happenings.SHOWN), (directory.apply, directory.SHOWN),
)  # fmt: skip


def _of(shown: type[FactModel]) -> Reaction:
    applied = tuple(apply for apply, types in FED if shown in types)

    def react(reacting: Reacting, fact: Fact) -> None:
        for apply in applied:
            apply(reacting.tx, fact)

    return react


REACTIONS: Mapping[type[FactModel], Reaction] = {shown: _of(shown) for _, types in FED for shown in types}


def rebuild(tx: Tx) -> dict[str, int]:
    """All of them from the kept facts, in one transaction. Returns how many rows each has: cases, happenings, specialists."""
    return {"board": board.rebuild(tx), "reports": happenings.rebuild(tx), "specialists": directory.rebuild(tx)}
