"""Which stage the facts of a case amount to. Pure: `rso verify` recomputes it and compares with what the coordinator said."""

from rso_coordinator.domain.milestones import Milestones
from rso_shared.contracts.vocabulary import Stage


def stage_of(m: Milestones) -> Stage:  # noqa: PLR0911 - one line per stage, read from the end of the life to its start
    if m.withdrawn:
        return Stage.WITHDRAWN
    if m.declined:
        return Stage.DECLINED
    if m.expired:
        return Stage.EXPIRED
    if m.closed:
        return Stage.CLOSED
    if m.released_to:
        return Stage.DELIVERED
    if m.signed:
        return Stage.READY_FOR_DELIVERY
    if m.assignment_id is not None:
        return Stage.QUALITY_REVIEW if m.submitted() else Stage.IN_REVIEW
    return _before_review(m)


def _before_review(m: Milestones) -> Stage:
    if m.summary_signed:
        return Stage.MATCHING
    if m.record_set_accepted_at is not None:
        return Stage.SUMMARIZING
    if m.eligible and m.joined():
        return Stage.COMPILING_RECORDS
    if not m.eligible:
        return Stage.SCREENING
    return awaiting(m)


def awaiting(m: Milestones) -> Stage:
    """Authorization or participation missing comes before payment missing; `waiting_on` lists all of it."""
    participation = m.local_provider_required and not m.provider_joined
    return Stage.AWAITING_AUTHORIZATION if not m.authorization_signed or participation else Stage.AWAITING_PAYMENT
