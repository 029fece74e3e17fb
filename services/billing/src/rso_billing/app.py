"""Billing, as the kit builds it."""

from rso_billing.api import books, charges, coordination, honoraria
from rso_billing.projections import METADATA, PROJECTIONS
from rso_billing.publish import publish
from rso_billing.subscribe import SUBSCRIPTION
from rso_shared.kit.names import BILLING
from rso_shared.kit.spec import ServiceSpec

SPEC = ServiceSpec(
    name=BILLING,
    metadata=METADATA,
    projections=PROJECTIONS,
    publish=publish,
    subscription=SUBSCRIPTION,
    routers=(coordination.router, charges.router, honoraria.router, books.router),
)
