"""Recorded event -> fact. The only way out; what is not named here stays inside."""

from collections.abc import Callable
from typing import Any

from rso_matching.domain import matching_events as own
from rso_matching.domain import specialist_events as directory
from rso_matching.domain.licence import credentials_due
from rso_shared.contracts import matching as facts
from rso_shared.contracts.base import AccessChange, FactModel
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.events import Recorded


def publish(recorded: Recorded) -> FactModel | None:
    make = _FACTS.get(type(recorded.event))
    return make(recorded.event) if make else None


def _started(event: own.MatchingStarted) -> FactModel:
    return facts.MatchingStarted(case_id=event.case_id)


def _decided(event: own.MatchDecisionRecorded) -> FactModel:
    decision = event.decision
    return facts.MatchDecisionRecorded(
        case_id=event.case_id,
        decision_id=decision.decision_id,
        ranking_version=decision.ranking_version,
        considered=decision.considered,
        eligible=len(decision.candidates),
    )


def _offered(event: own.CaseOffered) -> FactModel:
    return facts.CaseOffered(
        case_id=event.case_id,
        offer_id=event.offer_id,
        specialist_id=event.specialist_id,
        offered_at=event.offered_at,
        expires_at=event.expires_at,
    )


def _attested(event: own.ConflictAttested) -> FactModel:
    return facts.ConflictAttested(
        case_id=event.case_id, offer_id=event.offer_id, specialist_id=event.specialist_id, conflict=event.conflict
    )


def _accepted(event: own.OfferAccepted) -> FactModel:
    """Identified access begins here, in every service."""
    return facts.OfferAccepted(
        case_id=event.case_id,
        offer_id=event.offer_id,
        assignment_id=event.assignment_id,
        specialist_id=event.specialist_id,
        accepted_at=event.accepted_at,
        access=_access(event.specialist_id, granted=True),
    )


def _declined(event: own.OfferDeclined) -> FactModel:
    return facts.OfferDeclined(
        case_id=event.case_id, offer_id=event.offer_id, specialist_id=event.specialist_id, reason=event.reason
    )


def _lapsed(event: own.OfferLapsed) -> FactModel:
    return facts.OfferLapsed(case_id=event.case_id, offer_id=event.offer_id, specialist_id=event.specialist_id)


def _withdrawn(event: own.OfferWithdrawn) -> FactModel:
    return facts.OfferWithdrawn(case_id=event.case_id, offer_id=event.offer_id, specialist_id=event.specialist_id)


def _released(event: own.AssignmentReleased) -> FactModel:
    return facts.AssignmentReleased(
        case_id=event.case_id,
        assignment_id=event.assignment_id,
        specialist_id=event.specialist_id,
        reason=event.reason,
        access=_access(event.specialist_id, granted=False),
    )


def _completed(event: own.AssignmentCompleted) -> FactModel:
    return facts.AssignmentCompleted(
        case_id=event.case_id, assignment_id=event.assignment_id, specialist_id=event.specialist_id
    )


def _exhausted(event: own.MatchingExhausted) -> FactModel:
    return facts.MatchingExhausted(case_id=event.case_id, offers=event.offers)


def _registered(event: directory.SpecialistRegistered) -> FactModel:
    return facts.SpecialistRegistered(
        specialist_id=event.specialist_id, taxonomy=event.taxonomy, capacity=event.capacity
    )


def _capacity(event: directory.CapacityChanged) -> FactModel:
    return facts.CapacityChanged(specialist_id=event.specialist_id, capacity=event.capacity)


def _licence(event: directory.LicenceRecorded) -> FactModel:
    return facts.LicenceRecorded(
        specialist_id=event.specialist_id,
        licence_id=event.licence_id,
        country=event.country,
        state=event.state,
        valid_from=event.valid_from,
        valid_to=event.valid_to,
    )


def _licence_ended(event: directory.LicenceEnded) -> FactModel:
    return facts.LicenceEnded(specialist_id=event.specialist_id, licence_id=event.licence_id, last_day=event.last_day)


def _verified(event: directory.CredentialsVerified) -> FactModel:
    return facts.CredentialsVerified(
        specialist_id=event.specialist_id,
        verified_on=event.verified_on,
        valid_to=credentials_due(event.verified_on),
    )


def _access(specialist_id: str, *, granted: bool) -> tuple[AccessChange, ...]:
    """A specialist's token carries the specialist's id as its subject."""
    return (AccessChange(role=Role.SPECIALIST, subject=specialist_id, granted=granted),)


_FACTS: dict[type, Callable[[Any], FactModel]] = {
    own.MatchingStarted: _started,
    own.MatchDecisionRecorded: _decided,
    own.CaseOffered: _offered,
    own.ConflictAttested: _attested,
    own.OfferAccepted: _accepted,
    own.OfferDeclined: _declined,
    own.OfferLapsed: _lapsed,
    own.OfferWithdrawn: _withdrawn,
    own.AssignmentReleased: _released,
    own.AssignmentCompleted: _completed,
    own.MatchingExhausted: _exhausted,
    directory.SpecialistRegistered: _registered,
    directory.CapacityChanged: _capacity,
    directory.LicenceRecorded: _licence,
    directory.LicenceEnded: _licence_ended,
    directory.CredentialsVerified: _verified,
}
