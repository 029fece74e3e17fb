"""The page Health as HTML: for engineers and for operations, when something does not move."""

from datetime import datetime

from rso_operations import view_parked
from rso_operations.engine_room import EngineRoom, State
from rso_operations.markup import table, text, words
from rso_operations.words import counted

SERVICE_HEADS = ("Service", "State", "Unsent facts", "Parked", "Set aside", "Behind")
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
    return (
        table(
            f"Services <b>{ready} of {len(found.states)} ready</b>",
            SERVICE_HEADS,
            map(_service, found.states),
            empty="",
        )
        + view_parked.keys(found.states, now)
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
