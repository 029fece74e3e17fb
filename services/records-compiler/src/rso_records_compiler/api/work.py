"""What several routers do alike: load, fold, execute, and say why somebody looks."""

from datetime import datetime
from typing import Any

from rso_records_compiler import cases
from rso_records_compiler.domain.document import DOCUMENT, Document
from rso_records_compiler.domain.dossier import DOSSIER, Dossier
from rso_records_compiler.domain.request import REQUEST
from rso_records_compiler.domain.request_events import Note
from rso_records_compiler.domain.summary import SUMMARY, CaseSummary
from rso_records_compiler.projections import stream_of_request
from rso_shared.contracts.intake import CaseSubmitted
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.database import Tx
from rso_shared.kit.decider import Decider
from rso_shared.kit.errors import DomainError
from rso_shared.kit.sealed import Sealed
from rso_shared.kit.store import Executed, Folded
from rso_shared.kit.web.call import Call, Purpose

_PURPOSES = {
    Role.PATIENT: Purpose.OWN_DATA,
    Role.LEGAL_REPRESENTATIVE: Purpose.OWN_DATA,
    Role.SPECIALIST: Purpose.REVIEW,
    Role.QUALITY_REVIEWER: Purpose.QUALITY_REVIEW,
    Role.RECORDS_SPECIALIST: Purpose.RECORDS_WORK,
    Role.SERVICE: Purpose.RENDER_REPORT,
}


def purpose(call: Call) -> Purpose:
    return _PURPOSES.get(call.principal.role, Purpose.CARE)


def execute(call: Call, tx: Tx, decider: Decider[Any, Any, Any], stream: str, command: Any) -> Executed[Any]:
    return call.service.store.execute(tx, decider, stream, command, call.meta())


def dossier(call: Call, tx: Tx, case: CaseSubmitted, as_of: datetime | None = None) -> Folded[Dossier]:
    return call.service.store.fold(tx, DOSSIER, cases.dossier_stream(case), as_of=as_of)


def summary(call: Call, tx: Tx, case: CaseSubmitted, as_of: datetime | None = None) -> Folded[CaseSummary]:
    return call.service.store.fold(tx, SUMMARY, cases.summary_stream(case), as_of=as_of)


def document(call: Call, tx: Tx, case: CaseSubmitted, document_id: str) -> Document:
    return call.service.store.fold(tx, DOCUMENT, cases.document_stream(case, document_id)).state


def current_request(call: Call, tx: Tx, case_id: str, request_id: str) -> str:
    """The stream of the request; 409 `record_request_superseded` if the same thing was asked anew under another id."""
    stream = stream_of_request(tx, case_id, request_id)
    if call.service.store.fold(tx, REQUEST, stream).state.request_id != request_id:
        raise DomainError("record_request_superseded", "This kind was asked of this facility anew, under another id.")
    return stream


def note(case: CaseSubmitted, text: str) -> Sealed[Note]:
    return Sealed(case.person_id, Note(text))
