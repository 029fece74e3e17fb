"""One OpenAPI document per audience, put together from the services' own."""

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI

AUDIENCES = ("public", "staff")
_SCHEMAS = "#/components/schemas/"
_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "A fresh UUID for each new command, the same one for a retry; a replay answers as the first time.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "example": "5f0c1d9e-1c0b-4a57-9a39-2f6b1c5e7a10",
}


def openapi(apps: Mapping[str, FastAPI], audience: str, title: str) -> dict[str, Any]:
    """Every path for one audience, with the header that every POST needs."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for document in _without_clashes({name: app.openapi() for name, app in apps.items()}):
        schemas |= document.get("components", {}).get("schemas", {})
        for path, operations in document["paths"].items():
            chosen = {method: op for method, op in operations.items() if op.get("x-audience") == audience}
            if chosen:
                paths[path] = {**paths.get(path, {}), **chosen}
    for operations in paths.values():
        if "post" in operations:
            post = operations["post"]
            operations["post"] = {**post, "parameters": [*post.get("parameters", []), _KEY]}
    bearer = {"HTTPBearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": _reachable(paths, schemas), "securitySchemes": bearer},
    }


def _without_clashes(documents: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Two services may call different things by one name (a `Submission`): each then carries its service's name."""
    meanings: dict[str, set[str]] = defaultdict(set)
    for document in documents.values():
        for name, schema in document.get("components", {}).get("schemas", {}).items():
            meanings[name].add(json.dumps(schema, sort_keys=True))
    clashing = {name for name, known in meanings.items() if len(known) > 1}
    return [_renamed(document, service.capitalize(), clashing) for service, document in documents.items()]


def _renamed(document: dict[str, Any], prefix: str, names: set[str]) -> dict[str, Any]:
    text = json.dumps(document)
    for name in names:
        text = text.replace(f'"{_SCHEMAS}{name}"', f'"{_SCHEMAS}{prefix}{name}"')
    made: dict[str, Any] = json.loads(text)
    schemas = made.get("components", {}).get("schemas", {})
    for name in names & set(schemas):
        schemas[prefix + name] = schemas.pop(name)
    return made


def _reachable(paths: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """What no path of this audience leads to is left out."""
    found: dict[str, Any] = {}
    seen = json.dumps(paths)
    while fresh := [name for name in schemas if name not in found and f'"{_SCHEMAS}{name}"' in seen]:
        found |= {name: schemas[name] for name in fresh}
        seen = json.dumps([schemas[name] for name in fresh])
    return dict(sorted(found.items()))
