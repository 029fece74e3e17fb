"""The read model of opinions: one row per case under review, for the worklists of specialists and quality reviewers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Index, Integer, MetaData, RowMapping, String, Table, literal, select, tuple_

from rso_opinions.domain import opinion_events as e
from rso_opinions.domain.opinion_state import ReviewState
from rso_opinions.publish import case_of
from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx
from rso_shared.kit.events import Recorded
from rso_shared.kit.projections import Projection
from rso_shared.kit.rows import Rows

METADATA = MetaData()
PAGE = 200

REVIEWS = Table(
    "reviews",
    METADATA,
    Column("case_id", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("assignment_id", String, nullable=False),
    Column("specialist_id", String, nullable=False),
    Column("due_at", String, nullable=False),
    Column("opinion_version", Integer, nullable=False),
    Column("revisions", Integer, nullable=False),
    Column("changed_at", String, nullable=False),
    Index("reviews_by_due", "due_at", "case_id"),
    Index("reviews_by_state", "state", "due_at", "case_id"),
    Index("reviews_by_specialist", "specialist_id", "due_at", "case_id"),
    Index("reviews_by_specialist_and_state", "specialist_id", "state", "due_at", "case_id"),
)

_STATES: dict[type, ReviewState] = {
    e.OpinionDrafted: ReviewState.DRAFTING,
    e.OpinionSubmitted: ReviewState.SUBMITTED,
    e.QualityReviewStarted: ReviewState.IN_QA,
    e.RevisionRequested: ReviewState.REVISION_REQUESTED,
    e.OpinionApproved: ReviewState.APPROVED,
    e.OpinionSigned: ReviewState.SIGNED,
    e.OpinionReleased: ReviewState.RELEASED,
    e.ReviewCancelled: ReviewState.CANCELLED,
}


def _apply(rows: Rows, recorded: Recorded) -> None:
    happened = recorded.event
    if isinstance(happened, e.ReviewStarted):
        rows.put(REVIEWS, _started(recorded, happened))
    elif type(happened) in _STATES:
        rows.update(REVIEWS, case_of(recorded.stream), **_changed(recorded))


def _started(recorded: Recorded, happened: e.ReviewStarted) -> dict[str, Any]:
    return {
        "case_id": case_of(recorded.stream),
        "state": ReviewState.DRAFTING.value,
        "assignment_id": happened.assignment_id,
        "specialist_id": happened.specialist_id,
        "due_at": iso(happened.due_at),
        "opinion_version": 0,
        "revisions": 0,
        "changed_at": iso(recorded.recorded_at),
    }


def _changed(recorded: Recorded) -> dict[str, Any]:
    happened = recorded.event
    values: dict[str, Any] = {"state": _STATES[type(happened)].value, "changed_at": iso(recorded.recorded_at)}
    if isinstance(happened, e.OpinionDrafted):
        values["opinion_version"] = happened.opinion_version
    if isinstance(happened, e.RevisionRequested):
        values["revisions"] = happened.revision
    return values


PROJECTIONS = (Projection(name="reviews", tables=(REVIEWS,), apply=_apply, aggregate="opinion"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    state: ReviewState | None = None
    specialist_id: str | None = None
    after: tuple[str, ...] | None = None
    """(due_at, case_id) of the last row of the page before."""
    limit: int = PAGE


def reviews(tx: Tx, wanted: Wanted) -> Sequence[RowMapping]:
    """The worklist, most urgent first."""
    query = select(REVIEWS).order_by(REVIEWS.c.due_at, REVIEWS.c.case_id).limit(wanted.limit)
    if wanted.state is not None:
        query = query.where(REVIEWS.c.state == wanted.state.value)
    if wanted.specialist_id is not None:
        query = query.where(REVIEWS.c.specialist_id == wanted.specialist_id)
    if wanted.after is not None:
        query = query.where(tuple_(REVIEWS.c.due_at, REVIEWS.c.case_id) > tuple_(*map(literal, wanted.after)))
    return tx.conn.execute(query).mappings().all()
