"""Every published fact. Importing this module fills the registry."""

from rso_shared.contracts import billing, coordinator, intake, matching, operations, opinions, records, subscriptions
from rso_shared.contracts.base import FACTS

__all__ = [
    "FACTS", "billing", "coordinator", "intake", "matching", "operations", "opinions", "records", "subscriptions",
]  # fmt: skip
