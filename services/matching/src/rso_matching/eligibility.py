"""May this specialist sign for this case at this instant? What opinions asks before a signature."""

from datetime import datetime

from rso_matching import caseload, directory
from rso_matching.domain.eligibility import credential_exclusions
from rso_matching.subscribe import known_needs
from rso_shared.contracts.matching import SigningEligibility
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import unknown

NOT_ASSIGNED = "not_assigned"


def signing_eligibility(tx: Tx, case_id: str, specialist_id: str, now: datetime) -> SigningEligibility:
    """Assignment, licence and credentials; focus and capacity were judged when the case was taken."""
    profile = directory.profiles(tx, [specialist_id]).get(specialist_id)
    if profile is None:
        raise unknown("specialist_unknown", "No specialist of that id is in the directory.")
    reasons = [str(reason) for reason in credential_exclusions(profile, known_needs(tx, case_id), now)]
    if not caseload.is_active(tx, case_id, specialist_id):
        reasons.append(NOT_ASSIGNED)
    return SigningEligibility(
        specialist_id=specialist_id,
        case_id=case_id,
        eligible=not reasons,
        reasons=tuple(reasons),
        specialist_version=profile.version,
        checked_at=now,
    )
