"""Billing, as the kit builds it."""

from fastapi import FastAPI

from rso_billing.api import books, charges, coordination, honoraria
from rso_billing.projections import METADATA, PROJECTIONS
from rso_billing.publish import publish
from rso_billing.subscribe import SUBSCRIPTION
from rso_shared.kit.names import BILLING
from rso_shared.kit.service import Service
from rso_shared.kit.spec import ServiceSpec
from rso_shared.kit.web.app import create_app as shared_app

SPEC = ServiceSpec(
    name=BILLING,
    metadata=METADATA,
    projections=PROJECTIONS,
    publish=publish,
    subscription=SUBSCRIPTION,
    routers=(coordination.router, charges.router, honoraria.router, books.router),
)


def create_app(service: Service) -> FastAPI:
    return shared_app(service)
