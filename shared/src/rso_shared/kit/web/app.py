"""The HTTP face every service shares."""

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from rso_shared.kit.service import Service
from rso_shared.kit.web import health, problems
from rso_shared.kit.web.middleware import RequestContext

TELEMETRY: TelemetryConfig = {"tracing": False, "operation_spans": False, "logs": False, "auto_configure": False}
"""FastAPI's own spans hold path and query, its logs hold messages and inputs; the span of our middleware holds neither."""


def create_app(service: Service) -> FastAPI:
    """Routes of the service's spec, its health, problem+json for every failure. Loops are run by whoever runs the process."""
    app = FastAPI(
        telemetry=TELEMETRY,
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
