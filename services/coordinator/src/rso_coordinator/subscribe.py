"""What the coordinator keeps of others' facts: those that a run reads back when it starts, and what its promises follow from."""

from rso_coordinator import promises
from rso_coordinator.wakes import SNAPSHOT
from rso_shared.contracts.intake import PriorityChanged, ProgramPublished
from rso_shared.contracts.registry import FACTS
from rso_shared.kit.reactions import Subscription

SUBSCRIPTION = Subscription(
    keeps=frozenset(model for model in FACTS.values() if model.TYPE in SNAPSHOT) | {ProgramPublished, PriorityChanged},
    reactions={PriorityChanged: promises.renew},
)
