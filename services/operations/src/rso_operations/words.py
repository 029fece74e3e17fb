"""Codes, counts, instants and money as people say them."""

from datetime import date, datetime

from rso_shared.contracts.coordinator import WaitingOn

UNDIVIDED = frozenset({"CLP", "ISK", "JPY", "KRW", "VND"})
"""Currencies without a minor unit in use (ISO 4217 exponent 0)."""

DEADLINES = {
    "first_contact": "the first contact",
    "refused": "a step that was refused",
    "joining": "authorization, participation and payment",
    "records": "the records",
    "summary": "the summary",
    "offer": "the answer to the offer",
    "review": "the opinion",
    "quality": "the quality review",
    "signature": "the signature",
    "matching": "the search for a specialist",
    "provider_first": "the local provider's look before the patient's",
    "follow_up": "the end of the follow-up window",
}
RUNGS = {
    "follow_up": "follow up a record request",
    "escalate": "escalate a record request",
    "call": "call about a record request",
    "decide": "decide about what is missing",
    "lapse": "the offer lapses",
    "backup": "offer to a backup",
    "no_specialist": "nobody is left to offer to",
    "patient_release": "release to the patient",
    "window_over": "the window is over",
}


def words(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%-d %b %H:%M} UTC"
        case date():
            return f"{value:%-d %b %Y}"
        case tuple():
            return ", ".join(map(words, value)) or "nothing"
        case None:
            return "nothing"
    return str(value).replace("_", " ")


def counted(number: int, one: str, several: str = "") -> str:
    """1 document, 2 documents; 1 day of care, 2 days of care."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def money(amount_minor: int, currency: str) -> str:
    if currency in UNDIVIDED:
        return f"{amount_minor:,} {currency}"
    whole, rest = divmod(abs(amount_minor), 100)
    return f"{'-' if amount_minor < 0 else ''}{whole:,}.{rest:02d} {currency}"


def parties(waiting_on: tuple[WaitingOn, ...]) -> str:
    return ", ".join(f"{words(one.party)} ({words(one.what)})" for one in waiting_on) or "nobody"


def owner(code: str) -> str:
    """`team:care-coordination` is the team, `user:…` one person of it."""
    kind, _, name = code.partition(":")
    return f"the {kind} {name}" if name else words(code)


def actor(code: str) -> str:
    """`care_coordinator:nurse-1` is nurse-1, a care coordinator; `service:matching` the service matching; `patient` the patient."""
    role, _, id_ = code.partition(":")
    if role == "service":
        return f"the service {words(id_)}" if id_ else "a service"
    return f"{id_}, {words(role)}" if id_ else words(role) if code else ""


def deadline(code: str) -> str:
    """What stands behind the slash is a version, which is said, or an id, which is not."""
    kind, _, of = code.partition("/")
    return DEADLINES.get(kind, words(kind)) + (f" of version {of}" if of.isdigit() else "")


def rung(code: str) -> str:
    """Steps of one request or one offer carry its id; the others are numbered or have a name alone."""
    name = next((name for name in RUNGS if code == name or code.startswith(f"{name}_")), None)
    name = name or next((name for name in RUNGS if code.endswith(f"_{name}")), None)
    return RUNGS[name] if name else words(code)


def reason(code: str) -> str:
    """Of an escalation: the rung that raised it, behind its deadline."""
    of, _, step = code.rpartition("/")
    return f"{deadline(of)}, {rung(step)}" if of else words(code)
