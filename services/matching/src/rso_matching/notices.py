"""Mail to specialists: the address is opened here and nowhere else, and a mail carries a link and no clinical content."""

from rso_matching.directory import stream_of
from rso_matching.domain.specialist import SPECIALIST
from rso_shared.contracts.intake import CaseSubmitted
from rso_shared.kit import facts, notices
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import unknown
from rso_shared.kit.events import Meta, event
from rso_shared.kit.ids import derived_id
from rso_shared.kit.store import EventStore


@event("matching.notice_requested")
class NoticeRequested(notices.NoticeRequested):
    pass


@event("matching.notice_sent")
class NoticeSent(notices.NoticeSent):
    pass


NOTICES = notices.NoticeSpec(requested=NoticeRequested, sent=NoticeSent)


def mail(
    store: EventStore,
    tx: Tx,
    *,
    case_id: str,
    specialist_id: str,
    template: str,
    key: str,
    meta: Meta,
) -> str:
    """Asks for one mail and returns the notice's id. The same key and specialist again ask for nothing new."""
    specialist = store.fold(tx, SPECIALIST, stream_of(tx, specialist_id)).state
    if specialist.identity is None:
        raise unknown("specialist_unknown", "No specialist of that id is in the directory.")
    identity = specialist.identity.open()
    notice_id = derived_id(case_id, "notice", key, specialist_id)
    notices.request(
        store,
        tx,
        NOTICES,
        organisation_id=specialist.organisation_id,
        notice_id=notice_id,
        case_id=case_id,
        person_id=specialist_id,
        address=notices.Address(name=f"{identity.given} {identity.family}", email=identity.email),
        template=template,
        path=f"/c/{case_id}",
        values=(("reference_last_four", facts.require(tx, CaseSubmitted, case_id).reference_last_four),),
        meta=meta,
    )
    return notice_id
