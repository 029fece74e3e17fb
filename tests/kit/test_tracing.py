"""One exchange can be followed: the caller's trace is stored with the event, sent with the fact, linked where it is consumed."""

import io
import json
from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from sqlalchemy import select

from kit import desks, sample
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit import service, tables
from rso_shared.kit.broker import Record
from support.harness import Harness

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def exporter() -> InMemorySpanExporter:
    """The provider of a process can be set once; whoever set it, the spans are kept here too."""
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        trace.set_tracer_provider(TracerProvider())
    exporter = InMemorySpanExporter()
    trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(exporter))  # type: ignore[attr-defined]
    return exporter


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> Iterator[InMemorySpanExporter]:
    exporter.clear()
    yield exporter
    exporter.clear()


def opened(harness: Harness, **headers: str) -> str:
    body = {"name": "Ada Quill"}
    return str(harness.client(Role.PATIENT, "ada").post("/v1/cases", body, headers=headers).json()["case_id"])


def of_kind(spans: InMemorySpanExporter, kind: SpanKind) -> list[ReadableSpan]:
    return [span for span in spans.get_finished_spans() if span.kind is kind]


def trace_of(traceparent: str | None) -> str:
    assert traceparent is not None
    return traceparent.split("-")[1]


def test_a_request_is_a_child_of_its_caller_and_stored_with_the_event(
    harness: Harness, spans: InMemorySpanExporter
) -> None:
    case_id = opened(harness, traceparent=CALLER)
    (span,) = of_kind(spans, SpanKind.SERVER)
    assert span.parent is not None
    assert format(span.parent.span_id, "016x") == "b7ad6b7169203331"
    assert (span.name, dict(span.attributes or {})) == (
        "POST /v1/cases", {"rso.service": "sample", "http.response.status_code": 201},
    )  # fmt: skip
    with harness.service.db.read() as tx:
        (first,) = harness.service.store.load(tx, sample.stream(case_id))
        sent = json.loads(
            tx.conn.execute(select(tables.OUTBOX.c.headers).order_by(tables.OUTBOX.c.id)).scalars().first()
        )
    assert trace_of(first.meta.traceparent) == trace_of(CALLER)
    assert sent["traceparent"] == sent["ce_traceparent"] == first.meta.traceparent


def test_without_a_caller_a_request_begins_its_own_trace(harness: Harness, spans: InMemorySpanExporter) -> None:
    opened(harness)
    opened(harness, traceparent="nonsense")
    first, second = of_kind(spans, SpanKind.SERVER)
    assert first.parent is None
    assert second.parent is None
    assert first.context.trace_id != second.context.trace_id


def test_a_consumer_begins_its_own_trace_linked_to_the_producers(harness: Harness, spans: InMemorySpanExporter) -> None:
    case_id = opened(harness)
    spans.clear()
    arrived = desks.arrived(case_id, 1)
    with_trace = Record(arrived.topic, arrived.key, {**arrived.headers, "traceparent": CALLER}, arrived.value)
    service.consumer(harness.service).process([desks.based(case_id), with_trace])
    without, linked = of_kind(spans, SpanKind.CONSUMER)
    assert without.links == ()
    assert [format(link.context.trace_id, "032x") for link in linked.links] == [trace_of(CALLER)]
    assert linked.parent is None
    assert format(linked.context.trace_id, "032x") != trace_of(CALLER)
    with harness.service.db.read() as tx:
        note = harness.service.store.load(tx, sample.stream(case_id))[-1]
    assert (note.name, note.meta.causation_id) == ("sample.note_added", arrived.headers["ce_id"])
    assert trace_of(note.meta.traceparent) == format(linked.context.trace_id, "032x")


def test_no_span_says_who(harness: Harness, spans: InMemorySpanExporter, stream: io.StringIO) -> None:
    case_id = opened(harness)
    harness.client(Role.PATIENT, "ada").get(f"/v1/cases/{case_id}/person", secret="Ada Quill")
    with pytest.raises(RuntimeError):
        harness.client(Role.PATIENT, "ada").get("/v1/outcomes/Ada Quill")
    told = "".join(span.to_json() for span in spans.get_finished_spans())
    failed = [span.status.description for span in spans.get_finished_spans() if span.status.description]
    assert failed == ["RuntimeError"]
    assert "Quill" not in told
    assert case_id not in told
