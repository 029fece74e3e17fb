"""Read models of the streams: endpoints and grants."""

import json
from datetime import datetime

from rso_shared.kit.clock import iso
from rso_shared.kit.events import Recorded
from rso_shared.kit.projections import Projection
from rso_shared.kit.rows import Rows
from rso_subscriptions.domain.endpoint_events import (
    EndpointChanged,
    EndpointCreated,
    EndpointPaused,
    EndpointRemoved,
    EndpointResumed,
    SecretRotated,
)
from rso_subscriptions.domain.grant import GrantEnded, GrantGiven
from rso_subscriptions.tables import ENDPOINTS, GRANTS


def _apply_endpoint(rows: Rows, recorded: Recorded) -> None:
    event, version = recorded.event, recorded.version
    match event:
        case EndpointCreated():
            known = {"endpoint_id": event.endpoint_id, "organisation_id": event.organisation_id}
            state = {"status": "active", "pause_reason": None, "created_at": iso(event.created_at), "version": version}
            rows.insert(ENDPOINTS, {**known, **_aim(event), **state})
        case EndpointChanged():
            rows.update(ENDPOINTS, event.endpoint_id, **_aim(event), version=version)
        case EndpointPaused(reason=reason):
            rows.update(ENDPOINTS, event.endpoint_id, status="paused", pause_reason=reason, version=version)
        case EndpointResumed():
            rows.update(ENDPOINTS, event.endpoint_id, status="active", pause_reason=None, version=version)
        case EndpointRemoved():
            rows.update(ENDPOINTS, event.endpoint_id, status="removed", version=version)
        case SecretRotated():
            rows.update(ENDPOINTS, event.endpoint_id, version=version)


def _aim(event: EndpointCreated | EndpointChanged) -> dict[str, str | int]:
    lists = {"types": event.types, "programs": event.programs, "sponsors": event.sponsors}
    return {"url": event.url, "rate": event.rate, **{name: json.dumps(value) for name, value in lists.items()}}


def _apply_grant(rows: Rows, recorded: Recorded) -> None:
    match recorded.event:
        case GrantGiven() as given:
            row = {
                name: getattr(given, name) for name in ("grant_id", "sponsor_id", "platform_id", "external_id", "level")
            }
            rows.insert(GRANTS, {**row, "effective_from": iso(given.effective_from), "until": _text(given.until)})
        case GrantEnded(grant_id=grant_id, until=until):
            rows.update(GRANTS, grant_id, until=iso(until))


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else iso(instant)


PROJECTIONS = (
    Projection(name="endpoints", tables=(ENDPOINTS,), apply=_apply_endpoint, aggregate="endpoint"),
    Projection(name="grants", tables=(GRANTS,), apply=_apply_grant, aggregate="grant"),
)
