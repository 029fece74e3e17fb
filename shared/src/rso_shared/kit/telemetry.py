"""Trace context: opened at the HTTP edge, stored with the event, linked when consumed. Span attributes are ids and codes only."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Link, SpanContext, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_PROPAGATOR = TraceContextTextMapPropagator()
_TRACER = trace.get_tracer("rso")


def configure(name: str, exporter: SpanExporter | None = None) -> None:
    """Once per process. Without an exporter spans are made and dropped: trace ids still reach logs, events and neighbours."""
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    if exporter is not None:
        provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)


def traceparent() -> str | None:
    """The W3C traceparent of the current span, or None outside of any."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent")


def _remote(header: str | None) -> SpanContext | None:
    if not header:
        return None
    return trace.get_current_span(_PROPAGATOR.extract({"traceparent": header})).get_span_context()


def _told(span: trace.Span) -> Iterator[trace.Span]:
    """A failure gives the span its type. The library's own description would quote the message, and so perhaps a person."""
    try:
        yield span
    except Exception as problem:
        span.set_status(StatusCode.ERROR, type(problem).__name__)
        raise


@contextmanager
def server_span(name: str, header: str | None, attributes: dict[str, str]) -> Iterator[trace.Span]:
    """A request: a child of the caller's span if it sent one."""
    parent = _PROPAGATOR.extract({"traceparent": header}) if header else context.Context()
    with _TRACER.start_as_current_span(
        name,
        context=parent,
        kind=SpanKind.SERVER,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        yield from _told(span)


@contextmanager
def consumer_span(name: str, header: str | None, attributes: dict[str, str]) -> Iterator[trace.Span]:
    """A reaction: its own trace, linked to the one that made the fact (a log is not a call)."""
    remote = _remote(header)
    links = [Link(remote)] if remote is not None and remote.is_valid else []
    with _TRACER.start_as_current_span(
        name,
        context=context.Context(),
        kind=SpanKind.CONSUMER,
        links=links,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        yield from _told(span)


def trace_id() -> str:
    return format(trace.get_current_span().get_span_context().trace_id, "032x")
