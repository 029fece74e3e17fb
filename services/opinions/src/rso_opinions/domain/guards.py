"""Refusals that several decisions on an opinion share."""

from rso_opinions.domain.opinion_state import ENDED, FIXED, Opinion, ReviewState, Version
from rso_shared.kit.errors import DomainError, forbidden


def require_author(state: Opinion, subject: str) -> None:
    if state.state in ENDED:
        raise DomainError("no_active_review", "No review of this case is active.", state=state.state)
    if subject != state.specialist_id:
        raise forbidden("not_assigned_specialist", "Only the specialist to whom the case is assigned may do this.")


def require_writable(state: Opinion) -> None:
    if state.state in FIXED:
        raise already_signed()
    if state.state not in (ReviewState.DRAFTING, ReviewState.REVISION_REQUESTED):
        raise DomainError(
            "opinion_in_quality_review", "The submitted version is with quality review and cannot be changed now.",
            state=state.state,
        )  # fmt: skip


def require_newest(meant: int | None, newest: Version) -> None:
    """A decision names the version it was made on; None leaves the check out."""
    if meant not in (None, newest.number):
        raise DomainError(
            "opinion_version_superseded",
            "There is another version than the one you mean; read it, then decide.",
            opinion_version=newest.number,
        )


def submitted_version(state: Opinion) -> Version:
    if state.submitted is None:
        raise DomainError("opinion_not_submitted", "No opinion has been submitted yet.", state=state.state)
    return state.submitted


def already_signed() -> DomainError:
    return DomainError("opinion_already_signed", "The opinion is signed; its content is fixed and cannot be changed.")


def case_withdrawn() -> DomainError:
    return DomainError("case_withdrawn", "The case has been withdrawn; nothing more is reviewed or released in it.")
