"""What stands above a page that does not follow the facts: why, and that what is shown is old."""

from datetime import datetime

from rso_operations import rebuilding
from rso_operations.freshness import Freshness, freshness
from rso_operations.markup import moment, text
from rso_shared.kit.service import Service

GONE = (
    "<p role='alert' class='gone'>You are signed out, and what is shown stands still. "
    "<a href='/operations/sign-in' target='_blank'>Sign in again</a> in another tab; what you have typed here stays.</p>"
)
REBUILT = "<p role='status' class='gone'>What is shown is being rebuilt since {} UTC: until that is done, numbers are those of before.</p>"
AWAY = (
    "<p role='alert' class='gone'>The database of these pages does not answer: what is shown stands still since {} UTC. "
    "It goes on by itself; what you have typed here stays.</p>"
)


def above(service: Service) -> str:
    with service.db.read() as tx:
        since, fresh = rebuilding.since(tx), freshness(tx, service.health)
    return (REBUILT.format(moment(since)) if since else "") + behind(fresh)


def behind(found: Freshness) -> str:
    if not found.trouble:
        return ""
    newest = f"the newest fact came at {moment(found.newest)} UTC" if found.newest else "no fact has come yet"
    return f"<p role='status' class='gone'>What is shown is behind: {newest} (consumer: {text(found.trouble)}).</p>"


def away(since: datetime) -> str:
    return AWAY.format(moment(since))
