"""Opinion: drafting -> submitted -> in_qa -> (revision_requested -> drafting ...) -> approved -> signed -> released.

Commands of people are refused in the wrong state; commands of the coordinator are absorbed when they come twice.
"""

from collections.abc import Callable
from typing import Any

from rso_opinions.domain import opinion_commands as c
from rso_opinions.domain.opinion_events import Events, OpinionEvent
from rso_opinions.domain.opinion_state import Opinion, evolve
from rso_opinions.domain.quality import give_verdict, start_quality_review
from rso_opinions.domain.releasing import record_delivery, record_view, release
from rso_opinions.domain.reviewing import cancel_review, save_draft, start_review, submit
from rso_opinions.domain.signing import sign
from rso_shared.kit.decider import Decider

_HANDLERS: dict[type, Callable[[Any, Opinion], Events]] = {
    c.StartReview: start_review,
    c.SaveDraft: save_draft,
    c.Submit: submit,
    c.StartQualityReview: start_quality_review,
    c.GiveVerdict: give_verdict,
    c.Sign: sign,
    c.Release: release,
    c.RecordDelivery: record_delivery,
    c.RecordView: record_view,
    c.CancelReview: cancel_review,
}


def decide(command: c.OpinionCommand, state: Opinion) -> Events:
    return _HANDLERS[type(command)](command, state)


OPINION: Decider[Opinion, c.OpinionCommand, OpinionEvent] = Decider(Opinion, decide, evolve)
