"""A case as HTML: who must act next, its stages as one bar of time, its records, offers, opinion and money, and all that happened."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from rso_operations.acts import Of
from rso_operations.board import ENDED
from rso_operations.casefile import JUDGED_LATER, OPEN_STATES, Back, CaseFile, Entry, Offer, Request, open_requests
from rso_operations.markup import OVER, age, due, moment, offered, span, specialist, table, text, words
from rso_operations.words import owner, reason
from rso_shared.contracts.coordinator import WaitingOn

SECTIONS = (("matching", "Search and assignment"), ("opinions", "Opinion"), ("billing", "Money"))
MOMENT = timedelta(seconds=1)


def page(file: CaseFile, now: datetime) -> str:
    """`now` is the instant of what is shown: the clock's for the present; for the past the one that was asked for, or the last fact's."""
    return (
        f"{_head(file, now)}{_next(file, now)}{_bar(file, now)}{_requests(file, now)}{_documents(file)}{_offers(file, now)}"
        + "".join(_section(title, file.of(service)) for service, title in SECTIONS)
        + _timeline(file.entries)
        + _choices(file)
    )


def slider(file: CaseFile, back: Back | None) -> str:
    """Outside of what is refreshed. Without a script the number can be typed and sent; and an instant always can."""
    here = f"/operations/cases/{text(file.case_id)}"
    past = f" <a href='{here}'>Back to now</a>" if back else ""
    position = back.upto if back else file.position
    at = back.at if back else file.at
    return (
        f"<form class='slider' aria-label='Look back'><label>As it was after fact <output>{position}</output> of {file.total}"
        f" <input type='range' name='at' min='1' max='{file.total}' value='{position}' "
        "oninput='this.previousElementSibling.value=this.value' onchange='this.form.submit()'></label>"
        f"<span>{moment(at)} UTC</span>{past}<noscript><button>Show</button></noscript></form>"
        "<form class='slider' aria-label='Look back to an instant'><label>As it was at (UTC) "
        "<input type='datetime-local' name='at' step='1' "
        f"value='{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}' required></label><button>Show</button></form>"
    )


def not_yet(back: Back) -> str:
    return f"<h1>The case was not there yet</h1><p class='empty'>At {moment(back.at)} UTC nothing was known of it.</p>"


def _head(file: CaseFile, now: datetime) -> str:
    known = file.submitted
    number = f"…{known.reference_last_four}" if known else "…"
    facts = [
        ("Owner", owner(file.owner) if file.owner else "nobody"),
        ("Priority", words(file.priority or "unknown")),
        ("Promised by", due(file.promised_by, now, over=file.stage in OVER, none="no promise yet")),
    ]
    if known:
        facts += [("Program", f"{text(known.program.program_id)} v{known.program.version}")]
        facts += [("Partner", text(known.partner_organisation_id))] if known.partner_organisation_id else []
        facts += [("Their reference", text(known.client_reference))] if known.client_reference else []
    if file.held:
        facts.append(("On hold for", ", ".join(words(each) for each in sorted(file.held))))
    told = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)
    return f"<h1>Case {number} <span class='stage'>{words(file.stage)}</span></h1><dl class='facts'>{told}</dl>"


def _next(file: CaseFile, now: datetime) -> str:
    rows = (_waiting(each, now) for each in file.waiting_on)
    told = "".join(f"<p class='late'>Escalated: {text(reason(each))}</p>" for each in file.escalations[-1:])
    empty = "The case is over." if file.stage in ENDED else "Nobody owes anything at this moment."
    return table("Who must act next", ("Who", "What", "Since", "Until", "Where"), rows, empty=empty) + told


def _waiting(one: WaitingOn, now: datetime) -> str:
    return (
        f"<tr><th scope='row'>{words(one.party)}</th><td>{words(one.what)}</td><td class='num'>{age(one.since, now)}</td>"
        f"<td class='num'>{due(one.due, now, over=False)}</td><td><code>{text(one.how_to_act)}</code></td></tr>"
    )


def _bar(file: CaseFile, now: datetime) -> str:
    if not file.spans:
        return ""
    lengths = [max((one.until or now) - one.since, MOMENT) for one in file.spans]
    parts = "".join(
        f"<li class='s-{one.stage}' style='flex-grow:{length.total_seconds():.0f}' title='{words(one.stage)}: {span(length)}'>"
        f"<span>{words(one.stage)}</span><small>{span(length) or 'a moment'}</small></li>"
        for one, length in zip(file.spans, lengths, strict=True)
    )
    return f"<section><h2>Its time</h2><ol class='time'>{parts}</ol></section>"


def _requests(file: CaseFile, now: datetime) -> str:
    rows = (_request(each, now) for each in file.requests.values())
    waiting = open_requests(file.requests.values())
    caption = f"Record requests <b>{waiting}</b> open of {len(file.requests)}"
    return table(caption, ("Facility", "Kind", "State", "Sent", "Age"), rows, empty="No records were asked for.")


def _request(one: Request, now: datetime) -> str:
    times = f" <small>{one.times_sent} times</small>" if one.times_sent > 1 else ""
    sent = moment(one.sent_at) + times if one.sent_at else "<span class='quiet'>not yet</span>"
    old = age(one.sent_at, now) if one.sent_at and one.state in OPEN_STATES else ""
    return (
        f"<tr><th scope='row'>{text(one.facility_id[:8] or 'unknown')}</th><td>{words(one.kind)}</td><td>{words(one.state)}</td>"
        f"<td class='num'>{sent}</td><td class='num'>{old}</td></tr>"
    )


def _documents(file: CaseFile) -> str:
    rows = (
        f"<tr><th scope='row'>{words(each.kind)}</th><td class='num'>{text(each.month)}</td><td>{words(each.state)}</td></tr>"
        for each in file.documents.values()
    )
    waiting = sum(each.state == JUDGED_LATER for each in file.documents.values())
    caption = f"Documents <b>{waiting}</b> to be judged of {len(file.documents)}"
    return table(caption, ("Kind", "Month", "State"), rows, empty="No document has come in.")


def _offers(file: CaseFile, now: datetime) -> str:
    rows = (_offer(each, now) for each in file.offers.values())
    caption = f"Offers <b>{len(file.offers)}</b>"
    heads = ("Specialist", "State", "Offered", "To be answered by", "Why")
    return table(caption, heads, rows, empty="It was offered to nobody yet.")


def _offer(one: Offer, now: datetime) -> str:
    offered_at = moment(one.offered_at) if one.offered_at else ""
    return (
        f"<tr><th scope='row'>{specialist(one.specialist_id)}</th><td>{words(one.state)}</td><td class='num'>{offered_at}</td>"
        f"<td class='num'>{due(one.expires_at, now, over=one.state != 'offered')}</td><td>{words(one.reason)}</td></tr>"
    )


def _choices(file: CaseFile) -> str:
    """For the forms, which are not drawn anew: a script copies from here what they choose from, and tells what came meanwhile."""
    requests = (
        (each.request_id, f"{words(each.kind)} at {each.facility_id[:8]}, {each.state}")
        for each in file.requests.values()
        if each.state in OPEN_STATES
    )
    documents = (
        (each.document_id, f"{words(each.kind)} {each.month}, {each.state}") for each in file.documents.values()
    )
    honoraria = ((each, f"accrued {number}") for number, each in enumerate(file.honoraria, 1))
    last = ", ".join(filter(None, (file.entries[-1].text, file.entries[-1].actor))) if file.entries else ""
    return (
        f"<template data-position='{file.position}' data-last='{text(last)}'></template>"
        f"{offered(Of.REQUEST, requests)}{offered(Of.DOCUMENT, documents)}{offered(Of.HONORARIUM, honoraria)}"
    )


def _section(title: str, entries: list[Entry]) -> str:
    return (
        f"<section class='sheet'><h2>{title}</h2><ol class='log'>{''.join(_entries(entries))}</ol></section>"
        if entries
        else ""
    )


def _timeline(entries: list[Entry]) -> str:
    """The newest first."""
    return (
        f"<section class='sheet'><h2>All that happened <b>{len(entries)}</b></h2>"
        f"<ol class='log' reversed>{''.join(_entries(entries[::-1]))}</ol></section>"
    )


def _entries(entries: list[Entry]) -> Iterator[str]:
    for each in entries:
        why = f" <small class='cause'>because: {text(each.cause)}</small>" if each.cause else ""
        who = text(each.actor or each.service)
        yield f"<li>{moment(each.at)} <span>{text(each.text)}{why}</span> <small>{who}</small></li>"
