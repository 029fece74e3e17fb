"""Everything: each fact of each service is kept, and each record's head is witnessed."""

from rso_operations.heads import witness
from rso_operations.models import REACTIONS
from rso_shared.kit.reactions import Subscription

SUBSCRIPTION = Subscription(
    keeps="all",
    reactions=REACTIONS,
    on_record=witness,
)
