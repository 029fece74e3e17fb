"""Recorded event -> fact. The only way out: a fact takes from its event the fields that the contract names, and no other."""

from typing import Any

from rso_records_compiler.domain import dossier_events as dossier
from rso_records_compiler.domain import request_events as request
from rso_records_compiler.domain import summary
from rso_shared.contracts import records as facts
from rso_shared.contracts.base import FactModel
from rso_shared.kit.events import Recorded

_MODELS: dict[type, type[FactModel]] = {
    request.RecordHolderIdentified: facts.RecordHolderIdentified,
    request.RecordRequestVerified: facts.RecordRequestVerified,
    request.RecordRequestSent: facts.RecordRequestSent,
    request.RecordRequestAcknowledged: facts.RecordRequestAcknowledged,
    request.RecordRequestIncomplete: facts.RecordRequestIncomplete,
    request.RecordRequestFulfilled: facts.RecordRequestFulfilled,
    request.NoRecordsFound: facts.NoRecordsFound,
    request.RecordRequestRefused: facts.RecordRequestRefused,
    request.RecordRequestCancelled: facts.RecordRequestCancelled,
    request.RecordRequestAbandoned: facts.RecordRequestAbandoned,
    dossier.RecordItemReceived: facts.RecordItemReceived,
    dossier.RecordItemAccepted: facts.RecordItemAccepted,
    dossier.RecordItemRejected: facts.RecordItemRejected,
    dossier.RecordItemWaived: facts.RecordItemWaived,
    dossier.RecordSetAccepted: facts.RecordSetAccepted,
    summary.CaseSummaryDrafted: facts.CaseSummaryDrafted,
    summary.CaseSummarySigned: facts.CaseSummarySigned,
}


def publish(recorded: Recorded) -> FactModel | None:
    """Follow-ups, answers to requests and what a document is in detail stay in the house."""
    event = recorded.event
    if isinstance(event, dossier.RecordsCompilationStarted):
        return _compilation_started(event)
    model = _MODELS.get(type(event))
    return None if model is None else model.model_validate(_named(event, model))


def _compilation_started(event: dossier.RecordsCompilationStarted) -> FactModel:
    return facts.RecordsCompilationStarted(
        case_id=event.case_id,
        required=tuple(line.kind for line in event.checklist if line.required),
        helpful=tuple(line.kind for line in event.checklist if not line.required),
    )


def _named(event: Any, model: type[FactModel]) -> dict[str, Any]:
    return {name: getattr(event, name) for name in model.model_fields if hasattr(event, name)}
