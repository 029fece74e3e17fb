"""An OpenTelemetry collector that keeps what it is sent, as it came over the wire."""

import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

TRACES, METRICS = "/v1/traces", "/v1/metrics"


@dataclass(frozen=True, slots=True)
class Seen:
    """A span as it was exported. Ids as hex; `links` are the traces that it is linked to."""

    service: str
    name: str
    kind: int
    trace: str
    links: tuple[str, ...]
    case_id: str


class Collector:
    """Listens from the start until `close`."""

    def __init__(self) -> None:
        self.sent: dict[str, list[bytes]] = defaultdict(list)
        kept = self.sent

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                kept[self.path].append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="collector", daemon=True).start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def spans(self) -> Iterator[Seen]:
        for body in list(self.sent[TRACES]):
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                service = _text(resource.resource.attributes, "service.name")
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        links = tuple(link.trace_id.hex() for link in span.links)
                        case_id = _text(span.attributes, "rso.case_id")
                        yield Seen(service, span.name, span.kind, span.trace_id.hex(), links, case_id)

    def metrics(self) -> set[tuple[str, str]]:
        """(service, name) of every metric that came."""
        return {
            (_text(resource.resource.attributes, "service.name"), metric.name)
            for body in list(self.sent[METRICS])
            for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _text(attributes, name: str) -> str:  # type: ignore[no-untyped-def]  # a protobuf container, which has no public type
    return next((each.value.string_value for each in attributes if each.key == name), "")
