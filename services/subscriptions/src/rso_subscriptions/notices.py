"""Mail of this service: an endpoint that was paused is told of to its contact, for the endpoint itself does not hear any more."""

from rso_shared.kit import notices
from rso_shared.kit.events import event


@event("subscriptions.notice_requested")
class NoticeRequested(notices.NoticeRequested):
    pass


@event("subscriptions.notice_sent")
class NoticeSent(notices.NoticeSent):
    pass


NOTICES = notices.NoticeSpec(requested=NoticeRequested, sent=NoticeSent)
