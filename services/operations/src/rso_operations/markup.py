"""What every page is made of: pure functions to HTML. Everything that comes from outside is escaped here."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from html import escape
from pathlib import Path
from urllib.parse import quote

from rso_operations.board import ENDED, Row
from rso_shared.contracts.vocabulary import Priority, Stage

STYLE, KEYS = Path(__file__).with_name("style.css"), Path(__file__).with_name("keys.js")
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
SOON = timedelta(days=1)
OLD, VERY_OLD = timedelta(days=3), timedelta(days=7)
"""In one stage. From then on the age stands out, and from then on it stands out more."""
OVER = frozenset({*ENDED, Stage.DELIVERED})
PLACES = (
    ("Today", "/operations/", "t"), ("Cases", "/operations/cases", "c"), ("Specialists", "/operations/specialists", "s"),
    ("Reports", "/operations/reports", "r"), ("Health", "/operations/health", "h"),
)  # fmt: skip


def text(value: object) -> str:
    return escape(str(value))


def words(code: object) -> str:
    return text(code).replace("_", " ").capitalize()


def moment(at: datetime) -> str:
    """The absolute instant; its machine-readable form for whoever's tools read it."""
    return f"<time datetime='{at.isoformat()}'>{at:%-d %b %H:%M}</time>"


def age(since: datetime | None, now: datetime) -> str:
    """The two largest units that say enough: 3 d 4 h, 5 h 12 min, 7 min."""
    return "just now" if since is None else span(max(now - since, timedelta())) or "just now"


def aged(since: datetime | None, now: datetime, *, over: bool) -> str:
    """The age of an open case in its stage, in the colour of how long that is; nobody waits for what is over."""
    passed = now - since if since and not over else timedelta()
    name = "late" if passed >= VERY_OLD else "soon" if passed >= OLD else ""
    return f"<span class='{name}'>{age(since, now)}</span>" if name else age(since, now)


def span(passed: timedelta) -> str:
    if passed >= DAY:
        return f"{passed // DAY} d {passed % DAY // HOUR} h"
    if passed >= HOUR:
        return f"{passed // HOUR} h {passed % HOUR // MINUTE} min"
    return f"{passed // MINUTE} min" if passed >= MINUTE else ""


def due(at: datetime | None, now: datetime, *, over: bool, none: str = "none") -> str:
    """Absolute, and in words whether it is late: colour alone says nothing to some."""
    if at is None:
        return f"<span class='quiet'>{none}</span>"
    if over or at >= now + SOON:
        return moment(at)
    if at >= now:
        return f"<span class='soon'>{moment(at)} <small>in {span(at - now) or 'a moment'}</small></span>"
    return f"<span class='late'>{moment(at)} <small>late {span(now - at) or 'a moment'}</small></span>"


def script(who: str) -> str:
    """`who` looks, as nobody else is called: what the window remembers is theirs."""
    return f"<script data-who='{text(who)}'>{KEYS.read_text()}</script>"


def header(current: str, who: str) -> str:
    """The same on every page: where one is, where one can go, who one is."""
    links = "".join(
        f"<a href='{path}' accesskey='{key}'{' aria-current=page' if name == current else ''}>{name}</a>"
        for name, path, key in PLACES
    )
    return (
        f"<a class='skip' href='#content'>Skip to the content</a><header class='bar'><b>Second opinions</b>"
        f"<nav aria-label='Pages'>{links}</nav>"
        "<form class='find' action='/operations/cases' role='search'><input name='q' id='find' type='search' "
        "aria-label='Number, reference, partner, program or specialist' placeholder='Find a case  ( / )'></form>"
        f"<span class='who'>{text(who)}</span>"
        "<form method='post' action='/operations/sign-out'><button class='plain'>Sign out</button></form></header>"
    )


def table(caption: str, heads: Iterable[str], rows: Iterable[str], *, empty: str) -> str:
    body = "".join(rows)
    if not body:
        return f"<section class='sheet'><h2>{caption}</h2><p class='empty'>{empty}</p></section>"
    named = "".join(f"<th scope='col'>{name}</th>" for name in heads)
    return (
        f"<section class='sheet'><table><caption>{caption}</caption>"
        f"<thead><tr>{named}</tr></thead><tbody>{body}</tbody></table></section>"
    )


def offered(of: str, options: Iterable[tuple[str, str]]) -> str:
    """Ids with words, for the forms that choose from them: these are not drawn anew, so a script copies it there."""
    made = "".join(f"<option value='{text(id_)}'>{text(told)}</option>" for id_, told in options)
    return f"<template data-choices='{of}'>{made}</template>"


def specialist(id_: str) -> str:
    """By id: nobody's name is known here."""
    return f"<a href='/operations/specialists?q={quote(id_, safe='')}'>{text(id_)}</a>"


def select(name: str, label: str, options: Iterable[tuple[str, str]], chosen: str) -> str:
    """`options`: (value, what is shown), as HTML."""
    made = "".join(
        f"<option value='{value}'{' selected' if value == chosen else ''}>{shown}</option>" for value, shown in options
    )
    return f"<label>{label}<select name='{name}'>{made}</select></label>"


CASE_HEADS = ("Case", "Stage", "In it for", "Waiting for", "Due", "Promised by", "Priority", "Owner")


PICK = "<span class='said'>Choose</span>"


def marks(row: Row) -> str:
    """On hold, with each reason why; escalated."""
    reasons = ", ".join(words(each).lower() for each in row.held)
    said = ([f"on hold: {reasons}"] if reasons else []) + (["escalated"] if row.escalation else [])
    return "".join(f" <mark>{each}</mark>" for each in said)


def case_row(row: Row, now: datetime, *, pick: bool = False) -> str:
    """`pick`: the row begins with a box to choose the case by."""
    over = row.stage in OVER
    weight = "quiet" if row.priority == Priority.ROUTINE else text(row.priority)
    number = f"…{text(row.reference_last_four or '····')}"
    box = f"<td><input type='checkbox' data-pick='{text(row.case_id)}' aria-label='{number}'></td>" if pick else ""
    reference = f"<small>{text(row.client_reference)}</small>" if row.client_reference else ""
    return (
        f"<tr>{box}<th scope='row'><a href='/operations/cases/{text(row.case_id)}'>{number}</a>"
        f"{reference}</th><td>{words(row.stage)}{marks(row)}</td><td class='num'>{aged(row.since, now, over=over)}</td>"
        f"<td>{text(row.waiting_on) or '<span class=quiet>nobody</span>'}</td>"
        f"<td class='num'>{due(row.due_at, now, over=over)}</td>"
        f"<td class='num'>{due(row.promised_by, now, over=over, none='no promise yet')}</td>"
        f"<td class='{weight}'>{words(row.priority)}</td><td>{text(row.owner or 'nobody')}</td></tr>"
    )
