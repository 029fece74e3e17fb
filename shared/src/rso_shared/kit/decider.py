"""The decider: how every aggregate decides. Pure, so that given/when/then is the whole test."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

S = TypeVar("S")
C = TypeVar("C")
E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Decider(Generic[S, C, E]):
    """`decide` raises DomainError or returns the events that follow; `evolve` is total: an unknown event changes nothing.

    Time and new ids come inside the command, so a retried command yields the same events.
    """

    initial: Callable[[], S]
    decide: Callable[[C, S], Sequence[E]]
    evolve: Callable[[S, E], S]

    def fold(self, events: Iterable[E]) -> S:
        state = self.initial()
        for event in events:
            state = self.evolve(state, event)
        return state
