"""The page Health as HTML: for engineers and for operations, when something does not move."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rso_operations import view_parked
from rso_operations.engine_room import EngineRoom, State
from rso_operations.markup import age, moment, table, text, words
from rso_operations.words import counted

SERVICE_HEADS = ("Service", "State", "Unsent facts", "Parked", "Set aside", "Behind", "Loops, last heard of")
ENDPOINT_HEADS = (
    "Endpoint", "Organisation", "State", "Why", "Behind", "Queued", "Dead letters", "Failing since", "Next try",
)  # fmt: skip


ELSEWHERE = "<span class='quiet'>not here</span>"
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
    return (
        table(
            f"Services <b>{ready} of {len(found.states)} ready</b>",
            SERVICE_HEADS,
            (_service(state, now) for state in found.states),
            empty="",
        )
        + view_parked.keys(found.states, now)
        + _endpoints(found, now)
    )


def _service(state: State, now: datetime) -> str:
    told = state.told
    if not told:
        said, numbers = "<span class='late'>No answer</span>", "<td></td>" * 5
    else:
        problems = "; ".join(f"{text(name)}: {text(why)}" for name, why in told["problems"].items())
        said = "Ready" if told["ready"] else f"<span class='late'>Not ready</span> <small>{problems}</small>"
        behind = ", ".join(f"{text(group)} {lag}" for group, lag in told["lag"].items())
        numbers = (
            f"<td class='num'>{_unsent(told, now)}</td><td class='num'>{told['parked']}</td>"
            f"<td class='num'>{len(told['set_aside'])}</td><td>{behind or ELSEWHERE}</td><td>{_loops(told)}</td>"
        )
    return f"<tr><th scope='row'>{words(state.service)}</th><td>{said}</td>{numbers}</tr>"


def _unsent(told: Mapping[str, Any], now: datetime) -> str:
    since = told.get("unsent_since")
    return f"{told['unsent']}" + (f" <small>oldest {age(datetime.fromisoformat(since), now)}</small>" if since else "")


def _loops(told: Mapping[str, Any]) -> str:
    """Relay, consumer, worker, delivery and the rest, where this process runs them."""
    beats = told.get("heartbeats", {}).items()
    return ", ".join(_loop(name, seconds, late=name in told["problems"]) for name, seconds in beats) or ELSEWHERE


def _loop(name: str, seconds: float, *, late: bool) -> str:
    said = f"{text(name)} {seconds:.0f} s"
    return f"<span class='late'>{said}</span>" if late else said


def _endpoints(found: EngineRoom, now: datetime) -> str:
    if found.endpoints is None:
        said = "<span class='late'>The subscriptions service does not answer.</span>"
        return table("Subscribers", ENDPOINT_HEADS, (), empty=said)
    silent = [each for each in found.endpoints if each["status"] != "active"]
    waiting = [each for each in found.endpoints if each["status"] == "active" and _waits(each)]
    unasked = sum("delivering" not in each for each in found.endpoints)
    caption = (
        f"Subscribers <b>{counted(len(silent), 'endpoint')} of {len(found.endpoints)} not served, {len(waiting)} waiting or failing</b>"
        + (f" <small>{unasked} not asked for their queue</small>" if unasked else "")
    )
    rows = (_endpoint(each, now) for each in (*silent, *waiting))
    return table(caption, ENDPOINT_HEADS, rows, empty="Every endpoint is served.")


def _waits(endpoint: Mapping[str, Any]) -> bool:
    """Something is not delivered to it, or was given up."""
    told = endpoint.get("delivering")
    return bool(
        told and (told["queued"] or told["dead_letters"] or told["failing_since"] or told["newest"] > told["cursor"])
    )


def _endpoint(each: Mapping[str, Any], now: datetime) -> str:
    late = "" if each["status"] == "active" else " class='late'"
    return (
        f"<tr><th scope='row'><code>{text(each['endpoint_id'][:8])}</code></th><td>{text(each['organisation_id'])}</td>"
        f"<td{late}>{words(each['status'])}</td><td>{words(each['pause_reason'] or '')}</td>{_delivering(each.get('delivering'), now)}</tr>"
    )


def _delivering(told: Mapping[str, Any] | None, now: datetime) -> str:
    if told is None:
        return "<td></td>" * 5
    failing, again = (datetime.fromisoformat(at) if at else None for at in (told["failing_since"], told["next_try"]))
    next_ = moment(again) if again else ""
    dead = " late" if told["dead_letters"] else ""
    since = f"<span class='late'>{moment(failing)} <small>{age(failing, now)}</small></span>" if failing else ""
    return (
        f"<td class='num'>{told['newest'] - told['cursor']}</td><td class='num'>{told['queued']}</td>"
        f"<td class='num{dead}'>{told['dead_letters']}</td><td class='num'>{since}</td><td class='num'>{next_}</td>"
    )
