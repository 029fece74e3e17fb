"""The page Health as HTML: for engineers and for operations, when something does not move."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from rso_operations.engine_room import EngineRoom, State
from rso_operations.markup import age, moment, table, text, words
from rso_operations.words import counted

SERVICE_HEADS = ("Service", "State", "Unsent facts", "Parked", "Set aside", "Behind")
PARKED_HEADS = ("Service", "Consumer", "Key", "State", "Why", "Since", "")
ENDPOINT_HEADS = ("Endpoint", "Organisation", "State", "Why")


FORBIDDEN = "<p class='empty' role='status'>How the services are is shown to the role operations.</p>"


def links(temporal: str, traces: str) -> str:
    """Outside of what is refreshed."""
    made = "".join(
        f"<a href='{text(url)}' rel='noopener'>{name}</a>" if url else f"<span class='quiet'>{name}: not set</span>"
        for name, url in (("Workflows in Temporal", temporal), ("Traces", traces))
    )
    return f"<h1>Health</h1><p class='links'>{made}</p>"


def page(found: EngineRoom, now: datetime) -> str:
    ready = sum(bool(state.told.get("ready")) for state in found.states)
    parked = [(state.service, one) for state in found.states for one in state.parked]
    return (
        table(
            f"Services <b>{ready} of {len(found.states)} ready</b>",
            SERVICE_HEADS,
            map(_service, found.states),
            empty="",
        )
        + table(
            f"Parked messages <b>{len(parked)}</b>",
            PARKED_HEADS,
            (_parked(service, one, now) for service, one in parked),
            empty="Every message could be handled.",
        )
        + _endpoints(found)
    )


def _service(state: State) -> str:
    told = state.told
    if not told:
        said, numbers = "<span class='late'>No answer</span>", "<td></td>" * 4
    else:
        problems = "; ".join(f"{text(name)}: {text(why)}" for name, why in told["problems"].items())
        said = "Ready" if told["ready"] else f"<span class='late'>Not ready</span> <small>{problems}</small>"
        behind = ", ".join(f"{text(group)} {lag}" for group, lag in told["lag"].items())
        numbers = (
            f"<td class='num'>{told['unsent']}</td><td class='num'>{told['parked']}</td>"
            f"<td class='num'>{len(told['set_aside'])}</td><td>{behind or '<span class=quiet>not here</span>'}</td>"
        )
    return f"<tr><th scope='row'>{words(state.service)}</th><td>{said}</td>{numbers}</tr>"


def _parked(service: str, one: Mapping[str, Any], now: datetime) -> str:
    path = "/".join(quote(each, safe="") for each in (service, one["consumer"], one["key"]))
    again = (
        f"<form data-act='/operations/replay/{text(path)}'><button>Try again</button><output role='status'></output></form>"
        if one["state"] == "poison"
        else "<span class='quiet'>by itself</span>"
    )
    since = datetime.fromisoformat(one["parked_at"])
    return (
        f"<tr><th scope='row'>{words(service)}</th><td>{text(one['consumer'])}</td><td><code>{text(one['key'][:8])}</code></td>"
        f"<td>{words(one['state'])}</td><td>{text(one['reason'])}</td>"
        f"<td class='num'>{moment(since)} <small>{age(since, now)}</small></td><td>{again}</td></tr>"
    )


def _endpoints(found: EngineRoom) -> str:
    if found.endpoints is None:
        said = "<span class='late'>The subscriptions service does not answer.</span>"
        return table("Subscribers", ENDPOINT_HEADS, (), empty=said)
    silent = [each for each in found.endpoints if each["status"] != "active"]
    caption = f"Subscribers <b>{counted(len(silent), 'endpoint')} of {len(found.endpoints)} not served</b>"
    rows = (
        f"<tr><th scope='row'><code>{text(each['endpoint_id'][:8])}</code></th><td>{text(each['organisation_id'])}</td>"
        f"<td class='late'>{words(each['status'])}</td><td>{words(each['pause_reason'] or '')}</td></tr>"
        for each in silent
    )
    return table(caption, ENDPOINT_HEADS, rows, empty="Every endpoint is served.")
