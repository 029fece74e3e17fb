"""Mail. A notice is asked for by a command of the service that holds the address, sent by a loop, and marked once sent.

The Message-ID is the notice's id, so that a second sending after a crash is the same mail to every mail system.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from rso_shared.kit import projections
from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx
from rso_shared.kit.decider import Decider
from rso_shared.kit.events import Meta, Recorded
from rso_shared.kit.rows import Rows
from rso_shared.kit.sealed import Sealed
from rso_shared.kit.store import EventStore, stream_id
from rso_shared.kit.tables import NOTICES

AGGREGATE = "notice"


@dataclass(frozen=True, slots=True)
class Address:
    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRequested:
    """`template` names a text of the templates folder; `values` are its safe variables; `path` is the page it links to.

    `role` is the party's role in the case, where it has one.
    """

    notice_id: str
    case_id: str | None
    template: str
    role: str | None = None
    to: Sealed[Address]
    path: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSent:
    """Handed over to the mail system. Says again what it was about, so that a fact can be made of it."""

    notice_id: str
    case_id: str | None
    template: str
    role: str | None
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class NoticeSpec:
    """The service's own two event classes: registered under its name, with the fields above."""

    requested: type[Any]
    sent: type[Any]


@dataclass(frozen=True, slots=True)
class Request:
    event: Any


@dataclass(frozen=True, slots=True)
class MarkSent:
    notice_id: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    requested: NoticeRequested | None = None
    sent: bool = False


def decider(spec: NoticeSpec) -> Decider[Notice, Request | MarkSent, Any]:
    """A second request or a second mark is absorbed."""

    def decide(command: Request | MarkSent, state: Notice) -> list[Any]:
        if isinstance(command, Request):
            return [] if state.requested else [command.event]
        asked = state.requested
        if asked is None or state.sent:
            return []
        about = {"case_id": asked.case_id, "template": asked.template, "role": asked.role}
        return [spec.sent(notice_id=command.notice_id, sent_at=command.sent_at, **about)]

    def evolve(state: Notice, event: Any) -> Notice:
        if isinstance(event, spec.requested):
            return Notice(event)
        return Notice(state.requested, sent=True) if isinstance(event, spec.sent) else state

    return Decider(initial=Notice, decide=decide, evolve=evolve)


def request(
    store: EventStore, tx: Tx, spec: NoticeSpec, *, organisation_id: str, notice_id: str, case_id: str | None,
    person_id: str, address: Address, template: str, path: str, meta: Meta, values: tuple[tuple[str, str], ...] = (),
    role: str | None = None,
) -> bool:  # fmt: skip
    """Asks for one mail; True if it is new. The same `notice_id` again asks for nothing."""
    event = spec.requested(
        notice_id=notice_id,
        case_id=case_id,
        template=template,
        role=role,
        to=Sealed(person_id, address),
        path=path,
        values=values,
    )
    stream = stream_id(organisation_id, AGGREGATE, notice_id)
    return bool(store.execute(tx, decider(spec), stream, Request(event), meta).recorded)


def projection(spec: NoticeSpec) -> projections.Projection:
    """The list of what is still to be sent."""

    def apply(rows: Rows, recorded: Recorded) -> None:
        event = recorded.event
        if isinstance(event, spec.requested):
            row = {"notice_id": event.notice_id, "stream": recorded.stream, "requested_at": iso(recorded.recorded_at)}
            rows.insert(NOTICES, row)
        elif isinstance(event, spec.sent):
            rows.update(NOTICES, event.notice_id, sent_at=iso(event.sent_at))

    return projections.Projection("notices", (NOTICES,), apply, aggregate=AGGREGATE)


def pending(tx: Tx, *, besides: Sequence[str] = (), limit: int = 50) -> list[tuple[str, str]]:
    """(notice_id, stream) of what is to be sent, oldest first; `besides` are left out, so that nobody waits behind them."""
    query = select(NOTICES.c.notice_id, NOTICES.c.stream).where(
        NOTICES.c.sent_at.is_(None), NOTICES.c.notice_id.not_in(besides)
    )
    return [(row.notice_id, row.stream) for row in tx.conn.execute(query.order_by(NOTICES.c.requested_at).limit(limit))]
