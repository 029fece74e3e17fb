"""Subscriptions as data: what the kit builds the running service from."""

from rso_shared.kit.names import SUBSCRIPTIONS
from rso_shared.kit.spec import ServiceSpec
from rso_subscriptions.notices import NOTICES
from rso_subscriptions.projections import PROJECTIONS
from rso_subscriptions.subscribe import SUBSCRIPTION
from rso_subscriptions.tables import METADATA

SPEC = ServiceSpec(
    name=SUBSCRIPTIONS,
    metadata=METADATA,
    routers=(),
    projections=PROJECTIONS,
    subscription=SUBSCRIPTION,
    notices=NOTICES,
)
