"""Whose it is, and what may be named: checks that every route of this service shares."""

import json
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from rso_shared.contracts.permissions import Reach
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import forbidden, invalid, unknown
from rso_shared.kit.store import stream_id
from rso_shared.kit.web.call import Call
from rso_subscriptions.domain.filters import EVERYTHING, Filter
from rso_subscriptions.public.events import PublicType
from rso_subscriptions.tables import ENDPOINTS, GRANTS, ORGANISATIONS, PROGRAMS

FAMILIES = frozenset({EVERYTHING, *(f"{type_.value.partition('.')[0]}.{EVERYTHING}" for type_ in PublicType)})
SUBSCRIBERS = frozenset({"sponsor", "partner", "platform"})
TYPES = frozenset(type_.value for type_ in PublicType)


def organisation(call: Call, asked: str | None) -> str:
    """The caller's own, or the one that is asked for. Raises 403 for another one, but from the operator."""
    if asked is None or asked == call.principal.organisation_id:
        return call.principal.organisation_id
    call.may_act_for(asked)
    return asked


def endpoint(call: Call, tx: Tx, endpoint_id: str) -> Any:
    """Its row. A foreign one and one that does not exist look the same."""
    row = tx.conn.execute(select(ENDPOINTS).where(ENDPOINTS.c.endpoint_id == endpoint_id)).one_or_none()
    mine = row is not None and (
        call.principal.reach(call.permission) is Reach.ANY or row.organisation_id == call.principal.organisation_id
    )
    if row is None or not mine or row.status == "removed":
        raise unknown("endpoint_unknown", "There is no such endpoint, or it was removed.")
    return row


def endpoint_stream(call: Call, endpoint_id: str) -> str:
    return stream_id(call.service.settings.operator_organisation_id, "endpoint", endpoint_id)


def visible_sponsors(tx: Tx, organisation_id: str) -> set[str]:
    """Itself where it is one, and all that have ever granted it something."""
    granted = select(GRANTS.c.sponsor_id).where(GRANTS.c.platform_id == organisation_id).distinct()
    return {
        *tx.conn.execute(granted).scalars(),
        *({organisation_id} if _kind(tx, organisation_id) == "sponsor" else ()),
    }


def require_kind(tx: Tx, organisation_id: str, kinds: Collection[str], pointer: str) -> None:
    """Raises 422 with the name."""
    if _kind(tx, organisation_id) not in kinds:
        detail = "No organisation of the kind that belongs here is known under this id."
        raise invalid("organisation_unknown", detail, pointer, unknown=organisation_id)


def require_subscriber(call: Call, tx: Tx, organisation_id: str) -> None:
    """Only the operator's people name an organisation; everybody else's own is what their token says."""
    if call.principal.reach(call.permission) is Reach.ANY:
        require_kind(tx, organisation_id, SUBSCRIBERS, "/organisation_id")


def _kind(tx: Tx, organisation_id: str) -> str | None:
    query = select(ORGANISATIONS.c.kind).where(ORGANISATIONS.c.organisation_id == organisation_id)
    return tx.conn.execute(query).scalar_one_or_none()


def visible_programs(tx: Tx, organisation_id: str) -> set[str]:
    """A partner's cases may go to any program. A sponsor may tell its own apart and no others: they may speak of an illness."""
    query = select(PROGRAMS.c.program_id)
    if _kind(tx, organisation_id) != "partner":
        owners = [organisation_id, *visible_sponsors(tx, organisation_id)]
        query = query.where(PROGRAMS.c.organisation_id.in_(owners))
    return set(tx.conn.execute(query).scalars())


def require_known(tx: Tx, organisation_id: str, wanted: Filter, at: str = "") -> None:
    """A filter that names nothing would be silence for ever: 422, with the place and the name."""
    for number, type_ in enumerate(wanted.types):
        if type_ not in TYPES | FAMILIES:
            detail = "There is no such type of event; the event catalogue lists them."
            raise invalid("event_type_unknown", detail, f"{at}/types/{number}", unknown=type_)
    programs = visible_programs(tx, organisation_id) if wanted.programs else set()
    for number, program in enumerate(wanted.programs):
        if program not in programs:
            detail = "There is no such program, or none that your events may be told apart by."
            raise invalid("program_unknown", detail, f"{at}/programs/{number}", unknown=program)
    sponsors = visible_sponsors(tx, organisation_id) if wanted.sponsors else set()
    for number, sponsor in enumerate(wanted.sponsors):
        if sponsor not in sponsors:
            detail = "There is no such sponsor, or it has granted you nothing."
            raise invalid("sponsor_unknown", detail, f"{at}/sponsors/{number}", unknown=sponsor)


def filter_of(row: Any) -> Filter:
    return Filter(*(tuple(json.loads(text)) for text in (row.types, row.programs, row.sponsors)))


def instant(value: datetime, pointer: str) -> datetime:
    """In UTC; raises 422 without a time zone."""
    if value.tzinfo is None:
        raise invalid("instant_without_zone", "An instant has a time zone, such as 2026-01-31T09:00:00Z.", pointer)
    return value.astimezone(UTC)


def require_reach(call: Call, *organisations: str) -> None:
    """Raises 403 unless one of these is the caller's, but for the operator's people."""
    reach = call.principal.reach(call.permission)
    if reach is not Reach.ANY and call.principal.organisation_id not in organisations:
        raise forbidden("organisation_foreign", "This belongs to another organisation than yours.")
