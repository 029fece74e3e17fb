"""The calls that count and measure, and what a scraper reads. Names and labels are in `metric_table`.

What has to be asked of a database or of the log is sampled by `gauges.Gauges`; here only the last samples are kept, so that a
scrape never waits for anything.
"""

import asyncio
import logging
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from opentelemetry import metrics as api
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    MetricExporter,
    MetricExportResult,
    MetricReader,
    MetricsData,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.types import ASGIApp, Receive, Scope, Send

from rso_shared.kit.metric_table import TABLE, Metric

SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
STALE_SECONDS = 60.0
TIMEOUT_SECONDS = 3.0
EXPORT_SECONDS = 15.0
OTHER = "other"


BY_NAME: Mapping[str, Metric] = {metric.name: metric for metric in TABLE}
Samples = Mapping[tuple[str, ...], float]


class _Shown:
    """The last samples of each gauge, by who took them."""

    def __init__(self) -> None:
        self._samples: dict[tuple[str, str], tuple[float, Samples]] = {}
        self._lock = threading.Lock()

    def put(self, name: str, owner: str, samples: Samples) -> None:
        with self._lock:
            self._samples[name, owner] = (time.monotonic(), samples)

    def of(self, metric: Metric) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def observe(_options: CallbackOptions) -> Iterable[Observation]:
            with self._lock:
                found = [item for (name, _), item in self._samples.items() if name == metric.name]
            fresh = [samples for at, samples in found if time.monotonic() - at < STALE_SECONDS]
            pairs = [pair for samples in fresh for pair in samples.items()]
            return [Observation(value, dict(zip(metric.labels, labels, strict=True))) for labels, value in pairs]

        return observe


def _made(metric: Metric, meter: api.Meter, shown: _Shown) -> Any:
    match metric.kind:
        case "histogram":
            return meter.create_histogram(
                metric.name, metric.unit, metric.description, explicit_bucket_boundaries_advisory=SECONDS
            )
        case "counter":
            return meter.create_counter(metric.name, metric.unit, metric.description)
        case "gauge":
            return meter.create_observable_gauge(metric.name, [shown.of(metric)], metric.unit, metric.description)
        case _:
            return meter.create_observable_counter(metric.name, [shown.of(metric)], metric.unit, metric.description)


class _Instruments:
    """Those of the process. Before `configure` they do nothing, and cost next to nothing."""

    def __init__(self, meter: api.Meter, registry: CollectorRegistry) -> None:
        self.registry, self.shown = registry, _Shown()
        self._all = {metric.name: _made(metric, meter, self.shown) for metric in TABLE}

    def record(self, name: str, value: float, **labels: str) -> None:
        self._all[name].record(value, labels)

    def add(self, name: str, count: int, **labels: str) -> None:
        self._all[name].add(count, labels)


def _idle() -> _Instruments:
    return _Instruments(api.NoOpMeter("rso"), CollectorRegistry())


class _Process:
    """What `configure` replaces."""

    use = _idle()


def request(service: str, method: str, route: str, outcome: str, seconds: float) -> None:
    _Process.use.record(
        "rso.request.duration", seconds, service=service, method=method, route=route or OTHER, outcome=outcome
    )


def conflict(service: str, aggregate: str) -> None:
    _Process.use.add("rso.append.conflicts", 1, service=service, aggregate=aggregate)


def relayed(service: str, records: int) -> None:
    _Process.use.add("rso.relay.batches", 1, service=service)
    _Process.use.add("rso.relay.records", records, service=service)


def timer_fired(deadline: str, rung: str) -> None:
    """Of `offer/<id>` the kind; of a rung's name the part without ids and numbers."""
    kind, step = _code(deadline.split("/", 1)[0]), _code(_BARE.sub("", rung))
    _Process.use.add("rso.timers.fired", 1, deadline=kind, rung=step)
    if rung in _FIRST_MISSES:
        _Process.use.add("rso.sla.breaches", 1, deadline=kind)


_BARE = re.compile(r"^[0-9a-f]{8}-[0-9a-f-]{27}_|_[0-9a-f]{8}-[0-9a-f-]{27}$|_\d+$")
_FIRST_MISSES = frozenset({"overdue", "overdue_1", "decide"})
"""The first rung after the instant by which somebody of ours had to have acted; a second one is no second breach."""


def _code(text: str) -> str:
    return text if re.fullmatch(r"[a-z_]{1,40}", text) else OTHER


def mail_sent(service: str, template: str) -> None:
    _Process.use.add("rso.mail.sent", 1, service=service, template=template)


def dropped(signal: str, count: int) -> None:
    _Process.use.add("rso.telemetry.dropped", count, signal=signal)


def show(name: str, owner: str, samples: Samples) -> None:
    """The present values of a gauge, in the order of its labels; they replace what the owner showed before."""
    _Process.use.shown.put(BY_NAME[name].name, owner, samples)


class _Forgiving(MetricExporter):
    """Wraps the real exporter: what it cannot deliver is counted; the next export carries the sums anyway."""

    def __init__(self, inner: MetricExporter) -> None:
        super().__init__(inner._preferred_temporality, inner._preferred_aggregation)  # noqa: SLF001 - as readers do
        self._inner = inner

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **_more: Any) -> MetricExportResult:
        try:
            result = self._inner.export(metrics_data, timeout_millis)
        except Exception:  # noqa: BLE001 - telemetry never breaks work, whatever an exporter raises
            result = MetricExportResult.FAILURE
        if result is not MetricExportResult.SUCCESS:
            dropped("metrics", 1)
        return result

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        return self._inner.force_flush(timeout_millis)

    def shutdown(self, timeout_millis: float = 30_000, **_more: Any) -> None:
        self._inner.shutdown(timeout_millis)


def configure(name: str, endpoint: str | None, more: Sequence[MetricReader] = ()) -> Callable[[], None]:
    """Once per process. /metrics always works; with an endpoint the same goes there every 15 seconds. Returns the end of it."""
    for library in ("opentelemetry", "urllib3"):
        logging.getLogger(library).setLevel(logging.CRITICAL)  # they log every failed try; we count them
    registry = CollectorRegistry()
    readers: list[MetricReader] = [PrometheusMetricReader(scope_info_enabled=False, registry=registry), *more]
    if endpoint:
        exporter = _Forgiving(OTLPMetricExporter(f"{endpoint}/v1/metrics", timeout=TIMEOUT_SECONDS))
        readers.append(PeriodicExportingMetricReader(exporter, EXPORT_SECONDS * 1000))
    provider = MeterProvider(readers, Resource.create({"service.name": name}), shutdown_on_exit=False)
    _Process.use = _Instruments(provider.get_meter("rso"), registry)

    def close() -> None:
        provider.shutdown(TIMEOUT_SECONDS * 1000)
        _Process.use = _idle()

    return close


def asgi() -> ASGIApp:
    """Answers every metric of this process as Prometheus text, collected on a thread: no query, and the loop goes on."""

    async def answer(scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        text = await asyncio.get_running_loop().run_in_executor(None, generate_latest, _Process.use.registry)
        headers = [(b"content-type", CONTENT_TYPE_LATEST.encode()), (b"content-length", str(len(text)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": text})

    return answer


def beside(app: ASGIApp) -> ASGIApp:
    """`app`, with /metrics in front of it. For listeners that nobody outside reaches, or whose ingress refuses that path."""
    mine = asgi()

    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        own = scope["type"] == "http" and scope["path"] == "/metrics"
        await (mine if own else app)(scope, receive, send)

    return either
