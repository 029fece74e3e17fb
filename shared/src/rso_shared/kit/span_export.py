"""The one way out for spans: an allow-list of attributes, a bounded queue, and an exporter that may be away without harm."""

import re
import threading
from collections.abc import Callable, Mapping, Sequence

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Event, ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Link, Status
from opentelemetry.util.types import AttributeValue

from rso_shared.kit import metrics
from rso_shared.kit.logs import logger

ALLOWED = frozenset({
    "exception.type", "http.request.method", "http.response.status_code", "http.route", "messaging.batch.message_count",
    "messaging.destination.name", "rso.aggregate", "rso.case_id", "rso.events", "rso.peer", "rso.service", "rso.template",
    "temporalActivityID", "temporalRunID", "temporalWorkflowID",
})  # fmt: skip
"""Ids and codes. The collector asks for the same list once more: deploy/otel/collector.yaml."""

_CODE = re.compile(r"[\w.:/{}@+-]{0,160}")
"""What an id, a code, an instant or a route looks like. Text in sentences has spaces, and does not pass."""
_TYPE = re.compile(r"([A-Za-z_]\w*)\Z|(\w*(?:Error|Exception)): ")
QUEUE = 4096


def allowed(attributes: Mapping[str, AttributeValue] | None) -> dict[str, AttributeValue]:
    return {key: told for key, told in (attributes or {}).items() if key in ALLOWED and _is_code(told)}


def _is_code(told: AttributeValue) -> bool:
    return isinstance(told, bool | int | float) or (isinstance(told, str) and _CODE.fullmatch(told) is not None)


def _status(status: Status) -> Status:
    """Of a description only the type of the exception it begins with: libraries go on with the message."""
    found = _TYPE.match(status.description or "")
    return Status(status.status_code, (found[1] or found[2]) if found else None)


def _event(event: Event) -> Event:
    return Event(event.name, allowed(event.attributes), event.timestamp)


def cleaned(span: ReadableSpan) -> ReadableSpan:
    """The same span with nothing in it but what is allowed, whoever made it."""
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=allowed(span.attributes),
        events=[_event(event) for event in span.events if event.name == "exception"],
        links=[Link(link.context) for link in span.links],
        kind=span.kind,
        status=_status(span.status),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


class AllowListExporter(SpanExporter):
    """Wraps the real exporter. A failure is counted, said once until it works again, and goes no further."""

    def __init__(self, inner: SpanExporter, left: Callable[[int], None] = lambda _count: None) -> None:
        self._inner, self._left = inner, left
        self._log = logger("telemetry")
        self._away = False
        self.closing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        arrived = not (self._away and self.closing) and self._sent(spans)
        self._left(len(spans))
        if not arrived:
            metrics.dropped("spans", len(spans))
        if self._away is arrived:
            self._away = not arrived
            self._log.warning("telemetry_back" if arrived else "telemetry_away", where="spans")
        return SpanExportResult.SUCCESS if arrived else SpanExportResult.FAILURE

    def _sent(self, spans: Sequence[ReadableSpan]) -> bool:
        try:
            return self._inner.export([cleaned(span) for span in spans]) is SpanExportResult.SUCCESS
        except Exception:  # noqa: BLE001 - telemetry never breaks work, whatever an exporter raises
            return False

    def shutdown(self) -> None:
        self._inner.shutdown()


class Outlet(SpanProcessor):
    """At most QUEUE spans wait to be sent; the rest is dropped and counted. The work of sending is on a thread of its own."""

    def __init__(self, exporter: SpanExporter, queue: int = QUEUE) -> None:
        self._exporter = AllowListExporter(exporter, self._left)
        self._batches = BatchSpanProcessor(self._exporter, max_queue_size=queue)
        self._waiting, self._limit, self._lock = 0, queue, threading.Lock()

    def on_start(self, span: Span, parent_context: Context | None = None) -> None: ...

    def on_end(self, span: ReadableSpan) -> None:
        if not span.context or not span.context.trace_flags.sampled:
            return
        with self._lock:
            full = self._waiting >= self._limit
            self._waiting += not full
        if full:
            metrics.dropped("spans", 1)
        else:
            self._batches.on_end(span)

    def _left(self, count: int) -> None:
        with self._lock:
            self._waiting -= count

    def shutdown(self) -> None:
        """What waits is sent, unless the collector is away: then it is dropped at once."""
        self._exporter.closing = True
        self._batches.shutdown()  # type: ignore[no-untyped-call]

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return self._batches.force_flush(timeout_millis)
