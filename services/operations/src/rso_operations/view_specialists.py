"""The list of specialists as HTML: load against capacity, answers to offers, time taken, and what runs out."""

from datetime import date, datetime

from rso_operations.markup import select, span, table, text, words
from rso_operations.specialists import CREDENTIALS, SOON, WINDOWS, Answers, Page, Sort, Standing, Wanted

HEADS = (
    "Specialist",
    "Open offers",
    "Assignments",
    "Accepts",
    "Declines",
    "Lets lapse",
    "Turnaround",
    "Licensed in",
    "Runs out",
)
SORTED = {Sort.ENDS: "what runs out first", Sort.LOAD: "the most loaded first"}
DEFINED = (
    "Accepts, declines, lets lapse: shares of the offers made in the last {days} days that were answered or lapsed; withdrawn ones "
    "count for nobody. Turnaround: from acceptance to the end of the work, of assignments completed in the last {days} days; half "
    "within, nine of ten within. Runs out: the last day of the longest licence for a place, or of the credentials, within {soon} days "
    "before or after today. Rates of few offers say little: the count stands beside them."
)


def form(wanted: Wanted) -> str:
    """Outside of what is refreshed: nobody loses what is being typed."""
    typed = "".join(
        f"<label>{label}<input name='{name}' value='{text(getattr(wanted, name))}'{more}></label>"
        for name, label, more in (
            ("q", "Specialist", ""), ("taxonomy", "Taxonomy code", ""), ("place", "Licensed in", " placeholder='US-MA'"),
        )
    )  # fmt: skip
    windows = [(days, f"{days} days") for days in WINDOWS]
    sorts = [(sort.value, words(said)) for sort, said in SORTED.items()]
    loads = [("", "Any load"), ("free", "Takes more"), ("full", "At capacity")]
    ends = [("", "Anything"), ("soon", f"Within {SOON.days} days")]
    return (
        f"<form class='filters' action='/operations/specialists' aria-label='Filters'>{typed}"
        f"{select('load', 'Load', loads, wanted.load)}{select('ends', 'Runs out', ends, wanted.ends)}"
        f"{select('window', 'Counted over', windows, wanted.window)}{select('sort', 'Order', sorts, wanted.sort)}"
        f"<button>Show</button><a class='quiet' href='/operations/specialists'>Clear</a>"
        f"<a class='csv' href='/operations/specialists.csv{text(wanted.address())}' download>CSV</a></form>"
    )


def page(found: Page, wanted: Wanted, now: datetime, following: str | None) -> str:
    """`following` is the cursor of the next page."""
    count = f"<b>{len(found.rows)}{'+' if following else ''}</b>"
    rows = (_row(each, now.date()) for each in found.rows)
    shown = table(f"Specialists, {SORTED[Sort(wanted.sort)]} {count}", HEADS, rows, empty=_empty(wanted))
    address = text(wanted.address())
    joint = "&amp;" if address != "?" else ""
    more = f"<p class='more'><a rel='next' href='/operations/specialists{address}{joint}after={following}'>Next page</a></p>"
    defined = DEFINED.format(days=wanted.window, soon=SOON.days)
    return f"<h1>Specialists</h1><p class='defined'>{defined}</p>{shown}{more if following else ''}"


def _row(each: Standing, today: date) -> str:
    answers = each.answers
    shares = "".join(_share(answers, some) for some in (answers.accepted, answers.declined, answers.lapsed))
    return (
        f"<tr><th scope='row'><a href='/operations/cases?specialist={text(each.specialist_id)}'>{text(each.specialist_id)}</a>"
        f"<small>{text(each.taxonomy)}</small></th><td class='num'>{each.offered}</td><td class='num'>{_load(each)}</td>{shares}"
        f"<td class='num'>{_took(answers)}</td><td>{text(' '.join(each.places)) or '<span class=quiet>nowhere</span>'}</td>"
        f"<td class='num'>{_ends(each, today)}</td></tr>"
    )


def _load(each: Standing) -> str:
    if each.capacity is None:
        return f"{each.active} <small class='quiet'>capacity not told</small>"
    full = " <mark>at capacity</mark>" if each.active >= each.capacity else ""
    return f"{each.active} of {each.capacity}{' <mark>paused</mark>' if each.capacity == 0 else full}"


def _share(answers: Answers, some: int) -> str:
    share = answers.share(some)
    said = "<span class='quiet'>—</span>" if share is None else f"{share:.0%} <small>{some} of {answers.offers}</small>"
    return f"<td class='num'>{said}</td>"


def _took(answers: Answers) -> str:
    if answers.p50 is None or answers.p90 is None:
        return "<span class='quiet'>—</span>"
    half, most = (span(took) or "under a minute" for took in (answers.p50, answers.p90))
    return f"{half}, {most} <small>of {answers.completed}</small>"


def _ends(each: Standing, today: date) -> str:
    """In words whether it is over already: colour alone says nothing to some."""
    return "".join(_end(what, until, today) for what, until in each.ends) or "<span class='quiet'>nothing soon</span>"


def _end(what: str, until: date, today: date) -> str:
    name = "credentials" if what == CREDENTIALS else f"licence {text(what)}"
    day = f"<time datetime='{until}'>{until:%-d %b %Y}</time>"
    if until < today:
        return f"<span class='late'>{name} ran out {day}</span> "
    left = (until - today).days
    said = "today" if not left else f"in {left} day{'s' if left > 1 else ''}"
    return f"<span class='soon'>{name} {day} <small>{said}</small></span> "


def _empty(wanted: Wanted) -> str:
    if wanted == Wanted(window=wanted.window, sort=wanted.sort):
        return "No specialist is registered. <code>rso seed</code> registers some."
    return "No specialist is like this. <a href='/operations/specialists'>Show all</a>"
