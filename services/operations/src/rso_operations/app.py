"""Operations, as the kit builds it: it keeps every fact, witnesses every stream, and decides nothing yet.

The live page is put on top by `pages.mount`, once per process.
"""

from fastapi import FastAPI

from rso_operations.api import timeline
from rso_operations.board import METADATA
from rso_operations.subscribe import SUBSCRIPTION
from rso_shared.kit.names import OPERATIONS
from rso_shared.kit.service import Service
from rso_shared.kit.spec import ServiceSpec
from rso_shared.kit.web.app import create_app as shared_app

SPEC = ServiceSpec(name=OPERATIONS, metadata=METADATA, subscription=SUBSCRIPTION, routers=(timeline.router,))


def create_app(service: Service) -> FastAPI:
    return shared_app(service)
