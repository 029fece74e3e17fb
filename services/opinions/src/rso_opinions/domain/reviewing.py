"""Starting a review, writing its drafts, submitting one, and ending the review before its time."""

from rso_opinions.domain import opinion_commands as c
from rso_opinions.domain import opinion_events as e
from rso_opinions.domain.guards import already_signed, case_withdrawn, require_author, require_newest, require_writable
from rso_opinions.domain.opinion_state import ENDED, FIXED, Opinion, ReviewState
from rso_opinions.domain.report import require_complete
from rso_shared.kit.errors import DomainError
from rso_shared.kit.sealed import Sealed


def start_review(command: c.StartReview, state: Opinion) -> e.Events:
    if command.assignment_id in state.assignments:
        return ()
    if command.case_withdrawn:
        raise case_withdrawn()
    if command.assignment_released:
        raise DomainError(
            "assignment_released", "This assignment has been released; there is nothing to review under it."
        )
    if state.state in FIXED:
        raise already_signed()
    if state.state not in ENDED:
        raise DomainError(
            "review_active",
            "Another specialist's review of this case is active; cancel it before a new one starts.",
            assignment_id=state.assignment_id,
        )
    return (
        e.ReviewStarted(
            assignment_id=command.assignment_id,
            specialist_id=command.specialist_id,
            person_id=command.person_id,
            due_at=command.due_at,
        ),
    )


def save_draft(command: c.SaveDraft, state: Opinion) -> e.Events:
    require_author(state, command.author)
    require_writable(state)
    version = state.last_version + 1
    return (e.OpinionDrafted(opinion_version=version, report=Sealed(state.person_id, command.report)),)


def submit(command: c.Submit, state: Opinion) -> e.Events:
    require_author(state, command.author)
    require_writable(state)
    if state.state is ReviewState.REVISION_REQUESTED or state.draft is None:
        raise DomainError(
            "draft_missing", "There is no new draft to submit; save one that answers what was asked, then submit."
        )
    require_newest(command.opinion_version, state.draft)
    require_complete(state.draft.report.open(), command.basis.question_ids, command.document_ids)
    return (e.OpinionSubmitted(opinion_version=state.draft.number, basis=command.basis),)


def cancel_review(command: c.CancelReview, state: Opinion) -> e.Events:
    """A signed opinion outlives its assignment, not the patient's withdrawal; a released one stays in the record."""
    if state.state in ENDED or state.state is ReviewState.RELEASED:
        return ()
    if command.assignment_id not in (None, state.assignment_id):
        return ()
    if state.state is ReviewState.SIGNED and command.reason is e.CancelReason.ASSIGNMENT_RELEASED:
        return ()
    return (e.ReviewCancelled(assignment_id=state.assignment_id, reason=command.reason),)
