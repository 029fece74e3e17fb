"""What billing keeps of others' facts: the case and its price, who accepted it, how far it came."""

from rso_shared.contracts.intake import CaseSubmitted, PriorityChanged, ProgramPublished
from rso_shared.contracts.matching import OfferAccepted
from rso_shared.contracts.opinions import OpinionReleased, ReviewStarted
from rso_shared.kit.reactions import Subscription

SUBSCRIPTION = Subscription(
    keeps=frozenset({CaseSubmitted, PriorityChanged, ProgramPublished, OfferAccepted, ReviewStarted, OpinionReleased}),
)
