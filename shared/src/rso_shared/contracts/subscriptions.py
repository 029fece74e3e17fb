"""Facts of subscriptions. What leaves for subscribers is no fact of the house: docs/event-catalog.md has it in a part of its own."""

from typing import ClassVar

from rso_shared.contracts.base import ErasureAnswer


class KeyDestroyed(ErasureAnswer):
    TYPE: ClassVar[str] = "subscriptions.key_destroyed"
