"""Quality review: by someone other than the author, in a loop that the program bounds."""

from rso_opinions.domain import opinion_commands as c
from rso_opinions.domain import opinion_events as e
from rso_opinions.domain.guards import require_newest, submitted_version
from rso_opinions.domain.opinion_state import ENDED, Opinion, ReviewState
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.errors import DomainError, invalid
from rso_shared.kit.sealed import Sealed


def start_quality_review(command: c.StartQualityReview, state: Opinion) -> e.Events:
    if state.submitted is None or state.state in ENDED:
        raise DomainError(
            "opinion_not_submitted", "No opinion has been submitted for quality review yet.", state=state.state
        )
    if state.state is not ReviewState.SUBMITTED or command.opinion_version not in (None, state.submitted.number):
        return ()
    return (e.QualityReviewStarted(opinion_version=state.submitted.number),)


def give_verdict(command: c.GiveVerdict, state: Opinion) -> e.Events:
    """A reviewer may be quicker than the coordinator: then the verdict starts the quality review as well."""
    if state.state not in (ReviewState.SUBMITTED, ReviewState.IN_QA):
        raise DomainError("not_in_quality_review", "No submitted opinion waits for a verdict.", state=state.state)
    _require_reviewer(command, state)
    number, sealed = submitted_version(state).number, Sealed(state.person_id, command.findings)
    started = (e.QualityReviewStarted(opinion_version=number),) if state.state is ReviewState.SUBMITTED else ()
    if command.verdict is c.Verdict.APPROVED:
        return (*started, e.OpinionApproved(opinion_version=number, findings=sealed))
    if not command.findings.items:
        raise invalid("findings_missing", "A revision is asked for with at least one finding.", "/findings")
    revision = state.revisions + 1
    return (*started, e.RevisionRequested(opinion_version=number, revision=revision, findings=sealed))


def _require_reviewer(command: c.GiveVerdict, state: Opinion) -> None:
    if command.reviewer == state.specialist_id:
        raise DomainError("reviewer_is_author", "Who wrote the opinion cannot review it; another reviewer must.")
    require_newest(command.opinion_version, submitted_version(state))
    if state.revisions >= command.max_revisions and command.role is not Role.MEDICAL_DIRECTOR:
        raise DomainError(
            "revisions_exhausted",
            "The program's revisions are used up; from here on only the medical director decides.",
            revisions=state.revisions,
        )
