"""Spans of this test process, kept in memory behind the same allow-list that every exporter stands behind."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from rso_shared.kit.span_export import AllowListExporter


class Spans:
    def __init__(self) -> None:
        self._kept = InMemorySpanExporter()
        self.exporter = AllowListExporter(self._kept)

    def all(self) -> tuple[ReadableSpan, ...]:
        return self._kept.get_finished_spans()

    def of(self, kind: SpanKind) -> list[ReadableSpan]:
        return [span for span in self.all() if span.kind is kind]

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.all() if span.name == name]

    def by_id(self) -> dict[int, ReadableSpan]:
        return {span.context.span_id: span for span in self.all()}

    def clear(self) -> None:
        self._kept.clear()


@contextmanager
def kept() -> Iterator[Spans]:
    """The provider of a process can be set once; whoever set it, the spans are kept here too."""
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        trace.set_tracer_provider(TracerProvider())
    spans = Spans()
    trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(spans.exporter))  # type: ignore[attr-defined]
    yield spans
    spans.clear()


def trace_of(told: str | ReadableSpan | None) -> str:
    """The trace of a traceparent or of a span."""
    if isinstance(told, ReadableSpan):
        return format(told.context.trace_id, "032x")
    assert told is not None
    return told.split("-")[1]


def linked(span: ReadableSpan) -> list[str]:
    return [format(link.context.trace_id, "032x") for link in span.links]
