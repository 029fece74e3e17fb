"""What is known of an opinion from its events. Sealed parts are carried closed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from rso_opinions.domain import opinion_events as e
from rso_opinions.domain.report import Report
from rso_shared.contracts.vocabulary import ReleasePolicy, Role
from rso_shared.kit.sealed import Sealed


class ReviewState(StrEnum):
    NOT_STARTED = "not_started"
    DRAFTING = "drafting"
    SUBMITTED = "submitted"
    IN_QA = "in_qa"
    REVISION_REQUESTED = "revision_requested"
    APPROVED = "approved"
    SIGNED = "signed"
    RELEASED = "released"
    CANCELLED = "cancelled"


ENDED = frozenset({ReviewState.NOT_STARTED, ReviewState.CANCELLED})
FIXED = frozenset({ReviewState.SIGNED, ReviewState.RELEASED})
"""The signature stands: content can no longer change."""


@dataclass(frozen=True, slots=True)
class Version:
    number: int
    report: Sealed[Report]


@dataclass(frozen=True, slots=True)
class Opinion:
    """One review at a time; `last_version` runs on over all reviews of the case, so that a version number means one text."""

    state: ReviewState = ReviewState.NOT_STARTED
    assignment_id: str = ""
    specialist_id: str = ""
    person_id: str = ""
    due_at: datetime | None = None
    last_version: int = 0
    draft: Version | None = None
    submitted: Version | None = None
    basis: e.Basis | None = None
    revisions: int = 0
    findings: Sealed[e.Findings] | None = None
    signed: e.OpinionSigned | None = None
    renderings: tuple[e.Rendering, ...] = ()
    policy: ReleasePolicy | None = None
    released_to: tuple[Role, ...] = ()
    released_at: datetime | None = None
    delivered_to: tuple[Role, ...] = ()
    viewed_by: tuple[Role, ...] = ()
    assignments: tuple[str, ...] = ()
    """Every assignment under which a review was started, in order."""


def _review_started(state: Opinion, happened: e.ReviewStarted) -> Opinion:
    """A new review knows nothing of the one before it: the new specialist writes blind."""
    return Opinion(
        state=ReviewState.DRAFTING,
        assignment_id=happened.assignment_id,
        specialist_id=happened.specialist_id,
        person_id=happened.person_id,
        due_at=happened.due_at,
        last_version=state.last_version,
        assignments=(*state.assignments, happened.assignment_id),
    )


def _drafted(state: Opinion, happened: e.OpinionDrafted) -> Opinion:
    draft = Version(happened.opinion_version, happened.report)
    return replace(state, state=ReviewState.DRAFTING, draft=draft, last_version=happened.opinion_version)


def _submitted(state: Opinion, happened: e.OpinionSubmitted) -> Opinion:
    return replace(state, state=ReviewState.SUBMITTED, submitted=state.draft, basis=happened.basis)


def _quality_review_started(state: Opinion, _happened: e.QualityReviewStarted) -> Opinion:
    return replace(state, state=ReviewState.IN_QA)


def _revision_requested(state: Opinion, happened: e.RevisionRequested) -> Opinion:
    return replace(state, state=ReviewState.REVISION_REQUESTED, revisions=happened.revision, findings=happened.findings)


def _approved(state: Opinion, happened: e.OpinionApproved) -> Opinion:
    return replace(state, state=ReviewState.APPROVED, findings=happened.findings)


def _signed(state: Opinion, happened: e.OpinionSigned) -> Opinion:
    return replace(state, state=ReviewState.SIGNED, signed=happened)


def _rendered(state: Opinion, happened: e.ReportRendered) -> Opinion:
    return replace(state, renderings=happened.renderings)


def _released(state: Opinion, happened: e.OpinionReleased) -> Opinion:
    return replace(
        state,
        state=ReviewState.RELEASED,
        policy=happened.policy,
        released_to=(*state.released_to, *happened.recipients),
        released_at=state.released_at or happened.released_at,
    )


def _delivered(state: Opinion, happened: e.OpinionDelivered) -> Opinion:
    return replace(state, delivered_to=(*state.delivered_to, happened.role))


def _viewed(state: Opinion, happened: e.OpinionViewed) -> Opinion:
    return replace(state, viewed_by=(*state.viewed_by, happened.role))


def _cancelled(state: Opinion, _happened: e.ReviewCancelled) -> Opinion:
    return replace(state, state=ReviewState.CANCELLED)


_STEPS: dict[type, Callable[[Opinion, Any], Opinion]] = {
    e.ReviewStarted: _review_started,
    e.OpinionDrafted: _drafted,
    e.OpinionSubmitted: _submitted,
    e.QualityReviewStarted: _quality_review_started,
    e.RevisionRequested: _revision_requested,
    e.OpinionApproved: _approved,
    e.OpinionSigned: _signed,
    e.ReportRendered: _rendered,
    e.OpinionReleased: _released,
    e.OpinionDelivered: _delivered,
    e.OpinionViewed: _viewed,
    e.ReviewCancelled: _cancelled,
}


def evolve(state: Opinion, happened: e.OpinionEvent) -> Opinion:
    """Total: an event of newer code changes nothing."""
    step = _STEPS.get(type(happened))
    return state if step is None else step(state, happened)
