"""Every metric there is: name, unit, labels, what it says. Labels come from bounded sets: services, route templates, codes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """`kind`: histogram | counter | gauge, or total: a count that somebody else keeps and that is sampled."""

    name: str
    kind: str
    unit: str
    labels: tuple[str, ...]
    description: str

    @property
    def prometheus(self) -> str:
        """Its name at /metrics and in panels (of a histogram: without _bucket, _sum, _count)."""
        unit = "_seconds" if self.unit == "s" else ""
        return f"{self.name.replace('.', '_')}{unit}{'_total' if self.kind in {'counter', 'total'} else ''}"


TABLE = (
    Metric("rso.request.duration", "histogram", "s", ("service", "method", "route", "outcome"),
           "Requests as the middleware sees them; POST is a command. Outcome: done, replayed, refused, failed."),
    Metric("rso.append.conflicts", "counter", "{conflict}", ("service", "aggregate"),
           "Appends that found the stream at another version: another writer was faster."),
    Metric("rso.relay.batches", "counter", "{batch}", ("service",), "Batches that the log acknowledged."),
    Metric("rso.relay.records", "counter", "{record}", ("service",), "Records in those batches."),
    Metric("rso.timers.fired", "counter", "{timer}", ("deadline", "rung"), "Rungs of deadlines that fired."),
    Metric("rso.sla.breaches", "counter", "{deadline}", ("deadline",), "Deadlines of staff and specialists that were missed."),
    Metric("rso.mail.sent", "counter", "{mail}", ("service", "template"), "Mails handed over to the mail system."),
    Metric("rso.telemetry.dropped", "counter", "{item}", ("signal",), "Telemetry that could not be delivered or read."),
    Metric("rso.outbox.pending", "gauge", "{record}", ("service",), "Committed, not yet on the log."),
    Metric("rso.outbox.age", "gauge", "s", ("service",), "Since when the oldest of them waits."),
    Metric("rso.consumer.lag", "gauge", "{record}", ("group", "topic"), "On the log, not yet committed by the group."),
    Metric("rso.parked.keys", "gauge", "{key}", ("service", "consumer", "state"),
           "Keys set aside: not_yet waits for another fact, poison for a person."),
    Metric("rso.cases", "gauge", "{case}", ("stage",), "Cases by stage."),
    Metric("rso.skipped", "total", "{record}", ("service", "type"), "Facts of a type that this build does not know."),
)  # fmt: skip
