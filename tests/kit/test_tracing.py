"""One exchange can be followed: the caller's trace is stored with the event, sent with the fact, linked where it is consumed."""

import asyncio
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.trace import SpanKind
from sqlalchemy import select

from kit import desks, sample
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit import service, tables, telemetry
from rso_shared.kit.broker import Record
from rso_shared.kit.neighbours import Neighbours
from support import spans as recorder
from support.harness import Harness
from support.spans import Spans, linked, trace_of

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def kept() -> Iterator[Spans]:
    with recorder.kept() as spans:
        yield spans


@pytest.fixture
def spans(kept: Spans) -> Iterator[Spans]:
    kept.clear()
    yield kept
    kept.clear()


def opened(harness: Harness, **headers: str) -> str:
    body = {"name": "Ada Quill"}
    return str(harness.client(Role.PATIENT, "ada").post("/v1/cases", body, headers=headers).json()["case_id"])


def outbox_headers(harness: Harness) -> dict[str, str]:
    with harness.service.db.read() as tx:
        sent = tx.conn.execute(select(tables.OUTBOX.c.headers).order_by(tables.OUTBOX.c.id)).scalars().first()
    found: dict[str, str] = json.loads(sent)
    return found


def test_a_request_is_a_child_of_its_caller_and_stored_with_the_event(harness: Harness, spans: Spans) -> None:
    case_id = opened(harness, traceparent=CALLER)
    (span,) = spans.of(SpanKind.SERVER)
    assert span.parent is not None
    assert format(span.parent.span_id, "016x") == "b7ad6b7169203331"
    assert (span.name, dict(span.attributes or {})) == (
        "POST /v1/cases",
        {
            "rso.service": "sample", "http.request.method": "POST", "http.route": "/v1/cases",
            "http.response.status_code": 201,
        },
    )  # fmt: skip
    with harness.service.db.read() as tx:
        (first,) = harness.service.store.load(tx, sample.stream(case_id))
    sent = outbox_headers(harness)
    assert trace_of(first.meta.traceparent) == trace_of(CALLER)
    assert sent["traceparent"] == sent["ce_traceparent"] == first.meta.traceparent


def test_append_and_commit_are_steps_of_the_request_and_name_the_case(harness: Harness, spans: Spans) -> None:
    case_id = opened(harness)
    (request,) = spans.of(SpanKind.SERVER)
    appends = spans.named("append")
    steps = [*appends, spans.named("commit")[-1]]  # earlier commits, inside of an append, are of a new person's key
    assert [span.parent.span_id for span in steps if span.parent] == [request.context.span_id] * 3
    assert dict(appends[0].attributes or {}) == {
        "rso.service": "sample", "rso.aggregate": "case", "rso.events": 1, "rso.case_id": case_id,
    }  # fmt: skip


def test_without_a_caller_a_request_begins_its_own_trace(harness: Harness, spans: Spans) -> None:
    opened(harness)
    opened(harness, traceparent="nonsense")
    first, second = spans.of(SpanKind.SERVER)
    assert first.parent is None
    assert second.parent is None
    assert trace_of(first) != trace_of(second)


def test_from_http_over_outbox_relay_and_log_to_the_consumer(harness: Harness, spans: Spans) -> None:
    case_id = opened(harness, traceparent=CALLER)
    topic = sample.SAMPLE.topic
    relay = harness.service.loops["relay"]

    async def carried() -> list[Record]:
        running = asyncio.create_task(relay())
        try:
            return await desks.take(harness.broker, "reader", [topic], 1)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    records = asyncio.run(carried())
    service.consumer(harness.service).process(records)
    (sent,), (consumed,) = spans.of(SpanKind.PRODUCER), spans.of(SpanKind.CONSUMER)
    assert linked(sent) == [trace_of(CALLER)]
    assert (sent.parent, consumed.parent) == (None, None)
    assert dict(sent.attributes or {}) == {"rso.service": "sample", "messaging.batch.message_count": 2}
    assert linked(consumed) == [trace_of(CALLER)]
    assert (consumed.name, dict(consumed.attributes or {})) == (
        sample.CaseOpened.fact_type(),
        {"rso.service": "sample", "messaging.destination.name": topic, "rso.case_id": case_id},
    )


def test_a_consumer_begins_its_own_trace_linked_to_the_producers(harness: Harness, spans: Spans) -> None:
    case_id = opened(harness)
    spans.clear()
    arrived = desks.arrived(case_id, 1)
    with_trace = Record(arrived.topic, arrived.key, {**arrived.headers, "traceparent": CALLER}, arrived.value)
    service.consumer(harness.service).process([desks.based(case_id), with_trace])
    without, followed = spans.of(SpanKind.CONSUMER)
    assert without.links == ()
    assert linked(followed) == [trace_of(CALLER)]
    assert followed.parent is None
    assert trace_of(followed) != trace_of(CALLER)
    with harness.service.db.read() as tx:
        note = harness.service.store.load(tx, sample.stream(case_id))[-1]
    assert (note.name, note.meta.causation_id) == ("sample.note_added", arrived.headers["ce_id"])
    assert trace_of(note.meta.traceparent) == trace_of(followed)


@contextmanager
def neighbour() -> Iterator[tuple[str, list[str | None]]]:
    """A real listener that writes down the traceparent it was called with."""
    heard: list[str | None] = []

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.headers["traceparent"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", heard
        server.shutdown()
        thread.join()


def test_a_call_of_a_neighbour_is_a_step_of_its_own_and_says_neither_path_nor_query(spans: Spans) -> None:
    with neighbour() as (url, heard):
        neighbours = Neighbours(url, lambda: "token")
        with telemetry.server_span("GET", CALLER, {}):
            neighbours.get("/internal/v1/matching/eligibility", specialist_id="Ada Quill")
        neighbours.close()
    (call,) = spans.of(SpanKind.CLIENT)
    assert heard == [f"00-{trace_of(CALLER)}-{call.context.span_id:016x}-01"]
    assert (call.name, dict(call.attributes or {})) == (
        "GET matching",
        {"http.request.method": "GET", "rso.peer": "matching", "http.response.status_code": 200},
    )


def test_no_span_says_who(harness: Harness, spans: Spans, stream: io.StringIO) -> None:
    case_id = opened(harness)
    harness.client(Role.PATIENT, "ada").get(f"/v1/cases/{case_id}/person", secret="Ada Quill")
    harness.client(Role.PATIENT, "ada").get("/v1/cases/Ada Quill/person")
    with pytest.raises(RuntimeError):
        harness.client(Role.PATIENT, "ada").get("/v1/outcomes/Ada Quill")
    told = "".join(span.to_json() for span in spans.all())
    failed = [span.status.description for span in spans.all() if span.status.description]
    assert failed == ["RuntimeError"]
    assert "Quill" not in told
    assert case_id in told
