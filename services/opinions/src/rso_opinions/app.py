"""Opinions, as the kit builds it."""

from rso_opinions.api import coordination, opinion, quality, report
from rso_opinions.projections import METADATA, PROJECTIONS
from rso_opinions.publish import publish
from rso_opinions.subscribe import SUBSCRIPTION
from rso_shared.kit.names import OPINIONS
from rso_shared.kit.spec import ServiceSpec

SPEC = ServiceSpec(
    name=OPINIONS,
    metadata=METADATA,
    projections=PROJECTIONS,
    publish=publish,
    subscription=SUBSCRIPTION,
    routers=(opinion.router, quality.router, report.router, coordination.router),
)
