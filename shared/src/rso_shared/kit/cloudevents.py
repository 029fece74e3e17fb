"""CloudEvents 1.0 in Kafka binary mode: the attributes are headers, the value is the fact's JSON."""

from rso_shared.contracts.base import FactModel
from rso_shared.contracts.vocabulary import STAFF_ROLES, Role
from rso_shared.kit.clock import iso
from rso_shared.kit.events import Actor, Recorded
from rso_shared.kit.names import ServiceName

HEAD_TYPE = "rso.head.v1"


def actor(of: Actor) -> str:
    """Who did it, as others may know it: the role, and of the operator's own people and services also who of them (`role:id`)."""
    return f"{of.role}:{of.id}" if of.role in {*STAFF_ROLES, Role.SERVICE} else of.role


def headers(service: ServiceName, recorded: Recorded, type_: str, subject: str) -> dict[str, str]:
    """The attributes of one record. Beside the standard ones: the stream, its version and its hash, for whoever checks the log."""
    made = {"ce_correlationid": recorded.meta.correlation_id, "ce_actor": actor(recorded.meta.actor)}
    if recorded.meta.causation_id:
        made["ce_causationid"] = recorded.meta.causation_id
    if recorded.meta.traceparent:
        made["ce_traceparent"] = made["traceparent"] = recorded.meta.traceparent
    return made | {
        "ce_hash": recorded.hash.hex(),
        "ce_id": recorded.event_id,
        "ce_partitionkey": subject,
        "ce_source": service.source,
        "ce_specversion": "1.0",
        "ce_stream": recorded.stream,
        "ce_streamversion": str(recorded.version),
        "ce_subject": subject,
        "ce_time": iso(recorded.recorded_at),
        "ce_type": type_,
        "content-type": "application/json",
    }


def fact_headers(service: ServiceName, recorded: Recorded, fact: FactModel) -> dict[str, str]:
    return headers(service, recorded, fact.fact_type(), fact.key())


def head_headers(service: ServiceName, recorded: Recorded) -> dict[str, str]:
    """For an event without a public fact: that it exists is witnessed elsewhere, what it says is not."""
    return headers(service, recorded, HEAD_TYPE, recorded.stream)
