"""What billing knows of a case from the facts of others, and where the case's own streams are."""

from rso_shared.contracts.intake import CaseSubmitted, PriorityChanged, ProgramPublished
from rso_shared.contracts.matching import OfferAccepted
from rso_shared.contracts.opinions import OpinionReleased, ReviewStarted
from rso_shared.contracts.program import Program, ProgramRef
from rso_shared.contracts.vocabulary import ChargePoint, CoverageRoute, Priority
from rso_shared.kit import facts
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import NotYet
from rso_shared.kit.store import stream_id


def submitted(tx: Tx, case_id: str) -> CaseSubmitted:
    return facts.require(tx, CaseSubmitted, case_id)


def charge_stream(case: CaseSubmitted) -> str:
    return stream_id(case.organisation_id, "charge", case.case_id)


def honorarium_stream(case: CaseSubmitted, specialist_id: str) -> str:
    """One stream per case and specialist: accrued once is a property of the stream."""
    return stream_id(case.organisation_id, "honorarium", f"{case.case_id}/{specialist_id}")


def program(tx: Tx, ref: ProgramRef) -> Program:
    """The version the case was submitted under, never another one; NotYet while it is on its way."""
    for published in facts.every(tx, ProgramPublished, ref.program_id):
        if published.program.version == ref.version:
            return published.program
    raise NotYet(f"program {ref.program_id}@{ref.version}")


def priority(tx: Tx, case: CaseSubmitted) -> Priority:
    changed = facts.latest(tx, PriorityChanged, case.case_id)
    return changed.priority if changed else case.priority


def payer(case: CaseSubmitted) -> str | None:
    """The organisation that is invoiced: the sponsor or the partner, else whoever owns the program. None: the patient."""
    if case.coverage_route is CoverageRoute.SELF_PAY:
        return None
    named = case.partner_organisation_id if case.coverage_route is CoverageRoute.PARTNER_INVOICE else case.sponsor_id
    return named or case.organisation_id


def review_started(tx: Tx, case_id: str) -> bool:
    return facts.latest(tx, ReviewStarted, case_id) is not None


def require_charge_point(tx: Tx, case_id: str, point: ChargePoint) -> None:
    """NotYet until the program's charge point is reached, as far as this service has heard."""
    if point is ChargePoint.AT_RELEASE:
        facts.require(tx, OpinionReleased, case_id)


def require_accepted(tx: Tx, case_id: str, specialist_id: str) -> None:
    """NotYet until this specialist's acceptance of the case has arrived: nobody else is owed for it."""
    accepted = facts.every(tx, OfferAccepted, case_id)
    if not any(one.specialist_id == specialist_id for one in accepted):
        raise NotYet(f"acceptance of {case_id} by {specialist_id}")
