"""What is counted, under names and labels of one table; what /metrics says; what a gauge costs nobody."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from starlette.testclient import TestClient

from kit import desks, mails, sample
from kit.sample import META, AddNote, NoteAdded
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit import gauges, metrics, service
from rso_shared.kit.broker import Record
from rso_shared.kit.cloudevents import HEAD_TYPE
from rso_shared.kit.errors import ConcurrencyConflict
from rso_shared.kit.metric_table import TABLE
from support.exposition import samples, text, value
from support.harness import Harness


@pytest.fixture
def reader() -> Iterator[InMemoryMetricReader]:
    made = InMemoryMetricReader()
    close = metrics.configure("test", None, [made])
    yield made
    close()


def points(reader: InMemoryMetricReader, name: str) -> list[Any]:
    found = reader.get_metrics_data()
    every = [
        metric
        for each in (found.resource_metrics if found else [])
        for scope in each.scope_metrics
        for metric in scope.metrics
    ]
    return [point for metric in every if metric.name == name for point in metric.data.data_points]


def opened(harness: Harness, key: str | None = None) -> Any:
    return harness.client(Role.PATIENT, "ada").post("/v1/cases", {"name": "Ada Quill"}, key=key)


def requests(**labels: str) -> float | None:
    every = {"service": "sample", "method": "POST", "route": "/v1/cases", "outcome": "done", **labels}
    return value("rso_request_duration_seconds_count", **every)


def test_requests_are_measured_by_service_route_template_and_outcome(
    harness: Harness, reader: InMemoryMetricReader
) -> None:
    case_id = opened(harness, "one").json()["case_id"]
    opened(harness, "one")
    harness.client(Role.PATIENT, "ada").post("/v1/cases", {"name": 7})
    harness.client(Role.PATIENT, "ada").get(f"/v1/cases/{case_id}/person")
    assert requests() == 1
    assert requests(outcome="replayed") == 1
    assert requests(outcome="refused") == 1
    assert requests(method="GET", route="/v1/cases/{case_id}/person") == 1
    (first, *_) = points(reader, "rso.request.duration")
    assert 0 < first.sum < 60


def test_a_method_and_a_path_of_the_callers_own_make_no_labels(harness: Harness, reader: InMemoryMetricReader) -> None:
    headers = harness.client(Role.PATIENT).headers
    harness.http.request("QUILL", "/Ada/Quill", headers=headers)
    assert "uill" not in text()
    assert requests(method="other", route="other", outcome="refused") == 1
    assert len(points(reader, "rso.request.duration")) == 1


def test_a_conflict_is_counted_by_its_aggregate(harness: Harness, reader: InMemoryMetricReader) -> None:
    case_id = opened(harness).json()["case_id"]
    note = NoteAdded(case_id=case_id, note_id="n", number=1)
    with pytest.raises(ConcurrencyConflict), harness.service.db.write() as tx:
        harness.service.store.append(tx, sample.stream(case_id), 0, [note], META)
    with harness.service.db.write() as tx:
        harness.service.store.execute(tx, sample.CASE, sample.stream(case_id), AddNote(case_id, "n"), META)
    (point,) = points(reader, "rso.append.conflicts")
    assert (point.value, dict(point.attributes)) == (1, {"service": "sample", "aggregate": "case"})


def test_the_relay_counts_what_the_log_acknowledged(harness: Harness, reader: InMemoryMetricReader) -> None:
    opened(harness)

    async def relayed() -> None:
        running = asyncio.create_task(harness.service.loops["relay"]())
        await desks.until(lambda: points(reader, "rso.relay.records") != [])
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(relayed())
    assert [point.value for point in points(reader, "rso.relay.batches")] == [1]
    assert [point.value for point in points(reader, "rso.relay.records")] == [2]


@pytest.mark.parametrize(
    ("deadline", "rung", "labels", "breach"),
    [
        ("joining", "reminder_2", ("joining", "reminder"), False),
        ("review/0b2e8a53-5e0d-4c5c-9d9d-7b1f5a4b7a11", "overdue_1", ("review", "overdue"), True),
        ("review/0b2e8a53-5e0d-4c5c-9d9d-7b1f5a4b7a11", "overdue_2", ("review", "overdue"), False),
        ("quality/3", "overdue", ("quality", "overdue"), True),
        ("records", "0b2e8a53-5e0d-4c5c-9d9d-7b1f5a4b7a11_follow_up", ("records", "follow_up"), False),
        ("records", "decide", ("records", "decide"), True),
        ("review/x", "lapse_0b2e8a53-5e0d-4c5c-9d9d-7b1f5a4b7a11", ("review", "lapse"), False),
        ("Ada Quill", "Ada", ("other", "other"), False),
    ],
)
def test_timers_are_counted_by_kind_and_a_missed_deadline_once(
    reader: InMemoryMetricReader, deadline: str, rung: str, labels: tuple[str, str], *, breach: bool
) -> None:
    metrics.timer_fired(deadline, rung)
    (fired,) = points(reader, "rso.timers.fired")
    assert (fired.attributes["deadline"], fired.attributes["rung"]) == labels
    assert [point.attributes["deadline"] for point in points(reader, "rso.sla.breaches")] == [labels[0]] * breach


def test_a_mail_that_went_is_counted_by_its_template(reader: InMemoryMetricReader, tmp_path: Path) -> None:
    with mails.office(tmp_path) as harness:
        mails.ask(harness, "n1")
        mails.ask(harness, "n2", template="missing")
        mails.loop(harness).send_pending()
    (sent,) = points(reader, "rso.mail.sent")
    assert (sent.value, dict(sent.attributes)) == (1, {"service": "sample", "template": "greeting"})


def test_gauges_say_what_waits(harness: Harness, reader: InMemoryMetricReader) -> None:
    opened(harness)
    harness.clock.set(harness.clock.now() + timedelta(seconds=90))
    case_id = opened(harness).json()["case_id"]
    service.consumer(harness.service).process([desks.arrived(case_id, 9), desks.arrived("k2", 1)])
    gauges.of(harness.service).read()
    assert value("rso_outbox_pending", service="sample") == 4
    assert value("rso_outbox_age_seconds", service="sample") == 90
    parked = {
        key: found
        for key, found in samples().items()
        if key[0] == "rso_parked_keys" and ("service", "sample") in key[1]
    }
    assert parked == {
        ("rso_parked_keys", frozenset({("service", "sample"), ("consumer", "sample"), ("state", "not_yet")})): 2
    }
    assert len(points(reader, "rso.outbox.age")) == 1


def test_types_that_nobody_knows_are_counted_and_heads_are_none_of_them(
    harness: Harness, reader: InMemoryMetricReader
) -> None:
    known = desks.arrived("k1", 1)
    head, strange = (
        Record(known.topic, "k1", {**known.headers, "ce_id": type_, "ce_type": type_}, b"{}")
        for type_ in (HEAD_TYPE, "rso.other.invented_later.v1")
    )
    service.consumer(harness.service).process([head, strange])
    gauges.of(harness.service).read()
    (skipped,) = points(reader, "rso.skipped")
    assert (skipped.value, skipped.attributes["type"]) == (1, "rso.other.invented_later.v1")


def test_lag_is_told_by_group_and_topic(harness: Harness, reader: InMemoryMetricReader) -> None:
    asyncio.run(harness.broker.publish([desks.arrived("k1", 1), desks.arrived("k2", 1)]))
    groups = {"sample": [sample.OTHER_TOPIC, sample.THIRD_TOPIC]}

    async def once() -> None:
        running = asyncio.create_task(gauges.of(harness.service, groups).run())
        await desks.until(lambda: points(reader, "rso.consumer.lag") != [])
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(once())
    assert value("rso_consumer_lag", group="sample", topic=sample.OTHER_TOPIC) == 2
    assert value("rso_consumer_lag", group="sample", topic=sample.THIRD_TOPIC) == 0


def test_a_database_that_is_away_ends_no_loop_and_its_gauges_disappear(
    harness: Harness, reader: InMemoryMetricReader
) -> None:
    with harness.service.db.write() as tx:
        tx.conn.exec_driver_sql("ALTER TABLE outbox RENAME TO away")

    async def once() -> None:
        running = asyncio.create_task(gauges.of(harness.service).run())
        await desks.until(lambda: points(reader, "rso.telemetry.dropped") != [])
        assert not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(once())
    (dropped,) = points(reader, "rso.telemetry.dropped")
    assert dict(dropped.attributes) == {"signal": "gauges"}


def test_a_sample_that_nobody_renews_is_not_shown(
    reader: InMemoryMetricReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics.show("rso.cases", "test", {("matching",): 3})
    assert value("rso_cases", stage="matching") == 3
    monkeypatch.setattr(metrics, "STALE_SECONDS", -1.0)
    assert value("rso_cases", stage="matching") is None
    assert points(reader, "rso.cases") == []


def test_every_metric_of_the_table_is_exposed_under_the_name_it_says(reader: InMemoryMetricReader) -> None:
    """Panels are written from these names."""
    for metric in TABLE:
        labels = dict.fromkeys(metric.labels, "x")
        if metric.kind in {"gauge", "total"}:
            metrics.show(metric.name, "test", {tuple("x" for _ in metric.labels): 1})
        elif metric.kind == "counter":
            metrics._Process.use.add(metric.name, 1, **labels)
        else:
            metrics._Process.use.record(metric.name, 1, **labels)
    told = samples()
    for metric in TABLE:
        name = f"{metric.prometheus}_bucket" if metric.kind == "histogram" else metric.prometheus
        found = [labels for told_name, labels in told if told_name == name]
        assert found, metric.name
        assert {key for key, _ in found[0]} - {"le"} == set(metric.labels)
    assert reader.get_metrics_data() is not None


def test_before_anything_is_configured_counting_does_nothing() -> None:
    metrics.conflict("sample", "case")
    metrics.request("sample", "POST", "/v1/cases", "done", 0.1)
    assert text() == ""


def test_metrics_stand_beside_an_app_and_nothing_else_changes(harness: Harness, reader: InMemoryMetricReader) -> None:
    http = TestClient(metrics.beside(harness.app))
    assert http.get("/internal/v1/sample/livez").status_code == 200
    answer = http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'rso_request_duration_seconds_count{method="GET"' in answer.text
    assert harness.http.get("/metrics").status_code == 404
    assert points(reader, "rso.request.duration")


class _Away(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_response(503)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


def test_an_endpoint_that_refuses_is_counted_and_raises_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with HTTPServer(("127.0.0.1", 0), _Away) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        close = metrics.configure("test", f"http://127.0.0.1:{server.server_port}")
        use = metrics._Process.use
        metrics.conflict("sample", "case")
        close()
        server.shutdown()
        thread.join()
    assert capsys.readouterr().err == ""
    assert metrics._Process.use is not use
