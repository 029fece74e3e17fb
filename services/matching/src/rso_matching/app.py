"""Matching, as the kit builds it."""

from rso_matching.api import assignments, coordination, offers, specialists
from rso_matching.notices import NOTICES
from rso_matching.projections import PROJECTIONS, purge
from rso_matching.publish import publish
from rso_matching.subscribe import SUBSCRIPTION
from rso_matching.tables import METADATA
from rso_shared.kit.names import MATCHING
from rso_shared.kit.spec import Erasing, ServiceSpec

SPEC = ServiceSpec(
    name=MATCHING,
    metadata=METADATA,
    projections=PROJECTIONS,
    publish=publish,
    subscription=SUBSCRIPTION,
    notices=NOTICES,
    erasing=Erasing(purge=purge),
    routers=(specialists.router, offers.router, assignments.router, coordination.router),
)
