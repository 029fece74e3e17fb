"""State and read models -> answers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rso_matching.api import answers
from rso_matching.domain import statement
from rso_matching.domain.licence import Licence
from rso_matching.domain.matching_state import Assignment, AssignmentStatus, CaseMatching, OfferStatus
from rso_matching.domain.specialist import Specialist
from rso_matching.domain.specialist_events import Identity
from rso_shared.contracts.vocabulary import ConditionGroup
from rso_shared.kit.clock import parse_iso


def licence(one: Licence) -> answers.LicenceView:
    return answers.LicenceView(
        licence_id=one.licence_id,
        country=one.country,
        state=one.state,
        valid_from=one.valid_from,
        valid_to=one.valid_to,
    )


def specialist(one: Specialist, active: int, identity: Identity | None = None) -> answers.SpecialistView:
    return answers.SpecialistView(
        specialist_id=one.specialist_id,
        version=one.version,
        taxonomy=list(one.taxonomy),
        focus=list(one.focus),
        languages=list(one.languages),
        capacity=one.capacity,
        active_assignments=active,
        affiliations=list(one.affiliations),
        licences=[licence(each) for each in one.licences],
        credentials_verified_on=one.verified_on,
        identity=None if identity is None else _identity(identity),
    )


def _identity(identity: Identity) -> answers.IdentityView:
    return answers.IdentityView(given=identity.given, family=identity.family, email=identity.email, npi=identity.npi)


def offer(row: Mapping[Any, Any], now: datetime, *, staff: bool) -> answers.OfferView:
    """De-identified until the specialist has accepted; the staff sees whose case it is all along."""
    accepted, expires_at = row["status"] == OfferStatus.ACCEPTED, parse_iso(row["expires_at"])
    return answers.OfferView(
        offer_id=row["offer_id"],
        status=OfferStatus(row["status"]),
        answerable=row["status"] == OfferStatus.OFFERED and now < expires_at,
        backup=row["backup"],
        offered_at=parse_iso(row["offered_at"]),
        expires_at=expires_at,
        case=_glimpse(row),
        attested=row["conflict"] is not None,
        attestation=answers.Statement(version=statement.VERSION, text=statement.TEXT),
        specialist_id=row["specialist_id"],
        case_id=row["case_id"] if staff or accepted else None,
        assignment_id=row["assignment_id"],
    )


def _glimpse(row: Mapping[Any, Any]) -> answers.CaseGlimpse:
    return answers.CaseGlimpse(
        condition_group=ConditionGroup(row["condition_group"]),
        country=row["country"],
        state=row["state"],
        language=row["language"],
        age_group="minor" if row["minor"] else "adult",
        questions=row["questions"],
    )


def case_assignment(case_id: str, version: int, state: CaseMatching) -> answers.CaseAssignment:
    shown = state.active or (state.assignments[-1] if state.assignments else None)
    return answers.CaseAssignment(
        case_id=case_id,
        version=version,
        state=_progress(state),
        assignment=None if shown is None else _assignment(shown),
    )


def _assignment(one: Assignment) -> answers.AssignmentView:
    return answers.AssignmentView(
        assignment_id=one.assignment_id,
        offer_id=one.offer_id,
        specialist_id=one.specialist_id,
        status=one.status,
        accepted_at=one.accepted_at,
    )


def _progress(state: CaseMatching) -> Any:
    completed = any(one.status is AssignmentStatus.COMPLETED for one in state.assignments)
    steps = (
        (state.active is not None, "assigned"),
        (completed, "completed"),
        (state.open_offer is not None, "offered"),
        (state.searched, "exhausted"),
        (state.decision is not None, "searching"),
    )
    return next((name for reached, name in steps if reached), "not_started")
