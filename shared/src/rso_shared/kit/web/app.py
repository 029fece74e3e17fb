"""The HTTP face every service shares."""

from fastapi import FastAPI

from rso_shared.kit.service import Service
from rso_shared.kit.web import health, problems
from rso_shared.kit.web.middleware import RequestContext


def create_app(service: Service) -> FastAPI:
    """Routes of the service's spec, its health, problem+json for every failure. Loops are run by whoever runs the process."""
    app = FastAPI(
        title=f"rso {service.name}",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=f"/internal/v1/{service.name}/openapi.json",
    )
    app.state.service = service
    for router in (*service.spec.routers, health.router(service.name)):
        app.include_router(router)
    problems.install(app)
    app.add_middleware(RequestContext, service=service.name, json_limit=service.settings.json_limit)
    return app
