"""What leaves the process: only what is on the list, never more than the queue holds, and nothing at all without an endpoint."""

import contextlib
import io
import json
import threading
from collections.abc import Sequence

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, Status, StatusCode, TraceFlags, Tracer

from rso_shared.kit import metrics, span_export, telemetry
from rso_shared.kit.span_export import AllowListExporter, Outlet
from support.exposition import value

SECRET = "Ada Quill"


def recorded() -> tuple[Tracer, InMemorySpanExporter]:
    kept = InMemorySpanExporter()
    made = telemetry.provider("test", kept)
    made.add_span_processor(
        SimpleSpanProcessor(AllowListExporter(kept))
    )  # at once, where the real one collects batches
    return made.get_tracer("foreign"), kept


def only(kept: InMemorySpanExporter) -> ReadableSpan:
    return kept.get_finished_spans()[0]


@pytest.mark.parametrize("key", ["url.query", "url.full", "db.statement", "enduser.id", "name"])
def test_an_attribute_that_is_not_on_the_list_is_dropped(key: str) -> None:
    tracer, kept = recorded()
    with tracer.start_as_current_span("step", attributes={key: "q=1", "rso.peer": "intake"}):
        pass
    assert dict(only(kept).attributes or {}) == {"rso.peer": "intake"}


def test_a_sentence_is_no_code_even_under_an_allowed_name() -> None:
    tracer, kept = recorded()
    with tracer.start_as_current_span("step", attributes={"rso.peer": SECRET, "rso.aggregate": "x" * 161}):
        pass
    assert dict(only(kept).attributes or {}) == {}


def test_what_libraries_record_of_an_exception_is_its_type() -> None:
    """As the SDK's own context manager and Temporal's interceptor do it: message, stack trace, text in the status."""
    tracer, kept = recorded()
    with contextlib.suppress(ValueError), tracer.start_as_current_span("step") as span:
        span.set_status(Status(StatusCode.ERROR, f"ValueError: {SECRET}"))
        raise ValueError(SECRET)
    found = only(kept)
    assert SECRET not in found.to_json()
    assert found.status.description == "ValueError"
    assert [dict(event.attributes or {}) for event in found.events] == [{"exception.type": "ValueError"}]


def test_a_status_that_begins_with_no_type_and_foreign_events_and_attributes_of_links_are_dropped() -> None:
    tracer, kept = recorded()
    other = SpanContext(1, 2, is_remote=True, trace_flags=TraceFlags(1))
    with tracer.start_as_current_span("step", links=[Link(other, {"name": SECRET})]) as span:
        span.add_event(SECRET, {"name": SECRET})
        span.set_status(Status(StatusCode.ERROR, f"{SECRET}: was here"))
    found = only(kept)
    assert "Quill" not in found.to_json()
    assert (found.status.description, found.events, len(found.links)) == (None, (), 1)


def test_without_an_exporter_nothing_is_recorded_and_yet_the_trace_is_known() -> None:
    tracer = telemetry.provider("test", None).get_tracer("any")
    with tracer.start_as_current_span("step") as span:
        assert not span.is_recording()
        assert span.get_span_context().is_valid
        told = telemetry.traceparent()
    assert told is not None
    assert told.split("-")[1] == format(span.get_span_context().trace_id, "032x")
    assert int(told.split("-")[3], 16) & 1 == 0


@pytest.mark.parametrize(("flag", "kept"), [(1, True), (0, False)])
def test_what_is_linked_to_a_sampled_span_is_sampled(flag: int, kept: bool) -> None:  # noqa: FBT001
    tracer = telemetry.provider("test", InMemorySpanExporter(), ratio=0.0 if kept else 1.0).get_tracer("any")
    link = Link(SpanContext(1, 2, is_remote=True, trace_flags=TraceFlags(flag)))
    assert tracer.start_span("step", links=[link]).is_recording() is kept
    assert tracer.start_span("step").is_recording() is not kept


class Failing(SpanExporter):
    """Away as a collector is: by an answer, or by an exception that nobody expected."""

    def __init__(self) -> None:
        self.raises, self.works, self.tries = False, False, 0
        self.hold = threading.Event()
        self.hold.set()

    def export(self, _spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.tries += 1
        self.hold.wait(10)
        if self.raises:
            raise OSError(SECRET)
        return SpanExportResult.SUCCESS if self.works else SpanExportResult.FAILURE

    def shutdown(self) -> None: ...


def test_a_collector_that_is_away_costs_two_lines_and_the_spans_are_counted(stream: io.StringIO) -> None:
    close = metrics.configure("test", None)
    away = Failing()
    guarded = AllowListExporter(away)
    tracer, kept = recorded()
    tracer.start_span("step").end()
    for raises in (False, True, False, True):
        away.raises = raises
        assert guarded.export(kept.get_finished_spans()) is SpanExportResult.FAILURE
    away.works, away.raises = True, False
    assert guarded.export(kept.get_finished_spans()) is SpanExportResult.SUCCESS
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["telemetry_away", "telemetry_back"]
    assert value("rso_telemetry_dropped_total", signal="spans") == 4 * len(kept.get_finished_spans())
    close()


def test_what_the_queue_cannot_hold_is_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The collector hangs: spans end at once all the same."""
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2")
    close = metrics.configure("test", None)
    hanging = Failing()
    hanging.works = True
    hanging.hold.clear()
    outlet = Outlet(hanging, queue=4)
    tracer, _ = recorded()
    for _ in range(20):
        span = tracer.start_span("step")
        span.end()
        outlet.on_end(span)  # type: ignore[arg-type]
    assert value("rso_telemetry_dropped_total", signal="spans") == 16
    hanging.hold.set()
    outlet.shutdown()
    close()


def test_the_list_names_ids_and_codes_only() -> None:
    assert not {key for key in span_export.ALLOWED if "url" in key or "body" in key or "message" in key.split(".")}
