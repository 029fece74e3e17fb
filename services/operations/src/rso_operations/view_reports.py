"""The reports as HTML: each with its definition in words, its period and the instant it is as of, and its CSV."""

from collections.abc import Iterable, Sequence

from rso_operations.employer import EMPLOYER, Month
from rso_operations.markup import select, text
from rso_operations.reporting import Asked, Report, Row


def form(asked: Asked, sponsors: Sequence[str], sponsor: str, month: str) -> str:
    """Outside of what is drawn: nobody loses what is being typed."""
    days = "".join(
        f"<label>{label}<input type='date' name='{name}' value='{value}'></label>"
        for name, label, value in (
            ("from", "From", asked.first), ("to", "To", asked.last), ("as_of", "As of the end of", asked.as_of),
        )
    )  # fmt: skip
    choices = [("", "None"), *((text(each), text(each)) for each in sponsors)]
    return (
        f"<form class='filters' action='/operations/reports' aria-label='Period'>{days}"
        f"<label>Program<input name='program' value='{text(asked.program)}'></label>"
        f"{select('sponsor', 'Employer report of', choices, text(sponsor))}"
        f"<label>Its month<input type='month' name='month' value='{text(month)}'></label>"
        "<button>Show</button><a class='quiet' href='/operations/reports'>Clear</a></form>"
    )


def head(asked: Asked) -> str:
    return (
        f"<h1>Reports</h1><p class='sum'>{asked.first:%-d %b %Y} to {asked.last:%-d %b %Y}, as recorded by the end of "
        f"{asked.as_of:%-d %b %Y} (UTC){f', program {text(asked.program)}' if asked.program else ''}</p>"
    )


def report(of: Report, rows: Iterable[Row], address: str, *, empty: str = "Nothing of this kind in the period.") -> str:
    """The first column names the row. `address` is what the CSV is asked with."""
    body = "".join(_row(of, row) for row in rows)
    heads = "".join(f"<th scope='col'{_number(column.number)}>{column.label}</th>" for column in of.columns)
    shown = (
        f"<table><caption class='said'>{of.title}</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
        if body
        else f"<p class='empty'>{empty}</p>"
    )
    link = f"<a class='csv' href='/operations/reports/{of.name}.csv{text(address)}' download aria-label='{of.title} as CSV'>CSV</a>"
    return (
        f"<section class='sheet report' aria-labelledby='{of.name}'><h2 id='{of.name}'>{of.title} {link}</h2>"
        f"<p class='defined'>{text(of.definition)}</p>{shown}</section>"
    )


def _row(of: Report, row: Row) -> str:
    shown = [text(value) for value in of.shown(row)]
    cells = "".join(
        f"<td{_number(column.number)}>{value}</td>" for column, value in zip(of.columns[1:], shown[1:], strict=True)
    )
    return f"<tr><th scope='row'>{shown[0]}</th>{cells}</tr>"


def _number(number: bool) -> str:  # noqa: FBT001 - of a column
    return " class='num'" if number else ""


def employer(rows: Iterable[Row], sponsor: str, month: Month, address: str) -> str:
    title = f"{EMPLOYER.title}: {sponsor}, {month.begin:%B %Y}"
    return report(_titled(text(title)), rows, address)


def _titled(title: str) -> Report:
    return Report(EMPLOYER.name, title, EMPLOYER.definition, EMPLOYER.columns)
