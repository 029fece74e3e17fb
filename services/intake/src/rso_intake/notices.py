"""Mail of this service: its two stored events, and asking for one mail to a role of a case, or to a desk of our own."""

from rso_intake.domain.case import Case
from rso_intake.domain.notice import recipient
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit import notices
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import KeyDestroyed
from rso_shared.kit.events import Meta, event
from rso_shared.kit.ids import derived_id
from rso_shared.kit.store import EventStore


@event("intake.notice_requested")
class NoticeRequested(notices.NoticeRequested):
    pass


@event("intake.notice_sent")
class NoticeSent(notices.NoticeSent):
    pass


NOTICES = notices.NoticeSpec(requested=NoticeRequested, sent=NoticeSent)


def mail(store: EventStore, tx: Tx, case: Case, *, role: Role, template: str, key: str, meta: Meta) -> str | None:
    """The notice's id, or None if nobody can be reached in this role, after an erasure too.

    The same key and role again ask for nothing new.
    """
    opened = case.submitted
    try:
        to = recipient(case, role)
    except KeyDestroyed:
        to = None
    if to is None:
        return None
    notice_id = derived_id(opened.case_id, "notice", key, role)
    notices.request(
        store,
        tx,
        NOTICES,
        organisation_id=opened.organisation_id,
        notice_id=notice_id,
        case_id=opened.case_id,
        person_id=opened.person_id,
        address=notices.Address(name=to.name, email=to.email),
        template=template,
        role=role.value,
        path=f"/c/{opened.case_id}",
        values=(("reference_last_four", opened.reference_number[-4:]),),
        meta=meta,
    )
    return notice_id


def page(store: EventStore, tx: Tx, case: Case, *, desk: str, reason: str, meta: Meta) -> str:
    """Tells a desk that a case needs it. The mailbox is the desk's name; once per reason, whoever else is told of the case."""
    opened = case.submitted
    notice_id = derived_id(opened.case_id, "page", reason, desk)
    notices.request(
        store,
        tx,
        NOTICES,
        organisation_id=opened.organisation_id,
        notice_id=notice_id,
        case_id=opened.case_id,
        person_id=derived_id("desk", desk),
        address=notices.Address(name=desk.replace("_", " "), email=desk),
        template="escalation",
        role=desk,
        path=f"/c/{opened.case_id}",
        values=(("reference_last_four", opened.reference_number[-4:]),),
        meta=meta,
    )
    return notice_id
