"""Temporal's HTTP face, in front of the same services as its gRPC: whether it serves, and the namespace."""

import contextlib
import http.client
import json
import time
import urllib.error
import urllib.request
from typing import Any

from rso_engines.errors import EngineError
from rso_engines.ports import LOOPBACK

NAMESPACE = "default"
RETENTION = f"{7 * 24 * 3600}s"
"""How long a closed workflow's history can still be read."""
_OWN_NAMESPACE = "temporal-system"
_OWN_QUEUE = "default-worker-tq"
_NO_SUCH_WORKFLOW = "rso-engines-asks-for-what-is-not-there"
_TIMEOUT_SECONDS = 5.0
_SETTLE_SECONDS = 60.0
_CONFLICT = 409
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Loopback is never asked through a proxy."""


def answers(port: int, namespace: str = _OWN_NAMESPACE) -> bool:
    """Asks for a workflow that is not there: only the history service, after a look into the database, can say so."""
    return is_no_such_workflow(*_ask_or_nothing(port, f"namespaces/{namespace}/workflows/{_NO_SUCH_WORKFLOW}"))


def is_whole(port: int) -> bool:
    """Whether the worker service has come up too: until then a database that goes away takes the server with it."""
    _, body = _ask_or_nothing(port, f"namespaces/{_OWN_NAMESPACE}/task-queues/{_OWN_QUEUE}")
    return bool(body.get("pollers"))


def is_no_such_workflow(status: int, body: dict[str, Any]) -> bool:
    """A namespace that is not there is answered with 404 too, but in other words."""
    return status == 404 and "workflow" in str(body.get("message", ""))  # noqa: PLR2004 - the HTTP status


def make_namespace(port: int) -> None:
    """Returns when it can be used; the services read the list of namespaces anew only every few seconds."""
    if answers(port, NAMESPACE):
        return
    status, body = _ask(port, "namespaces", {"namespace": NAMESPACE, "workflowExecutionRetentionPeriod": RETENTION})
    if status not in {200, _CONFLICT}:
        raise EngineError(f"Temporal did not make the namespace {NAMESPACE}: {body.get('message', status)}")
    deadline = time.monotonic() + _SETTLE_SECONDS
    while not answers(port, NAMESPACE):
        if time.monotonic() >= deadline:
            raise EngineError(f"Temporal's namespace {NAMESPACE} cannot be used after {_SETTLE_SECONDS:.0f} s")
        time.sleep(0.2)


def _ask_or_nothing(port: int, path: str) -> tuple[int, dict[str, Any]]:
    with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
        return _ask(port, path)
    return 0, {}


def _ask(port: int, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://{LOOPBACK}:{port}/api/v1/{path}", data)
    request.add_header("Content-Type", "application/json")
    try:
        with _direct.open(request, timeout=_TIMEOUT_SECONDS) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read())
