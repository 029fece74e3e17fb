"""Signing: the assigned specialist, an approved version, the statement in force, a licence that holds at this moment."""

from rso_opinions.domain import opinion_commands as c
from rso_opinions.domain import opinion_events as e
from rso_opinions.domain.guards import already_signed, require_author, submitted_version
from rso_opinions.domain.opinion_state import FIXED, Opinion, ReviewState
from rso_opinions.domain.report import content_sha256
from rso_opinions.domain.statements import RELATION, require_current
from rso_shared.contracts.matching import SigningEligibility
from rso_shared.kit.errors import DomainError
from rso_shared.kit.sealed import Sealed


def sign(command: c.Sign, state: Opinion) -> e.Events:
    require_author(state, command.signer)
    if state.state in FIXED:
        raise already_signed()
    if state.state is not ReviewState.APPROVED:
        raise DomainError("opinion_not_approved", "Only an approved opinion can be signed.", state=state.state)
    require_current(command.statement_version)
    eligibility = _require_eligible(command.eligibility, state.specialist_id)
    version = submitted_version(state)
    report = version.report.open()
    return (
        e.OpinionSigned(
            opinion_version=version.number,
            specialist_id=state.specialist_id,
            content_sha256=content_sha256(report, state.person_id),
            diagnosis_effect=report.diagnosis_effect,
            treatment_effect=report.treatment_effect,
            statement_version=command.statement_version,
            relation=RELATION,
            specialist_version=eligibility.specialist_version,
            eligibility_checked_at=eligibility.checked_at,
            signed_at=command.at,
            evidence=Sealed(
                state.person_id, e.SignatureEvidence(command.typed_name, command.address, command.user_agent)
            ),
        ),
    )


def _require_eligible(eligibility: SigningEligibility | None, specialist_id: str) -> SigningEligibility:
    if eligibility is None:
        raise DomainError(
            "eligibility_unavailable",
            "The specialist's licence cannot be checked at this moment; nothing was signed, try again shortly.",
            status=503,
        )
    if not eligibility.eligible or eligibility.specialist_id != specialist_id:
        raise DomainError(
            "licence_lapsed",
            "The specialist may not sign for this case now; the reasons say what has to be renewed.",
            reasons=list(eligibility.reasons),
        )
    return eligibility
