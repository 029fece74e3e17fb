"""The workflow behind a case, for the staff: how it stands and how long its history is."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from temporalio.service import RPCError, RPCStatusCode

from rso_coordinator.bridge import workflow_id
from rso_coordinator.worker import Temporal
from rso_shared.kit.errors import Transient, unknown
from rso_shared.kit.web.call import STAFF, Call, permitted

router = APIRouter(tags=["workflow"])


class WorkflowView(BaseModel):
    """`events` and `bytes` are of the current run's history, as Temporal counts them."""

    workflow_id: str
    status: str
    events: int
    bytes: int


@router.get("/v1/cases/{case_id}/workflow", summary="The workflow of a case", **STAFF)
async def read_workflow(
    case_id: str, request: Request, _call: Annotated[Call, Depends(permitted("workflow.read"))]
) -> WorkflowView:
    temporal: Temporal | None = getattr(request.app.state, "temporal", None)
    if temporal is None:
        raise Transient("temporal")
    try:
        found = await temporal.client().get_workflow_handle(workflow_id(case_id)).describe()
    except RPCError as failure:
        if failure.status is RPCStatusCode.NOT_FOUND:
            raise unknown("workflow_unknown", "No workflow runs or ran for this case.") from failure
        raise Transient("temporal") from failure
    info = found.raw_description.workflow_execution_info
    status = found.status.name.lower() if found.status else "unknown"
    return WorkflowView(workflow_id=found.id, status=status, events=info.history_length, bytes=info.history_size_bytes)
