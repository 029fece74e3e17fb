"""What the services have set aside, as HTML: by service and key, with the way to try it again; or only how many, for other roles."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import quote

from rso_operations.engine_room import State
from rso_operations.markup import age, moment, table, text, words
from rso_shared.kit.parking import POISON

HEADS = ("Service", "Consumer", "Key", "Messages", "State", "Why", "Since", "")
SHOWN = 50
"""Keys; the head says how many messages there are in all."""
COUNT_HEADS = ("Service", "Parked")
NOTHING = "Every message could be handled."


def keys(states: Sequence[State], now: datetime) -> str:
    by_key = _by_key(states)
    rows = (_row(service, messages, now) for (service, *_), messages in islice(by_key.items(), SHOWN))
    silent = [state.service for state in states if state.parked is None]
    return _section(sum(map(len, by_key.values())), HEADS, rows, silent)


def _by_key(states: Sequence[State]) -> Mapping[tuple[str, str, str], list[Mapping[str, Any]]]:
    """(service, consumer, key) -> its messages, in their order."""
    found: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for state in states:
        for one in state.parked or ():
            found.setdefault((state.service, one["consumer"], one["key"]), []).append(one)
    return found


def counts(states: Sequence[State]) -> str:
    """Each service says to anybody of ours how many it has; which ones is for those who work on them."""
    parked = {state.service: int(state.told["parked"]) for state in states if state.told}
    rows = (
        f"<tr><th scope='row'>{words(service)}</th><td class='num'>{count}</td></tr>"
        for service, count in parked.items()
        if count
    )
    silent = [state.service for state in states if not state.told]
    shown = _section(sum(parked.values()), COUNT_HEADS, rows, silent)
    return shown + ("<p class='quiet'>Which ones is shown to the role operations.</p>" if any(parked.values()) else "")


def _section(count: int, heads: Sequence[str], rows: Iterator[str], silent: Sequence[str]) -> str:
    empty = "No service that answered has any." if silent else NOTHING
    return table(f"Parked messages <b>{count}</b>", heads, rows, empty=empty) + _unanswered(silent)


def _unanswered(silent: Sequence[str]) -> str:
    names = ", ".join(map(words, silent))
    return f"<p class='late' role='status'>No answer: {names}. What is parked there is not known.</p>" if silent else ""


def _row(service: str, messages: Sequence[Mapping[str, Any]], now: datetime) -> str:
    """Of one key. Only what was found to be poison waits for somebody; the rest is tried again by itself."""
    one = next((each for each in messages if each["state"] == POISON), messages[0])
    path = "/".join(quote(part, safe="") for part in (service, one["consumer"], one["key"]))
    again = (
        f"<form data-act='/operations/replay/{text(path)}'><button>Try again</button><output role='status'></output></form>"
        if one["state"] == POISON
        else "<span class='quiet'>by itself</span>"
    )
    since = datetime.fromisoformat(one["parked_at"])
    return (
        f"<tr><th scope='row'>{words(service)}</th><td>{text(one['consumer'])}</td><td><code>{text(one['key'][:8])}</code></td>"
        f"<td class='num'>{len(messages)}</td><td>{words(one['state'])}</td><td>{text(one['reason'])}</td>"
        f"<td class='num'>{moment(since)} <small>{age(since, now)}</small></td><td>{again}</td></tr>"
    )
