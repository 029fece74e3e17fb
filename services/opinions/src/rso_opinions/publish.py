"""Recorded event -> fact. The only way out: a fact takes from its event the fields that the contract names, and no other."""

from rso_opinions.domain import opinion_events as e
from rso_shared.contracts import opinions as facts
from rso_shared.contracts.base import FactModel
from rso_shared.kit.events import Recorded

_MODELS: dict[type, type[FactModel]] = {
    e.ReviewStarted: facts.ReviewStarted,
    e.OpinionDrafted: facts.OpinionDrafted,
    e.OpinionSubmitted: facts.OpinionSubmitted,
    e.QualityReviewStarted: facts.QualityReviewStarted,
    e.RevisionRequested: facts.RevisionRequested,
    e.OpinionApproved: facts.OpinionApproved,
    e.OpinionSigned: facts.OpinionSigned,
    e.OpinionReleased: facts.OpinionReleased,
    e.OpinionDelivered: facts.OpinionDelivered,
    e.OpinionViewed: facts.OpinionViewed,
    e.ReviewCancelled: facts.ReviewCancelled,
}


def case_of(stream: str) -> str:
    """Streams are `{organisation}/opinion/{case_id}`."""
    return stream.rsplit("/", 1)[-1]


def publish(recorded: Recorded) -> FactModel | None:
    """That the PDFs were rendered concerns nobody else."""
    model = _MODELS.get(type(recorded.event))
    if model is None:
        return None
    own = model.model_fields.keys() - {"case_id", "access"}
    return model.model_validate(
        {"case_id": case_of(recorded.stream)} | {name: getattr(recorded.event, name) for name in own}
    )
