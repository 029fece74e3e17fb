"""Ranking in integer basis points (10,000 = all of it): no float, so the same inputs give the same bits everywhere."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from rso_matching.domain.eligibility import Load
from rso_matching.domain.licence import credentials_due, day_of
from rso_matching.domain.needs import CaseNeeds
from rso_matching.domain.specialist import Specialist

FULL = 10_000
FAIRNESS_WINDOW = timedelta(days=30)
"""Offers inside this window count against being offered again: work is spread."""
LAPSE_WINDOW = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Each 0 to 10,000, higher is better."""

    focus: int
    """How narrow the specialist's focus is: one condition group is full marks, n groups an n-th."""
    licence: int
    """Licensed where the patient is; matters where the jurisdiction does not demand it."""
    availability: int
    """Free places out of capacity."""
    fair_share: int
    """Falls with every recent offer."""
    responsiveness: int
    """Falls with every recent lapse."""
    freshness: int
    """How far off the next credential verification is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Basis points per feature; they add up to 10,000."""

    focus: int
    licence: int
    availability: int
    fair_share: int
    responsiveness: int
    freshness: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """A set of weights under the name that every decision made with it carries."""

    version: str
    weights: Weights


CURRENT = Ranking(
    version="2026-11-01",
    weights=Weights(
        focus=4_000, licence=1_000, availability=2_000, fair_share=1_500, responsiveness=1_000, freshness=500
    ),
)


def features_of(specialist: Specialist, needs: CaseNeeds, load: Load, at: datetime) -> Features:
    return Features(
        focus=FULL // max(1, len(specialist.focus)),
        licence=FULL if _licensed_there(specialist, needs, at) else 0,
        availability=_share(specialist.capacity - load.active, specialist.capacity),
        fair_share=FULL // (1 + load.recent_offers),
        responsiveness=FULL // (1 + load.recent_lapses),
        freshness=_freshness(specialist, at),
    )


def score(features: Features, weights: Weights) -> int:
    return (
        features.focus * weights.focus
        + features.licence * weights.licence
        + features.availability * weights.availability
        + features.fair_share * weights.fair_share
        + features.responsiveness * weights.responsiveness
        + features.freshness * weights.freshness
    ) // FULL


def _licensed_there(specialist: Specialist, needs: CaseNeeds, at: datetime) -> bool:
    return any(
        licence.covers(needs.country, needs.state) and licence.in_force(day_of(at)) for licence in specialist.licences
    )


def _freshness(specialist: Specialist, at: datetime) -> int:
    if specialist.verified_on is None:
        return 0
    due = credentials_due(specialist.verified_on)
    return _share((due - day_of(at)).days, (due - specialist.verified_on).days)


def _share(part: int, whole: int) -> int:
    return min(FULL, max(0, part) * FULL // whole) if whole > 0 else 0
