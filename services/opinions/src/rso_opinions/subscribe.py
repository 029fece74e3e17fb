"""The facts of others that opinions keeps, and the two that end a review. The only way in."""

from rso_opinions import cases
from rso_opinions.domain.opinion import OPINION
from rso_opinions.domain.opinion_commands import CancelReview
from rso_opinions.domain.opinion_events import CancelReason
from rso_shared.contracts.intake import (
    CaseSubmitted,
    CaseWithdrawn,
    LocalProviderJoined,
    ProgramPublished,
    QuestionsFrozen,
    QuestionsRevised,
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
    _cancel(r, fact, CancelReview(CancelReason.CASE_WITHDRAWN, None))


def _assignment_released(r: Reacting, fact: Fact) -> None:
    if isinstance(fact.data, AssignmentReleased):
        _cancel(r, fact, CancelReview(CancelReason.ASSIGNMENT_RELEASED, fact.data.assignment_id))


def _cancel(r: Reacting, fact: Fact, command: CancelReview) -> None:
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
    reactions={CaseWithdrawn: _withdrawn, AssignmentReleased: _assignment_released},
)
