"""RFC 9457 problem+json for every refusal. Never echoes input: FastAPI's own 422 and 400 bodies do, so they are replaced."""

import itertools
import json
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from rso_shared.kit.errors import DomainError, KeyDestroyed, NotYet, Transient
from rso_shared.kit.logs import logger

MEDIA_TYPE = "application/problem+json"
_HTTP_CODES = {
    400: "malformed_body",
    404: "route_unknown",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "media_type_unsupported",
}
_HEADERS = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "1"}}
_HTTP_TEXTS = {
    400: "The body could not be read as UTF-8 JSON.",
    404: "There is no such path; the OpenAPI document lists them all.",
    405: "This path does not take this method.",
}


class FieldProblem(BaseModel):
    pointer: str
    code: str
    detail: str


class Problem(BaseModel):
    """`code` is stable; clients branch on it. `errors` names each field at fault by JSON pointer and never repeats what it held."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str
    errors: list[FieldProblem] = []


def problem(
    request: Request, status: int, code: str, detail: str, *, errors: Sequence[FieldProblem] = (), facts: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    body: dict[str, Any] = {
        "type": f"urn:rso:problem:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "code": code,
        "detail": detail,
        "instance": f"urn:rso:request:{request.scope.get('rso_request_id', '')}",
        **(facts or {}),
    }
    if errors:
        body["errors"] = [error.model_dump() for error in errors]
    return Response(json.dumps(body, default=str), status, headers, MEDIA_TYPE)


def _validation(request: Request, failure: RequestValidationError) -> Response:
    names = _names(request)
    found = [_field(error, names) for error in failure.errors()]
    if any(error["type"] == "json_invalid" for error in failure.errors()):
        return problem(request, 400, "malformed_json", "The body is not valid JSON.")
    return problem(request, 422, "validation_failed", "Some fields are missing or wrong; see errors.", errors=found)


def _names(request: Request) -> set[str]:
    """Every name that the published schemas and parameters have: what else stands in a location was sent."""
    document = request.app.openapi()
    schemas = document.get("components", {}).get("schemas", {}).values()
    operations = (operation for path in document["paths"].values() for operation in path.values())
    parameters = {parameter["name"] for operation in operations for parameter in operation.get("parameters", ())}
    return (
        {name for schema in schemas for name in schema.get("properties", ())} | parameters | {"path", "query", "header"}
    )


def _field(error: dict[str, Any], names: set[str]) -> FieldProblem:
    """Location and rule, never `input` or `ctx`: they repeat what was sent. What is not known is named by its parent."""
    parts = [part for part in error["loc"] if part != "body"]
    place = [str(part) for part in itertools.takewhile(lambda part: isinstance(part, int) or part in names, parts)]
    if error["type"] == "extra_forbidden":
        parent = place[: len(parts) - 1]
        return FieldProblem(pointer=_pointer(parent), code="unknown_field", detail="A field here is not known.")
    details = {
        "missing": "This field is required.",
        "enum": "This is not one of the allowed values.",
        "literal_error": "This is not one of the allowed values.",
    }
    return FieldProblem(
        pointer=_pointer(place),
        code=str(error["type"]),
        detail=details.get(error["type"], "This value is not allowed here."),
    )


def _pointer(place: Sequence[str]) -> str:
    """RFC 6901: the document itself is the empty pointer."""
    return "".join(f"/{part}" for part in place)


def install(app: FastAPI) -> None:
    """Every way a request can fail ends in one of these."""
    _install_wrong_requests(app)
    _install_outcomes(app)


def _install_wrong_requests(app: FastAPI) -> None:
    @app.exception_handler(RequestValidationError)
    async def validation(request: Request, failure: RequestValidationError) -> Response:
        return _validation(request, failure)

    @app.exception_handler(HTTPException)
    async def http(request: Request, failure: HTTPException) -> Response:
        status = failure.status_code
        detail = _HTTP_TEXTS.get(status, "The request was refused.")
        headers = dict(failure.headers or {})  # a 405 names the methods that are allowed
        return problem(request, status, _HTTP_CODES.get(status, "refused"), detail, headers=headers)

    @app.exception_handler(DomainError)
    async def refused(request: Request, refusal: DomainError) -> Response:
        errors = (
            [FieldProblem(pointer=refusal.pointer, code=refusal.code, detail=refusal.detail)] if refusal.pointer else []
        )
        headers = _HEADERS.get(refusal.status)
        return problem(
            request, refusal.status, refusal.code, refusal.detail, errors=errors, facts=refusal.facts, headers=headers
        )


def _install_outcomes(app: FastAPI) -> None:
    """What no request is to blame for."""

    @app.exception_handler(NotYet)
    async def not_yet(request: Request, _missing: NotYet) -> Response:
        detail = "Something this depends on has not arrived here yet; try again in a moment."
        return problem(request, 503, "not_yet_known", detail, headers={"Retry-After": "1"})

    @app.exception_handler(Transient)
    async def transient(request: Request, _away: Transient) -> Response:
        detail = "Something this depends on is away; nothing changed; try again in a moment."
        return problem(request, 503, "temporarily_unavailable", detail, headers={"Retry-After": "1"})

    @app.exception_handler(KeyDestroyed)
    async def erased(request: Request, _gone: KeyDestroyed) -> Response:
        return problem(request, 410, "erased", "The person's data was erased; only what names nobody remains.")

    @app.exception_handler(Exception)
    async def bug(request: Request, failure: Exception) -> Response:
        logger(request.app.state.service.name).error(
            "unhandled", exc_info=failure, request_id=request.scope.get("rso_request_id")
        )
        return problem(
            request, 500, "internal_error", "Something went wrong on our side; nothing changed. Quote the instance."
        )
