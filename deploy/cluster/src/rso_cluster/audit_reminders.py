"""Reminders: for each timer that fired one mail to each party that was waited for. That each mail is in the post once is checked beside."""

from collections.abc import Iterator
from datetime import datetime

from rso_cluster.audit_cases import Life, lives
from rso_cluster.audit_model import Counts, Evidence, Finding, Kind

PATIENT, REMINDER = "patient", "reminder"


def reminders(evidence: Evidence, _counts: Counts) -> Iterator[Finding]:
    for case_id, life in sorted(lives(evidence).items()):
        yield from _of(f"case {case_id}", life)


def _of(place: str, life: Life) -> Iterator[Finding]:
    for role in sorted({role for role, template in life.mailed if template == REMINDER}):
        asked, fired = life.mailed[role, REMINDER], len(life.reminders)
        if asked > fired:
            yield Finding(Kind.DUPLICATED, REMINDER, place, f"{role} was reminded {asked} times, {fired} timers fired")
    asked, owed = life.mailed[PATIENT, REMINDER], _owed(life)
    if asked < owed:
        yield Finding(Kind.LOST, REMINDER, place, f"the patient was reminded {asked} times, and owed {owed} reminders")


def _owed(life: Life) -> int:
    """Fewest mails to a patient who has an address and had not signed yet.

    The last timer before the signature, or before the end of the case, may have found it done when its mail was asked for.
    """
    if not any(role == PATIENT for role, _ in life.mailed):
        return 0
    before = [at for at in life.reminders if not life.signed or _instant(at) < _instant(life.signed)]
    return len(before) - bool(before and (life.signed or life.over))


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
