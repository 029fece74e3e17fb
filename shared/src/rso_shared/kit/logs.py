"""JSON logs with an allow-list of keys: what is not on the list is dropped, so that nothing identifying can slip in by accident."""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

ALLOWED = frozenset({
    "event", "level", "timestamp", "logger", "service", "loop", "request_id", "trace_id", "span_id", "case_id", "method", "route",
    "status", "ms", "code", "attempt", "consumer", "topic", "count", "version", "exception_type", "where", "key", "state", "port",
    "stage", "workflow_id", "step",
})  # fmt: skip


def only_allowed(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Drops every key that is not on the list. Messages of our own are constants."""
    return {key: value for key, value in event.items() if key in ALLOWED}


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
