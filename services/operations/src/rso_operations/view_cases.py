"""The list of cases as HTML. The address holds all that was asked for, so that it can be kept, sent, and come back to."""

from datetime import datetime

from rso_operations.board import Row
from rso_operations.listing import ANY, BOARD_VIEW, YES, Column, Page, Sort, Wanted
from rso_operations.markup import CASE_HEADS, OVER, PICK, aged, case_row, due, marks, select, table, text, words
from rso_operations.standing import NAMES
from rso_shared.contracts.vocabulary import HoldReason, Priority, Stage

SORTED = {
    Sort.AGE: "longest in their stage first", Sort.DUE: "what is due first", Sort.PROMISE: "what was promised first",
    Sort.NEWEST: "newest first",
}  # fmt: skip


def form(wanted: Wanted) -> str:
    """Outside of what is refreshed: nobody loses what is being typed."""
    stages = [("", "Under way"), ("all", "All"), *((stage.value, words(stage)) for stage in Stage)]
    priorities = [("", "Any priority"), *((one.value, words(one)) for one in Priority)]
    holds = [("", "Held or not"), (ANY, "On hold"), *((reason.value, words(reason)) for reason in HoldReason)]
    sorts = [(sort.value, words(said)) for sort, said in SORTED.items()]
    typed = "".join(
        f"<label>{label}<input name='{name}' value='{text(getattr(wanted, name))}'></label>"
        for name, label in (
            ("q", "Number or reference"), ("partner", "Partner"), ("program", "Program"), ("specialist", "Specialist"),
            ("owner", "Owner"),
        )
    )  # fmt: skip
    return (
        f"<h1>Cases</h1><form class='filters' action='/operations/cases' aria-label='Filters'>{typed}"
        f"{select('stage', 'Stage', stages, wanted.stage)}{select('priority', 'Priority', priorities, wanted.priority)}"
        f"{select('held', 'Hold', holds, wanted.held)}{_boxes(wanted)}"
        f"{select('sort', 'Order', sorts, wanted.sort)}"
        f"{select('view', 'As', [('', 'Table'), (BOARD_VIEW, 'Board')], wanted.view)}<button>Show</button>"
        f"<a class='quiet' href='/operations/cases'>Clear</a>"
        f"<a class='csv' href='/operations/cases.csv{wanted.address()}' download>CSV</a></form>"
    )


def _boxes(wanted: Wanted) -> str:
    """What Today lists, to be asked for together with anything else."""
    made = "".join(
        f"<label><input type='checkbox' name='{name}' value='{YES}'{' checked' if getattr(wanted, name) else ''}>{words(name)}</label>"
        for name in NAMES
    )
    return f"<fieldset><legend>Only</legend>{made}</fieldset>"


def page(found: Page, wanted: Wanted, now: datetime, following: str | None, *, pick: bool = False) -> str:
    """`following` is the cursor of the next page; `pick`: cases can be chosen, to act on all of them."""
    rows = (case_row(row, now, pick=pick) for row in found.rows)
    heads = (PICK, *CASE_HEADS) if pick else CASE_HEADS
    order = SORTED[Sort(wanted.sort)]
    count = f"<b>{len(found.rows)}{'+' if following else ''}</b>"
    shown = table(f"Cases, {order} {count}", heads, rows, empty=_empty(wanted))
    address = text(wanted.address())
    joint = "&" if address != "?" else ""
    more = f"<p class='more'><a rel='next' href='/operations/cases{address}{joint}after={following}'>Next page</a></p>"
    return shown + (more if following else "")


def _empty(wanted: Wanted) -> str:
    if wanted == Wanted(sort=wanted.sort):
        return "No case is under way. Cases come in through the API; <code>rso demo</code> plays one."
    return "No case is like this. <a href='/operations/cases'>Show all under way</a>"


def board(columns: tuple[Column, ...], wanted: Wanted, now: datetime) -> str:
    """A column per stage, side by side, each with its most pressing cases; the rest is one click away in the table."""
    return f"<div class='board' role='group' aria-label='Cases by stage'>{''.join(_column(one, wanted, now) for one in columns)}</div>"


def _column(one: Column, wanted: Wanted, now: datetime) -> str:
    cards = "".join(f"<li>{card(row, now)}</li>" for row in one.rows)
    rest = one.count - len(one.rows)
    address = wanted.address(stage=one.stage.value, view="")
    more = f"<p class='more'><a href='/operations/cases{text(address)}'>and {rest} more</a></p>" if rest > 0 else ""
    return f"<section><h2>{words(one.stage)} <b>{one.count}</b></h2><ul>{cards}</ul>{more}</section>"


def card(row: Row, now: datetime) -> str:
    waits = f"<small>{text(row.waiting_on)}</small>" if row.waiting_on else ""
    until = due(row.due_at or row.promised_by, now, over=False, none="no promise yet")
    owner = text(row.owner or "nobody")
    return (
        f"<a href='/operations/cases/{text(row.case_id)}'>…{text(row.reference_last_four or '····')}</a> "
        f"<span class='{'quiet' if row.priority == Priority.ROUTINE else text(row.priority)}'>{words(row.priority)}</span>{marks(row)}"
        f"<div>{until}</div><small>in it for {aged(row.since, now, over=row.stage in OVER)}</small>{waits}<small>{owner}</small>"
    )
