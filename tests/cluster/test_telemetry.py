"""What a collector gets of a case that was played on the cluster: one chain of traces over all processes, metrics, and nobody's name."""

from collections import defaultdict
from collections.abc import Iterable

import pytest
from e2e import tally
from e2e.onebox import wait_for
from e2e.searching import search
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from cluster.conftest import Deployment
from cluster.test_leaks import strings  # noqa: F401 - a fixture: a case of a known patient, and what names her
from rso_shared.kit.names import SERVICES
from support.collector import METRICS, TRACES, Collector, Seen

EVERY = {service.package for service in SERVICES}
SERVED, SENT = Span.SPAN_KIND_SERVER, Span.SPAN_KIND_PRODUCER
HEARD, CALLED = Span.SPAN_KIND_CONSUMER, Span.SPAN_KIND_CLIENT
COMMANDED = EVERY - {"rso_coordinator", "rso_operations", "rso_subscriptions"}
"""The services that a case commands over HTTP."""
WANTED = {
    "rso.request.duration", "rso.relay.records", "rso.outbox.age", "rso.consumer.lag", "rso.cases", "rso.mail.sent",
}  # fmt: skip


@pytest.fixture(scope="module")
def collector(cluster: Deployment) -> Collector:
    return cluster.collector


def following(spans: Iterable[Seen], first: str) -> list[Seen]:
    """The spans of a trace, and of every one that is linked to one of these, and so on."""
    known, follows = list(spans), defaultdict[str, set[str]](set)
    for span in known:
        for cause in span.links:
            follows[cause].add(span.trace)
    found, front = {first}, {first}
    while front:
        front = {trace for cause in front for trace in follows[cause]} - found
        found |= front
    return [span for span in known if span.trace in found]


def by_kind(chain: Iterable[Seen]) -> dict[int, set[str]]:
    services = defaultdict[int, set[str]](set)
    for span in chain:
        services[span.kind].add(span.service)
    return services


def led_everywhere(collector: Collector) -> bool:
    """From one of the first requests, link by link, through every service that a case commands, and by every kind of step."""
    spans = list(collector.spans())
    opened = [span.trace for span in spans if span.kind == SERVED and span.name == "POST /v1/cases"]
    return any(led(following(spans, trace)) for trace in opened)


def led(chain: list[Seen]) -> bool:
    services, names = by_kind(chain), {span.name.partition(":")[0] for span in chain}
    return (
        services[SERVED] >= COMMANDED
        and services[SENT] >= COMMANDED
        and services[HEARD] == EVERY
        and "rso_coordinator" in services[CALLED]
        and names >= {"append", "SignalWithStartWorkflow", "RunWorkflow", "RunActivity"}
    )


@pytest.mark.usefixtures("strings")
def test_one_chain_leads_from_the_first_request_through_every_service(collector: Collector) -> None:
    """HTTP, store, outbox, Kafka, consumer, workflow, activity and back into HTTP: who follows the links misses nobody."""
    wait_for("a chain through every service", lambda: led_everywhere(collector), 60)


def test_every_service_sends_its_metrics(collector: Collector) -> None:
    def told() -> bool:
        services, names = (set(each) for each in zip(*collector.metrics(), strict=True))
        return services >= EVERY and names >= WANTED

    wait_for("metrics of every service", told, 150)


def test_nothing_that_was_sent_names_the_patient(collector: Collector, strings: set[str]) -> None:  # noqa: F811 - the fixture
    places = [(path, body) for path in (TRACES, METRICS) for body in list(collector.sent[path])]
    assert {path for path, _ in places} == {TRACES, METRICS}
    assert search(places, strings) == []
    tally.add(files=len(places), strings=len(strings))
