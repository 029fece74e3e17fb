"""JSON logs with an allow-list of keys: what is not on the list is dropped, so that nothing identifying can slip in by accident."""

import logging
import re
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from typing import Any

import structlog
from opentelemetry import trace
from structlog.typing import EventDict, Processor

ALLOWED = frozenset({
    "event", "level", "timestamp", "logger", "service", "loop", "request_id", "trace_id", "span_id", "case_id", "method", "route",
    "status", "ms", "code", "attempt", "consumer", "topic", "count", "version", "exception_type", "where", "key", "state", "port",
    "stage", "workflow_id", "step",
})  # fmt: skip


def only_allowed(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Drops every key that is not on the list. Messages of our own are constants."""
    return {key: value for key, value in event.items() if key in ALLOWED}


REQUEST: ContextVar[Mapping[str, Any] | None] = ContextVar("rso_request", default=None)
"""The ASGI scope of the request at hand: routing writes the case of its path there."""
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_id(told: object) -> bool:
    """One of our own ids, and not something that stands where an id is expected."""
    return isinstance(told, str) and _ID.fullmatch(told) is not None


def about(case_id: str | None) -> AbstractContextManager[None]:
    """Until its end every line says which case it is about."""
    return structlog.contextvars.bound_contextvars(case_id=case_id) if is_id(case_id) else nullcontext()


def case_of(scope: Mapping[str, Any]) -> str | None:
    """The case that a request's path names, if it is an id: what else people write there is nobody's business."""
    told: str | None = scope.get("path_params", {}).get("case_id")
    return told if is_id(told) else None


def whereabouts(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """The trace and the case that a line belongs to, where there are any."""
    here = trace.get_current_span().get_span_context()
    if here.is_valid:
        event.setdefault("trace_id", format(here.trace_id, "032x"))
    scope = REQUEST.get()
    if scope is not None and "case_id" not in event and (case_id := case_of(scope)) is not None:
        event["case_id"] = case_id
    return event


def exception_type(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """An exception's message may quote data: its type and the place where it rose are enough to find it."""
    info = event.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["exception_type"] = type(error).__name__
        event["where"] = _where(error)
    return event


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"


def foreign(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Libraries write free text (urls, queries, parameters). Only that they spoke, and how loudly, is kept."""
    event["event"] = "library"
    return event


def configure(level: int = logging.INFO, stream: Any = None) -> None:
    """Our loggers and the standard library's, both as JSON lines on stderr."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        whereabouts,
        exception_type,
    ]
    structlog.configure(
        processors=[*shared, only_allowed, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=stream or sys.stderr),
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    processors: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        foreign,
        only_allowed,
        structlog.processors.JSONRenderer(),
    ]
    chain: list[Processor] = [*shared, structlog.stdlib.add_logger_name]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=chain, processors=processors))
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(logging.WARNING)


def logger(service: str) -> Any:
    return structlog.get_logger().bind(service=service)
