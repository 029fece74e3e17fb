"""What may be asked of the matching of one case. The instant and every new id come inside the command."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from rso_matching.domain.decision import Considered, MatchInputs
from rso_matching.domain.eligibility import Exclusion
from rso_matching.domain.matching_events import ReleaseReason, WithdrawalReason
from rso_matching.domain.needs import CaseNeeds
from rso_shared.contracts.vocabulary import OfferDeclineReason


@dataclass(frozen=True, slots=True, kw_only=True)
class StartMatching:
    round: int
    inputs: MatchInputs


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferNext:
    """The next offer, or the next backup offer. While one of the same kind is open, the request is absorbed.

    `n`, where given, numbers the requests of this kind from 1: an earlier number again is absorbed too.
    `needs` and `standing` are the case and the candidates of the decision, in its order, as they are now.
    """

    n: int | None
    backup: bool
    offer_id: str
    at: datetime
    window: timedelta
    max_offers: int
    needs: CaseNeeds
    standing: tuple[Considered, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attest:
    offer_id: str
    conflict: bool
    statement_version: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept:
    """`reasons` is the eligibility at this very instant, judged in the same transaction."""

    offer_id: str
    assignment_id: str
    specialist_version: int
    reasons: tuple[Exclusion, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline:
    offer_id: str
    reason: OfferDeclineReason
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapse:
    """A timer's command: `due` is the instant it was set for."""

    offer_id: str
    due: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A person ends the active assignment; there must be one."""

    reason: ReleaseReason
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """The case ends: whatever is open here ends with it. Nothing open is no error."""

    released: ReleaseReason
    withdrawn: WithdrawalReason
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    at: datetime


MatchingCommand = StartMatching | OfferNext | Attest | Accept | Decline | Lapse | Release | Stop | Complete
