"""Given events, when a command, then events or a refusal: the whole test of a decider."""

from typing import Any

import pytest

from rso_shared.kit.decider import Decider
from rso_shared.kit.errors import DomainError


class Given:
    def __init__(self, decider: Decider[Any, Any, Any], events: tuple[Any, ...]) -> None:
        self._decider = decider
        self._events = events

    def when(self, command: Any) -> "When":
        return When(self._decider, self._events, command)

    def state(self) -> Any:
        return self._decider.fold(self._events)


class When:
    def __init__(self, decider: Decider[Any, Any, Any], events: tuple[Any, ...], command: Any) -> None:
        self._decide = lambda: list(decider.decide(command, decider.fold(events)))

    def then(self, *expected: Any) -> None:
        assert self._decide() == list(expected)

    def events(self) -> list[Any]:
        return self._decide()

    def refused(self, code: str) -> DomainError:
        with pytest.raises(DomainError) as refusal:
            self._decide()
        assert refusal.value.code == code
        return refusal.value


def given(decider: Decider[Any, Any, Any], *events: Any) -> Given:
    return Given(decider, events)
