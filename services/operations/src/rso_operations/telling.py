"""What organisations were told about a case, and what came of it: asked of subscriptions with the token of whoever looks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rso_operations.acts import Of
from rso_operations.fetching import section
from rso_operations.markup import moment, offered, table, text, words

PERMISSION = "case.events.read"
HEADS = ("Event", "To", "When", "Delivery")


async def told(public_url: str, token: str, case_id: str) -> str:
    """The section of the case's page."""
    return await section(
        public_url, token, case_id, "events", page=lambda found: page(found["events"] if found else []),
        service="subscriptions", caption="Events told", heads=HEADS,
    )  # fmt: skip


def page(events: list[Mapping[str, Any]]) -> str:
    rows = (_row(each) for each in events)
    caption = f"Events told <b>{len(events)}</b>"
    endpoints = {each["endpoint_id"] for event in events for each in event["deliveries"]}
    choices = offered(Of.ENDPOINT, ((id_, f"endpoint {id_[:8]}") for id_ in sorted(endpoints))) + offered(
        Of.EVENT,
        ((each["event_id"], f"{each['type']}, {each['sequence']}") for each in events if each["deliveries"]),
    )
    return table(caption, HEADS, rows, empty="Nobody was told anything.") + choices


def _row(event: Mapping[str, Any]) -> str:
    sent = "<br>".join(_delivery(each) for each in event["deliveries"]) or "<span class='quiet'>in the feed</span>"
    at = datetime.fromisoformat(event["occurred_at"])
    return (
        f"<tr><th scope='row'>{text(event['type'])} <small>{event['sequence']}</small></th><td>{text(event['organisation_id'])}</td>"
        f"<td class='num'>{moment(at)}</td><td>{sent}</td></tr>"
    )


def _delivery(one: Mapping[str, Any]) -> str:
    late = "" if one["state"] == "delivered" else " class='late'"
    status = f" {one['status']}" if one["status"] else ""
    times = f", {one['attempts']} attempts" if one["attempts"] > 1 else ""
    why = "" if one["state"] == "delivered" else f": {words(one['outcome']).lower()}{status}"
    return f"<span{late}>{words(one['state'])}{why}{times} <small>{text(one['endpoint_id'][:8])}</small></span>"
