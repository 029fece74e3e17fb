"""Traces: opened at the HTTP edge, stored with the event, linked where it is consumed. Attributes are ids and codes only.

Without an endpoint spans are not recorded: trace ids still reach logs, events and neighbours, and nothing else is done.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    Decision,
    ParentBased,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import Link, SpanContext, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from rso_shared.contracts.base import CaseFact, FactModel
from rso_shared.kit import logs, metrics
from rso_shared.kit.broker import Record
from rso_shared.kit.settings import TelemetrySettings
from rso_shared.kit.span_export import Outlet

_PROPAGATOR = TraceContextTextMapPropagator()
_TRACER = trace.get_tracer("rso")
_UNTOLD: AbstractContextManager[trace.Span] = nullcontext(trace.INVALID_SPAN)
_CASE = re.compile(r"/cases/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?:/|$)")
LINKS = 32
"""Of a relay's batch at most so many producers are linked: a batch of 500 is no trace that anybody reads."""
TIMEOUT_SECONDS = 3.0


class _Chained(Sampler):
    """A ratio of all beginnings. What is linked to a sampled span is sampled too, so that a chain is kept whole or not at all."""

    def __init__(self, ratio: float) -> None:
        self._begins = TraceIdRatioBased(ratio)

    def should_sample(
        self, parent_context: context.Context | None, trace_id: int, name: str, kind: SpanKind | None = None,
        attributes: Mapping[str, AttributeValue] | None = None, links: Sequence[Link] | None = None,
        _trace_state: trace.TraceState | None = None,
    ) -> SamplingResult:  # fmt: skip
        if links:
            kept = any(link.context.trace_flags.sampled for link in links)
            return SamplingResult(Decision.RECORD_AND_SAMPLE if kept else Decision.DROP, attributes)
        return self._begins.should_sample(parent_context, trace_id, name, kind, attributes, links)

    def get_description(self) -> str:
        return f"Chained({self._begins.get_description()})"


def provider(name: str, exporter: SpanExporter | None, ratio: float = 1.0) -> TracerProvider:
    resource = Resource.create({"service.name": name})
    if exporter is None:
        return TracerProvider(resource=resource, sampler=ALWAYS_OFF, shutdown_on_exit=False)
    made = TracerProvider(resource=resource, sampler=ParentBased(_Chained(ratio)), shutdown_on_exit=False)
    made.add_span_processor(Outlet(exporter))
    return made


def configure(name: str, settings: TelemetrySettings) -> Callable[[], None]:
    """Once per process, traces and metrics. Returns what sends the rest at the end; it takes a few seconds at most."""
    endpoint = settings.otlp_endpoint
    exporter = OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=TIMEOUT_SECONDS) if endpoint else None
    made = provider(name, exporter, settings.trace_ratio)
    if not isinstance(trace.get_tracer_provider(), TracerProvider):  # somebody who starts us may have set his own
        trace.set_tracer_provider(made)
    stop_metrics = metrics.configure(name, endpoint)

    def close() -> None:
        made.shutdown()
        stop_metrics()

    return close


def traceparent() -> str | None:
    """The W3C traceparent of the current span, or None outside of any."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent")


def _remote(header: str | None) -> SpanContext | None:
    if not header:
        return None
    found = trace.get_current_span(_PROPAGATOR.extract({"traceparent": header}, context.Context())).get_span_context()
    return found if found.is_valid else None


def _links(headers: Iterable[str | None]) -> list[Link]:
    """Each producing span once. Of many only sampled ones are worth a link."""
    different = dict.fromkeys(header for header in headers if header)
    found = [remote for header in different if (remote := _remote(header)) is not None]
    chosen = found if len(found) == 1 else [remote for remote in found if remote.trace_flags.sampled]
    return [Link(remote) for remote in chosen[:LINKS]]


def _told(span: trace.Span) -> Iterator[trace.Span]:
    """A failure gives the span its type. The library's own description would quote the message, and so perhaps a person."""
    try:
        yield span
    except Exception as problem:
        span.set_status(StatusCode.ERROR, type(problem).__name__)
        raise


@contextmanager
def _span(
    name: str, kind: SpanKind, parent: context.Context | None, attributes: Mapping[str, AttributeValue],
    links: Sequence[Link] = (),
) -> Iterator[trace.Span]:  # fmt: skip
    with _TRACER.start_as_current_span(
        name, context=parent, kind=kind, attributes=attributes, links=links,
        record_exception=False, set_status_on_exception=False,
    ) as span:  # fmt: skip
        yield from _told(span)


@contextmanager
def _unrecorded(name: str) -> Iterator[trace.Span]:
    """New ids for log lines, events and neighbours; there is nothing to tell of it, and nobody to tell."""
    made = _TRACER.start_span(name, context.Context())
    token = context.attach(trace.set_span_in_context(made))
    try:
        yield made
    finally:
        context.detach(token)


def server_span(
    name: str, header: str | None, attributes: Mapping[str, AttributeValue]
) -> AbstractContextManager[trace.Span]:
    """A request: a child of the caller's span if it sent one."""
    parent = _PROPAGATOR.extract({"traceparent": header}, context.Context()) if header else context.Context()
    return _span(name, SpanKind.SERVER, parent, attributes)


def consumer_span(
    name: str, header: str | None, attributes: Mapping[str, AttributeValue]
) -> AbstractContextManager[trace.Span]:
    """A reaction: its own trace, linked to the one that made the fact (a log is not a call)."""
    if not recording():
        return _unrecorded(name)
    return _span(name, SpanKind.CONSUMER, context.Context(), attributes, _links([header]))


@contextmanager
def consuming(group: str, record: Record, fact: FactModel | None) -> Iterator[None]:
    """What a group does with one record: a span of its own, and the case in every log line. Without a fact it does nothing
    that anybody would look for: heads are many, and only witnessed.
    """
    if fact is None:
        yield
        return
    case_id = record.key if isinstance(fact, CaseFact) and logs.is_id(record.key) else None
    attributes = {"rso.service": group, "messaging.destination.name": record.topic}
    if case_id is not None:
        attributes["rso.case_id"] = case_id
    with logs.about(case_id), consumer_span(record.headers["ce_type"], record.headers.get("traceparent"), attributes):
        yield


def relay_span(
    name: str, headers: Iterable[str | None], attributes: Mapping[str, AttributeValue]
) -> AbstractContextManager[trace.Span]:
    """A batch on its way to the log: its own trace, linked to those whose facts it carries."""
    if not recording():
        return _UNTOLD
    return _span(name, SpanKind.PRODUCER, context.Context(), attributes, _links(headers))


def span(name: str) -> AbstractContextManager[trace.Span]:
    """A step inside something that is recorded; outside of that, nothing at all."""
    return _span(name, SpanKind.INTERNAL, None, {}) if trace.get_current_span().is_recording() else _UNTOLD


def appending(service: str, stream: str, events: Sequence[object]) -> AbstractContextManager[trace.Span]:
    """Events on their way into a stream, and the case they are about."""
    if not trace.get_current_span().is_recording():
        return _UNTOLD
    told: dict[str, AttributeValue] = {
        "rso.service": service,
        "rso.aggregate": stream.split("/")[1],
        "rso.events": len(events),
    }
    if logs.is_id(case_id := getattr(events[0], "case_id", None)):
        told["rso.case_id"] = case_id
    return _span("append", SpanKind.INTERNAL, None, told)


@contextmanager
def client_span(method: str, path: str, headers: dict[str, str]) -> Iterator[trace.Span]:
    """A call of a neighbour's internal path. The traceparent goes into `headers`; the path itself does not go into the span."""
    service = path.split("/", 4)[3] if path.startswith("/internal/v1/") else ""
    attributes = {"http.request.method": method, "rso.peer": service}
    if found := _CASE.search(path):
        attributes["rso.case_id"] = found[1]
    recorded = trace.get_current_span().is_recording()
    with _span(f"{method} {service}", SpanKind.CLIENT, None, attributes) if recorded else _UNTOLD as made:
        if parent := traceparent():
            headers["traceparent"] = parent
        yield made


def recording() -> bool:
    """Whether anything is recorded in this process."""
    known = trace.get_tracer_provider()
    return isinstance(known, TracerProvider) and known.sampler is not ALWAYS_OFF
