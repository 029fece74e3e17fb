"""`python -m rso_cluster.api_documents FOLDER`: the routes and the API's documents, from the services' own. Run before the ingress.

A process of its own: it loads every service, and nobody who stays up has to.
"""

import json
import os
import sys
from pathlib import Path

from fastapi import FastAPI

from rso_cluster.haproxy import INTERNAL_ROUTES, PUBLIC_ROUTES, route_map
from rso_onebox.api_page import page
from rso_onebox.box import MODULES
from rso_onebox.composing import AUDIENCES, openapi
from rso_onebox.dispatch import routing_table
from rso_shared.kit.spec import ServiceSpec
from rso_shared.kit.web import health


def apps() -> dict[str, FastAPI]:
    """Each service's routes, without anything behind them."""
    specs: list[ServiceSpec] = [module.SPEC for module in MODULES]
    return {spec.name.short: _routes(spec) for spec in specs}


def _routes(spec: ServiceSpec) -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    for router in (*spec.routers, health.router(spec.name.short)):
        app.include_router(router)
    return app


def files(services: dict[str, FastAPI]) -> dict[str, str]:
    """Name -> content: two maps of routes for the ingress, one OpenAPI document and one page for each audience."""
    routes = routing_table(services)
    made = {
        PUBLIC_ROUTES: route_map((r.pattern.pattern, r.service) for r in routes if not r.internal),
        INTERNAL_ROUTES: route_map((r.pattern.pattern, r.service) for r in routes),
    }
    for name in AUDIENCES:
        document = openapi(services, name, f"Remote second opinion: {name} API")
        made[f"openapi-{name}.json"] = json.dumps(document)
        made[f"docs-{name}.html"] = page(document, name, tuple(other for other in AUDIENCES if other != name))
    return made


def main(folder: Path) -> None:
    for name, content in files(apps()).items():
        aside = folder / f"{name}.new"
        aside.write_text(content)
        aside.rename(folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    sys.stdout.flush()
    os._exit(0)  # the coordinator's routes load temporalio, which may abort a normal end
