"""Records, as the kit builds it."""

from rso_records_compiler.api import checklist, coordination, documents, requests, summary, upload
from rso_records_compiler.projections import METADATA, PROJECTIONS
from rso_records_compiler.publish import publish
from rso_records_compiler.subscribe import SUBSCRIPTION
from rso_shared.kit.names import RECORDS
from rso_shared.kit.spec import ServiceSpec

SPEC = ServiceSpec(
    name=RECORDS,
    metadata=METADATA,
    projections=PROJECTIONS,
    publish=publish,
    subscription=SUBSCRIPTION,
    routers=(
        requests.router,
        upload.router,
        documents.router,
        checklist.router,
        summary.router,
        coordination.router,
    ),
)
