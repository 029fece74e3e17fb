"""The released report, as JSON and as PDF. The first look of each recipient is a fact of its own."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from rso_opinions.api.content import ReportContent
from rso_opinions.api.models import ReleasedReport, ReportLinks
from rso_opinions.api.work import Seen, run, seen
from rso_opinions.domain.guards import submitted_version
from rso_opinions.domain.opinion_commands import RecordView
from rso_opinions.domain.opinion_events import OpinionSigned, RenderingKind
from rso_opinions.domain.recipients import READS_AS, may_read
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.errors import ConcurrencyConflict, Transient, forbidden, unknown
from rso_shared.kit.web.as_of import AsOf
from rso_shared.kit.web.call import PUBLIC, Call, Purpose, permitted

router = APIRouter(prefix="/v1/cases/{case_id}", tags=["opinions"])
Reading = Annotated[Call, Depends(permitted("report.read"))]

TRIES = 8
_RECEIVES = frozenset({*READS_AS, Role.PARTNER})
_PATIENT_SIDE = frozenset({Role.PATIENT, Role.LEGAL_REPRESENTATIVE})
_PURPOSES = {
    Role.PATIENT: Purpose.OWN_DATA,
    Role.LEGAL_REPRESENTATIVE: Purpose.OWN_DATA,
    Role.SPECIALIST: Purpose.REVIEW,
    Role.QUALITY_REVIEWER: Purpose.QUALITY_REVIEW,
    Role.MEDICAL_DIRECTOR: Purpose.QUALITY_REVIEW,
}
_PDF = {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}


@router.get("/report", summary="The released opinion", **PUBLIC)
def report(case_id: str, call: Reading, as_of: AsOf) -> ReleasedReport:
    """404 `report_not_released` until it has been released to the caller."""
    found, signed = _released(call, case_id, as_of)
    _look(call, found, "report")
    content = submitted_version(found.opinion).report.open()
    path = f"/v1/cases/{case_id}/report.pdf?rendering="
    return ReleasedReport(
        case_id=case_id,
        client_reference=found.case.client_reference,
        opinion_version=signed.opinion_version,
        specialist_id=signed.specialist_id,
        signed_at=signed.signed_at,
        statement_version=signed.statement_version,
        content_sha256=signed.content_sha256,
        released_at=found.opinion.released_at or signed.signed_at,
        recipients=found.opinion.released_to,
        synthetic=content.synthetic or call.service.settings.sandbox,
        report=ReportContent.of(content),
        links=ReportLinks(patient_pdf=path + RenderingKind.PATIENT, physician_pdf=path + RenderingKind.PHYSICIAN),
    )


@router.get(
    "/report.pdf",
    summary="The released opinion as PDF",
    response_class=Response,
    **{**PUBLIC, "responses": {**PUBLIC["responses"], 200: _PDF}},
)
def report_pdf(
    case_id: str, call: Reading, as_of: AsOf, rendering: Annotated[RenderingKind | None, Query()] = None
) -> Response:
    """`rendering`: for patients in plain language, for physicians with the evidence; left out, whichever fits the caller."""
    found, _ = _released(call, case_id, as_of)
    kind = rendering or (RenderingKind.PATIENT if call.principal.role in _PATIENT_SIDE else RenderingKind.PHYSICIAN)
    kept = next(each for each in found.opinion.renderings if each.kind is kind)
    content = call.service.blobs.read(found.opinion.person_id, kept.object_id)
    _look(call, found, f"report.pdf/{kind}")
    name = f"second-opinion-{found.case.reference_last_four}-{kind}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type="application/pdf", headers=headers)


def _released(call: Call, case_id: str, as_of: datetime | None) -> tuple[Seen, OpinionSigned]:
    with call.read() as tx:
        found = seen(call, tx, case_id, as_of=as_of)
    opinion, role = found.opinion, call.principal.role
    signed = opinion.signed
    if signed is None or not may_read(role, opinion.policy, opinion.released_to):
        raise unknown("report_not_released", "No report of this case has been released to you.")
    if role is Role.SPECIALIST and call.principal.subject != signed.specialist_id:
        raise forbidden("not_assigned_specialist", "Only the specialist who signed the opinion may read it.")
    return found, signed


def _look(call: Call, found: Seen, what: str) -> None:
    """Logged before anything is shown; a recipient's first look is recorded as viewed."""
    role, case_id = call.principal.role, found.case.case_id
    call.reveal(
        what=what, purpose=_PURPOSES.get(role, Purpose.CARE), case_id=case_id, person_id=found.opinion.person_id
    )
    if role not in _RECEIVES or role in found.opinion.viewed_by:
        return
    for _ in range(TRIES):
        try:
            with call.service.db.write() as tx:
                run(call, tx, found.case, RecordView(role, call.now))
        except ConcurrencyConflict:
            continue
        return
    raise Transient("contended")
