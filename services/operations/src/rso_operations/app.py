"""Operations, as the kit builds it: it keeps every fact, witnesses every stream, and decides nothing yet.

The live page is put on top by `pages.mount`, once per process.
"""

from rso_operations.api import landing, timeline
from rso_operations.board import METADATA, by_stage
from rso_operations.subscribe import SUBSCRIPTION
from rso_shared.kit.names import OPERATIONS
from rso_shared.kit.spec import Gauge, ServiceSpec

SPEC = ServiceSpec(
    name=OPERATIONS,
    metadata=METADATA,
    subscription=SUBSCRIPTION,
    routers=(timeline.router, landing.router),
    gauges=(Gauge("rso.cases", by_stage),),
)
