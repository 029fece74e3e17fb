"""Subscriptions as data: what the kit builds the running service from. The delivery loop is beside it."""

from rso_shared.kit.names import SUBSCRIPTIONS
from rso_shared.kit.spec import ServiceSpec
from rso_subscriptions.api import about, endpoints, events, grants, sending
from rso_subscriptions.notices import NOTICES
from rso_subscriptions.projections import PROJECTIONS
from rso_subscriptions.subscribe import SUBSCRIPTION
from rso_subscriptions.tables import METADATA

SPEC = ServiceSpec(
    name=SUBSCRIPTIONS,
    metadata=METADATA,
    routers=(endpoints.router, sending.router, grants.router, events.router, about.router),
    projections=PROJECTIONS,
    subscription=SUBSCRIPTION,
    notices=NOTICES,
)
