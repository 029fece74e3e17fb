"""The board as HTML: a pure function of a snapshot and an instant. Codes and counts only, escaped all the same."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from html import escape
from pathlib import Path

from rso_operations.board import ENDED, ROWS, Row, Snapshot
from rso_shared.contracts.vocabulary import Priority, Stage

UNDER_WAY = tuple(stage for stage in Stage if stage not in ENDED)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)

STYLE = Path(__file__).with_name("board.css")


def page(board: Snapshot, now: datetime, stage: str | None = None) -> str:
    under_way = sum(board.counts.get(one, 0) for one in UNDER_WAY)
    return (
        f"<header><h1>Cases by stage</h1><span class='sum'>{under_way} under way</span>"
        f"<span class='live'>Live, {now:%-d %b %H:%M} UTC</span></header>"
        f"<nav aria-label='Stages'>{_tiles(UNDER_WAY, board, stage)}</nav>"
        f"<nav class='ended' aria-label='Ended'>{_tiles(ENDED, board, stage)}</nav>"
        f"<div class='sheet'>{_table(board.rows, now, stage)}</div>"
    )


def _tiles(stages: Iterable[Stage], board: Snapshot, chosen: str | None) -> str:
    return "".join(_tile(stage, board.counts.get(stage, 0), current=stage == chosen) for stage in stages)


def _tile(stage: Stage, count: int, *, current: bool) -> str:
    here, none = " aria-current='true'" if current else "", "" if count else " class='none'"
    return f"<a href='?stage={stage}'{here}{none}><b>{count}</b><span>{words(stage)}</span></a>"


def _table(rows: tuple[Row, ...], now: datetime, stage: str | None) -> str:
    back = "" if stage is None else " <a href='?'>Show all under way</a>"
    title = "All under way, longest in their stage first" if stage is None else words(stage)
    if not rows:
        return f"<div class='empty'>No case is here now.{back}</div>"
    more = f" (the first {ROWS})" if len(rows) == ROWS else ""
    heads = "".join(
        f"<th scope='col'>{name}</th>" for name in ("Case", "Stage", "For", "Waiting for", "Promised by", "Priority")
    )
    body = "".join(_row(row, now) for row in rows)
    return f"<table><caption>{title}{more}{back}</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _row(row: Row, now: datetime) -> str:
    late = " late" if row.promised_by and row.promised_by < now and row.stage not in {*ENDED, Stage.DELIVERED} else ""
    promised = f"{row.promised_by:%-d %b %H:%M}" if row.promised_by else "<span class='quiet'>no promise yet</span>"
    waiting = escape(row.waiting_on) or "<span class='quiet'>nobody</span>"
    weight = " class='quiet'" if row.priority == Priority.ROUTINE else f" class='{escape(row.priority)}'"
    return (
        f"<tr><td class='num'>…{escape(row.reference_last_four or '····')}</td><td>{words(row.stage)}</td>"
        f"<td class='num'>{age(row.since, now)}</td><td>{waiting}</td>"
        f"<td class='num{late}'>{promised}</td><td{weight}>{words(row.priority)}</td></tr>"
    )


def words(code: str) -> str:
    return escape(str(code).replace("_", " ").capitalize())


def age(since: datetime | None, now: datetime) -> str:
    """The two largest units that say enough: 3 d 4 h, 5 h 12 min, 7 min."""
    if since is None:
        return "just now"
    passed = max(now - since, timedelta())
    if passed >= DAY:
        return f"{passed // DAY} d {passed % DAY // HOUR} h"
    if passed >= HOUR:
        return f"{passed // HOUR} h {passed % HOUR // MINUTE} min"
    return f"{passed // MINUTE} min" if passed >= MINUTE else "just now"
