"""Answering an offer: attest, accept, decline, or let it lapse. The instant stored with the offer decides."""

from collections.abc import Sequence
from datetime import datetime

from rso_matching.domain.matching_commands import Accept, Attest, Decline, Lapse
from rso_matching.domain.matching_events import (
    AssignmentReleased,
    ConflictAttested,
    MatchingEvent,
    OfferAccepted,
    OfferDeclined,
    OfferLapsed,
    ReleaseReason,
)
from rso_matching.domain.matching_state import Assignment, CaseMatching, Offer, OfferStatus
from rso_shared.contracts.vocabulary import OfferDeclineReason
from rso_shared.kit.errors import DomainError, unknown

Events = Sequence[MatchingEvent]


def attest(command: Attest, state: CaseMatching) -> Events:
    """A conflict ends the offer with the same word."""
    offer = _require_offer(state, command.offer_id)
    if offer.conflict == command.conflict:
        return ()
    _require_answerable(offer, command.at)
    if offer.conflict is not None:
        raise DomainError(
            "already_attested", "The attestation stands; decline the offer if a conflict has come to light."
        )
    attested = ConflictAttested(
        case_id=state.case_id,
        offer_id=offer.offer_id,
        specialist_id=offer.specialist_id,
        conflict=command.conflict,
        statement_version=command.statement_version,
        attested_at=command.at,
    )
    return (
        (attested, _declined(state, offer, OfferDeclineReason.CONFLICT, command.at))
        if command.conflict
        else (attested,)
    )


def accept(command: Accept, state: CaseMatching) -> Events:
    offer = _require_offer(state, command.offer_id)
    if offer.status is OfferStatus.ACCEPTED:
        return ()
    _require_answerable(offer, command.at)
    if offer.conflict is None:
        raise DomainError("attestation_required", "Attest first whether you have a conflict of interest in this case.")
    if command.reasons:
        detail = "The specialist may not take this case at this instant; the reasons say why."
        raise DomainError("specialist_not_eligible", detail, reasons=[str(reason) for reason in command.reasons])
    accepted = OfferAccepted(
        case_id=state.case_id,
        offer_id=offer.offer_id,
        assignment_id=command.assignment_id,
        specialist_id=offer.specialist_id,
        specialist_version=command.specialist_version,
        accepted_at=command.at,
    )
    return (*_make_room(state, command.at), accepted)


def _make_room(state: CaseMatching, at: datetime) -> Events:
    """The first specialist leaves in the same breath in which the backup takes over."""
    return (released(state, state.active, ReleaseReason.BACKUP_ACCEPTED, at),) if state.active else ()


def decline(command: Decline, state: CaseMatching) -> Events:
    offer = _require_offer(state, command.offer_id)
    if offer.status is OfferStatus.DECLINED:
        return ()
    _require_answerable(offer, command.at)
    return (_declined(state, offer, command.reason, command.at),)


def _declined(state: CaseMatching, offer: Offer, reason: OfferDeclineReason, at: datetime) -> OfferDeclined:
    return OfferDeclined(
        case_id=state.case_id,
        offer_id=offer.offer_id,
        specialist_id=offer.specialist_id,
        reason=reason,
        declined_at=at,
    )


def lapse(command: Lapse, state: CaseMatching) -> Events:
    """Decided by the instant stored with the offer, not by who arrives first."""
    offer = _require_offer(state, command.offer_id)
    if command.due != offer.expires_at:
        raise DomainError("superseded_due", "This is not the instant at which the offer expires.")
    if offer.status is OfferStatus.LAPSED:
        return ()
    if offer.status is not OfferStatus.OFFERED:
        raise DomainError("already_decided", "The offer was answered before it expired.", status_now=str(offer.status))
    return (lapsed(state, offer),)


def lapsed(state: CaseMatching, offer: Offer) -> OfferLapsed:
    return OfferLapsed(
        case_id=state.case_id, offer_id=offer.offer_id, specialist_id=offer.specialist_id, lapsed_at=offer.expires_at
    )


def released(state: CaseMatching, assignment: Assignment, reason: ReleaseReason, at: datetime) -> AssignmentReleased:
    return AssignmentReleased(
        case_id=state.case_id,
        assignment_id=assignment.assignment_id,
        specialist_id=assignment.specialist_id,
        reason=reason,
        released_at=at,
    )


def _require_offer(state: CaseMatching, offer_id: str) -> Offer:
    offer = state.offer(offer_id)
    if offer is None:
        raise unknown("offer_unknown", "There is no such offer.")
    return offer


def _require_answerable(offer: Offer, at: datetime) -> None:
    """From `expires_at` on no answer counts, whether or not the timer has come round yet."""
    if offer.status is OfferStatus.LAPSED or (offer.status is OfferStatus.OFFERED and at >= offer.expires_at):
        raise DomainError(
            "offer_lapsed", "The time to answer this offer is over.", expires_at=offer.expires_at.isoformat()
        )
    if offer.status is not OfferStatus.OFFERED:
        raise DomainError("offer_closed", "This offer has been answered or withdrawn.", status_now=str(offer.status))
