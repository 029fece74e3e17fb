"""The facts of others that opinions keeps, the two that end a review, and the receipt of a notice. The only way in."""

from rso_opinions import cases
from rso_opinions.domain.opinion import OPINION
from rso_opinions.domain.opinion_commands import CancelReview, RecordDelivery
from rso_opinions.domain.opinion_events import CancelReason
from rso_shared.contracts.intake import (
    CaseSubmitted,
    CaseWithdrawn,
    LocalProviderJoined,
    ProgramPublished,
    QuestionsFrozen,
    QuestionsRevised,
    RecipientNotified,
)
from rso_shared.contracts.matching import AssignmentReleased, OfferAccepted
from rso_shared.contracts.records import (
    CaseSummarySigned,
    RecordItemAccepted,
    RecordItemReceived,
    RecordItemRejected,
    RecordItemWaived,
    RecordSetAccepted,
)
from rso_shared.kit.facts import Fact
from rso_shared.kit.reactions import Reacting, Subscription


def _withdrawn(r: Reacting, fact: Fact) -> None:
    _execute(r, fact, CancelReview(CancelReason.CASE_WITHDRAWN, None))


def _assignment_released(r: Reacting, fact: Fact) -> None:
    if isinstance(fact.data, AssignmentReleased):
        _execute(r, fact, CancelReview(CancelReason.ASSIGNMENT_RELEASED, fact.data.assignment_id))


def _notified(r: Reacting, fact: Fact) -> None:
    """Delivered: the recipient's mail system has the notice. Whether anybody looked is another fact."""
    if isinstance(fact.data, RecipientNotified):
        _execute(r, fact, RecordDelivery(fact.data.role, fact.data.notified_at))


def _execute(r: Reacting, fact: Fact, command: CancelReview | RecordDelivery) -> None:
    stream = cases.opinion_stream(cases.submitted(r.tx, fact.key))
    r.store.execute(r.tx, OPINION, stream, command, r.meta)


SUBSCRIPTION = Subscription(
    keeps=frozenset(
        {
            CaseSubmitted,
            CaseWithdrawn,
            LocalProviderJoined,
            ProgramPublished,
            QuestionsFrozen,
            QuestionsRevised,
            AssignmentReleased,
            OfferAccepted,
            CaseSummarySigned,
            RecordItemAccepted,
            RecordItemReceived,
            RecordItemRejected,
            RecordItemWaived,
            RecordSetAccepted,
        }
    ),
    reactions={
        CaseWithdrawn: _withdrawn,
        AssignmentReleased: _assignment_released,
        RecipientNotified: _notified,
    },
)
