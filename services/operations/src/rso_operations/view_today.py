"""The page Today as HTML, from what was counted and an instant."""

from collections.abc import Iterable
from datetime import datetime

from rso_operations.board import ENDED
from rso_operations.freshness import Freshness
from rso_operations.markup import CASE_HEADS, age, case_row, moment, span, table, text, words
from rso_operations.today import WINDOW, Day, Few, Today, Turnaround
from rso_shared.contracts.vocabulary import Stage

UNDER_WAY = tuple(stage for stage in Stage if stage not in ENDED)


def page(found: Today, now: datetime, fresh: Freshness) -> str:
    open_ = sum(found.counts[stage] for stage in UNDER_WAY if stage is not Stage.DELIVERED)
    before = (
        ("Overdue", found.overdue, "Nothing is late.", "?late=yes&sort=due"),
        ("Due within a day", found.due_soon, "Nothing falls due until tomorrow.", "?due_soon=yes&sort=due"),
        ("Escalated", found.escalated, "Nothing was escalated in its present stage.", "?escalated=yes"),
    )
    after = (("Unclaimed", found.unclaimed, "Every case has a person who owns it.", "?unclaimed=yes"),)
    return (
        f"<h1>Today</h1><p class='sum'>{open_} under way, {found.overdue.count} overdue"
        f"{_live(fresh, now)}</p>"
        f"<nav class='pipeline' aria-label='Cases by stage'>{_tiles(UNDER_WAY, found)}</nav>"
        f"<nav class='pipeline ended' aria-label='Ended cases'>{_tiles(ENDED, found)}</nav>"
        f"<div class='figures'>{_turnaround(found.turnaround)}{_days(found.days)}</div>"
        + "".join(_list(*each, now) for each in before)
        + _held(found, now)
        + "".join(_list(*each, now) for each in after)
    )


def _live(fresh: Freshness, now: datetime) -> str:
    """Live only where the loop that keeps the facts is known to be well."""
    newest = f", newest fact {moment(fresh.newest)} UTC" if fresh.newest else ", no fact yet"
    if fresh.trouble:
        passed = f" <small>{age(fresh.newest, now)} ago</small>" if fresh.newest else ""
        return f"<span class='live late'>Behind{newest}{passed}</span>"
    return f"<span class='live'>{'Live' if fresh.known else 'As of'} {moment(now)} UTC{'' if fresh.known else newest}</span>"


def _tiles(stages: Iterable[Stage], found: Today) -> str:
    return "".join(
        f"<a href='/operations/cases?stage={stage}'{'' if found.counts[stage] else ' class=none'}>"
        f"<b>{found.counts[stage]}</b><span>{words(stage)}</span></a>"
        for stage in stages
    )


def _list(name: str, few: Few, empty: str, address: str, now: datetime) -> str:
    rest = few.count - len(few.rows)
    more = f" <a href='/operations/cases{text(address)}'>and {rest} more</a>" if rest else ""
    return table(f"{name} <b>{few.count}</b>{more}", CASE_HEADS, (case_row(row, now) for row in few.rows), empty=empty)


def _held(found: Today, now: datetime) -> str:
    """A list per reason; what is on hold for several stands in each of them."""
    head = f"On hold <b>{found.held.count}</b>"
    if not found.held.count:
        return table(head, CASE_HEADS, (), empty="No case is on hold.")
    lists = "".join(
        _list(f"On hold: {words(reason).lower()}", few, "", f"?held={reason}", now)
        for reason, few in found.held_for.items()
    )
    return f"<section><h2>{head} <a href='/operations/cases?held=any'>in one list</a></h2>{lists}</section>"


def _turnaround(found: Turnaround) -> str:
    on_time = "no promise yet" if found.on_time is None else f"{found.on_time:.0%}"
    half, most = (span(each) or "under a minute" if each is not None else "—" for each in (found.p50, found.p90))
    return (
        f"<dl class='sheet'><dt>Delivered in {WINDOW.days} days</dt><dd>{found.deliveries}</dd>"
        f"<dt>Half within</dt><dd>{half}</dd><dt>Nine of ten within</dt><dd>{most}</dd><dt>On time</dt><dd>{on_time}</dd></dl>"
    )


def _days(days: tuple[Day, ...]) -> str:
    """Bars for the eye; each says its number to whoever cannot see them."""
    most = max((max(day.arrived, day.delivered) for day in days), default=0) or 1
    bars = "".join(
        f"<li><i style='height:{100 * day.arrived // most}%'></i><i class='out' style='height:{100 * day.delivered // most}%'></i>"
        f"<span class='said'>{day.day}: {day.arrived} arrived, {day.delivered} delivered</span></li>"
        for day in days
    )
    arrived, delivered = sum(day.arrived for day in days), sum(day.delivered for day in days)
    return (
        f"<figure class='sheet'><figcaption>{len(days)} days: <b>{arrived}</b> arrived, <b class='out'>{delivered}</b> delivered"
        f"</figcaption><ul class='bars'>{bars}</ul></figure>"
    )
