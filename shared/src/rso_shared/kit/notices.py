"""Mail. A notice is asked for by a command of the service that holds the address, sent by a loop, and marked once sent.

The Message-ID is the notice's id, so that a second sending after a crash is the same mail to every mail system.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from rso_shared.kit import projections
from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx
from rso_shared.kit.decider import Decider
from rso_shared.kit.events import Meta, Recorded
from rso_shared.kit.sealed import Sealed
from rso_shared.kit.store import EventStore, stream_id
from rso_shared.kit.tables import NOTICES


@dataclass(frozen=True, slots=True)
class Address:
    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRequested:
    """`template` names a text of the templates folder; `values` are its safe variables; `path` is the page it links to."""

    notice_id: str
    case_id: str | None
    template: str
    to: Sealed[Address]
    path: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSent:
    notice_id: str
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


def decider(spec: NoticeSpec) -> Decider[str, Request | MarkSent, Any]:
    """State is `nothing`, `requested` or `sent`; a second request or a second mark is absorbed."""

    def decide(command: Request | MarkSent, state: str) -> list[Any]:
        if isinstance(command, Request):
            return [command.event] if state == "nothing" else []
        return [spec.sent(notice_id=command.notice_id, sent_at=command.sent_at)] if state == "requested" else []

    def evolve(state: str, event: Any) -> str:
        if isinstance(event, spec.requested):
            return "requested"
        return "sent" if isinstance(event, spec.sent) else state

    return Decider(initial=lambda: "nothing", decide=decide, evolve=evolve)


def request(
    store: EventStore, tx: Tx, spec: NoticeSpec, *, organisation_id: str, notice_id: str, case_id: str | None,
    person_id: str, address: Address, template: str, path: str, meta: Meta, values: tuple[tuple[str, str], ...] = (),
) -> bool:  # fmt: skip
    """Asks for one mail; True if it is new. The same `notice_id` again asks for nothing."""
    event = spec.requested(
        notice_id=notice_id, case_id=case_id, template=template, to=Sealed(person_id, address), path=path, values=values
    )
    stream = stream_id(organisation_id, "notice", notice_id)
    return bool(store.execute(tx, decider(spec), stream, Request(event), meta).recorded)


def projection(spec: NoticeSpec) -> projections.Projection:
    """The list of what is still to be sent."""

    def apply(tx: Tx, tables: projections.Tables, recorded: Recorded) -> None:
        table, event = tables[NOTICES.name], recorded.event
        if isinstance(event, spec.requested):
            row = {"notice_id": event.notice_id, "stream": recorded.stream, "requested_at": iso(recorded.recorded_at)}
            tx.conn.execute(insert(table).values(**row))
        elif isinstance(event, spec.sent):
            tx.conn.execute(
                update(table).where(table.c.notice_id == event.notice_id).values(sent_at=iso(event.sent_at))
            )

    return projections.Projection("notices", (NOTICES,), apply)


def pending(tx: Tx, limit: int = 50) -> list[tuple[str, str]]:
    """(notice_id, stream) of what is to be sent, oldest first."""
    query = select(NOTICES.c.notice_id, NOTICES.c.stream).where(NOTICES.c.sent_at.is_(None))
    return [(row.notice_id, row.stream) for row in tx.conn.execute(query.order_by(NOTICES.c.requested_at).limit(limit))]
