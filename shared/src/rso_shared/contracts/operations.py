"""Facts of operations. It decides nothing yet; what it says is that it was asked to erase, and did."""

from typing import ClassVar

from rso_shared.contracts.base import ErasureAnswer


class KeyDestroyed(ErasureAnswer):
    TYPE: ClassVar[str] = "operations.key_destroyed"
