"""The match decision: what was seen, what was left out and why, and in which order the rest stands.

It keeps its inputs, so that anyone can make it again from the specialists' streams and compare it bit for bit.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from rso_matching.domain.eligibility import Exclusion, Load, exclusions
from rso_matching.domain.needs import CaseNeeds
from rso_matching.domain.ranking import Features, Ranking, Weights, features_of, score
from rso_matching.domain.specialist import Specialist


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """One specialist of the case's focus, with the version of the profile and the load seen at that instant."""

    specialist: Specialist
    load: Load


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    specialist_id: str
    specialist_version: int
    load: Load
    features: Features
    score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    specialist_id: str
    specialist_version: int
    load: Load
    reasons: tuple[Exclusion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchDecision:
    """`candidates` in the order of offers; `exclusions` by specialist id.

    `off_focus` counts the directory's specialists for other conditions: they are not listed one by one.
    """

    decision_id: str
    decided_at: datetime
    ranking_version: str
    weights: Weights
    needs: CaseNeeds
    off_focus: int
    candidates: tuple[Candidate, ...]
    exclusions: tuple[Excluded, ...]

    @property
    def considered(self) -> int:
        return len(self.candidates) + len(self.exclusions) + self.off_focus


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchInputs:
    decision_id: str
    at: datetime
    ranking: Ranking
    needs: CaseNeeds
    off_focus: int
    pool: tuple[Considered, ...]


def match(inputs: MatchInputs) -> MatchDecision:
    """Best score first; equal scores by specialist id, so that no order of reading can change the outcome."""
    judged = [(one, exclusions(one.specialist, inputs.needs, one.load, inputs.at)) for one in inputs.pool]
    candidates = [_candidate(one, inputs) for one, reasons in judged if not reasons]
    left_out = [excluded(one, reasons) for one, reasons in judged if reasons]
    return MatchDecision(
        decision_id=inputs.decision_id,
        decided_at=inputs.at,
        ranking_version=inputs.ranking.version,
        weights=inputs.ranking.weights,
        needs=inputs.needs,
        off_focus=inputs.off_focus,
        candidates=tuple(sorted(candidates, key=lambda one: (-one.score, one.specialist_id))),
        exclusions=tuple(sorted(left_out, key=lambda one: one.specialist_id)),
    )


def recompute(decision: MatchDecision, profile: Callable[[str, int], Specialist]) -> MatchDecision:
    """The decision made again from `profile(specialist_id, version)` and the inputs it kept."""
    seen: Iterable[Candidate | Excluded] = (*decision.candidates, *decision.exclusions)
    pool = (Considered(specialist=profile(one.specialist_id, one.specialist_version), load=one.load) for one in seen)
    return match(
        MatchInputs(
            decision_id=decision.decision_id,
            at=decision.decided_at,
            ranking=Ranking(version=decision.ranking_version, weights=decision.weights),
            needs=decision.needs,
            off_focus=decision.off_focus,
            pool=tuple(pool),
        )
    )


def _candidate(one: Considered, inputs: MatchInputs) -> Candidate:
    features = features_of(one.specialist, inputs.needs, one.load, inputs.at)
    return Candidate(
        specialist_id=one.specialist.specialist_id,
        specialist_version=one.specialist.version,
        load=one.load,
        features=features,
        score=score(features, inputs.ranking.weights),
    )


def excluded(one: Considered, reasons: tuple[Exclusion, ...]) -> Excluded:
    return Excluded(
        specialist_id=one.specialist.specialist_id,
        specialist_version=one.specialist.version,
        load=one.load,
        reasons=reasons,
    )
