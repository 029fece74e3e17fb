"""Why which specialist was asked: the stored match decision of a case, asked of matching with the token of whoever looks."""

from collections.abc import Iterator, Mapping
from typing import Any

from rso_operations.fetching import section
from rso_operations.markup import specialist, table, text, words
from rso_operations.words import counted

PERMISSION = "match_decision.read"
FULL = 10_000
"""Scores, features and weights are basis points."""
SHOWN = 50
"""Of those who were not eligible; the head says how many there are."""


async def decided(public_url: str, token: str, case_id: str) -> str:
    """The section of the case's page."""
    return await section(
        public_url, token, case_id, "match-decision", page=lambda found: page(found["decision"] if found else None),
        service="matching", caption="Ranking",
    )  # fmt: skip


def page(decision: Mapping[str, Any] | None) -> str:
    if decision is None:
        return table("Ranking", (), (), empty="No specialist was searched for yet.")
    return _ranked(decision) + _left_out(decision)


def _ranked(decision: Mapping[str, Any]) -> str:
    """Each feature as full as it was found; its head says how much of the score it can make."""
    candidates, weights = decision["candidates"], decision["weights"]
    features = (f"{words(name)} <small>of {_percent(weight)}</small>" for name, weight in weights.items())
    caption = f"Ranking <b>{len(candidates)} eligible</b> <small>version {text(decision['ranking_version'])}</small>"
    heads = ("Place", "Specialist", "Score", *features, "Cases then")
    rows = (_candidate(place, one, weights) for place, one in enumerate(candidates, 1))
    return table(caption, heads, rows, empty="Nobody was eligible.")


def _candidate(place: int, one: Mapping[str, Any], weights: Mapping[str, int]) -> str:
    features = "".join(f"<td class='num'>{_percent(one['features'][name])}</td>" for name in weights)
    return (
        f"<tr><td class='num'>{place}</td><th scope='row'>{specialist(one['specialist_id'])}</th>"
        f"<td class='num'><b>{_percent(one['score'])}</b></td>{features}<td class='num'>{int(one['load']['active'])}</td></tr>"
    )


def _left_out(decision: Mapping[str, Any]) -> str:
    excluded, elsewhere = decision["exclusions"], int(decision["off_focus"])
    rest = f" and {counted(len(excluded) - SHOWN, 'other')}" if len(excluded) > SHOWN else ""
    caption = f"Not eligible <b>{len(excluded)}</b>{rest}, besides {elsewhere} whose focus is elsewhere"
    return table(
        caption, ("Specialist", "Why not"), _excluded(excluded[:SHOWN]), empty="Nobody of this focus was left out."
    )


def _excluded(excluded: list[Mapping[str, Any]]) -> Iterator[str]:
    for one in excluded:
        why = ", ".join(words(reason).lower() for reason in one["reasons"])
        yield f"<tr><th scope='row'>{specialist(one['specialist_id'])}</th><td>{why}</td></tr>"


def _percent(points: int) -> str:
    return f"{100 * int(points) / FULL:.0f} %"
