"""Who looked at what on the pages: one entry in the access log for each view, however long it stays open and whoever else sees it.

What is drawn once for many is still looked at by each of them.
"""

from fastapi import Request

from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.access_log import Access
from rso_shared.kit.auth import Principal
from rso_shared.kit.clock import iso
from rso_shared.kit.errors import DomainError, Transient
from rso_shared.kit.service import Service
from rso_shared.kit.web.call import Purpose

_PURPOSES = {
    Role.RECORDS_SPECIALIST: Purpose.RECORDS_WORK,
    Role.QUALITY_REVIEWER: Purpose.QUALITY_REVIEW,
    Role.MEDICAL_DIRECTOR: Purpose.QUALITY_REVIEW,
    Role.FINANCE: Purpose.BILLING,
}


def purpose(role: Role) -> Purpose:
    """Of whoever looks at cases."""
    return _PURPOSES.get(role, Purpose.CARE)


def note(
    service: Service, request: Request, who: Principal, what: str, why: Purpose, *,
    case_id: str | None = None, person_id: str | None = None,
) -> None:  # fmt: skip
    """Returns once the entry is there. Raises 503 while the log is away."""
    entry = Access(
        at=iso(service.clock.now()), subject=who.subject, role=who.role.value, organisation_id=who.organisation_id,
        case_id=case_id, person_id=person_id, what=what, purpose=why.value,
        request_id=str(request.scope.get("rso_request_id", "")),
    )  # fmt: skip
    try:
        service.access_log.record(entry)
    except Transient as away:
        said = "This cannot be shown while the access log is away: no log, no data. Try again."
        raise DomainError("access_log_away", said, status=503) from away
