"""What happens to an endpoint. Its secret and the mailbox for notices are sealed; who may read them is asked each time."""

from dataclasses import dataclass
from datetime import datetime

from rso_shared.kit.events import event
from rso_shared.kit.sealed import Sealed


@dataclass(frozen=True, slots=True)
class Private:
    """`secret` is `whsec_` and base64; notices about the endpoint go to `contact`."""

    secret: str
    contact: str


@dataclass(frozen=True, slots=True)
class Secret:
    secret: str


@event("subscriptions.endpoint_created")
class EndpointCreated:
    endpoint_id: str
    organisation_id: str
    url: str
    types: tuple[str, ...]
    programs: tuple[str, ...]
    sponsors: tuple[str, ...]
    rate: int
    after: int
    created_at: datetime
    private: Sealed[Private]


@event("subscriptions.endpoint_changed")
class EndpointChanged:
    endpoint_id: str
    url: str
    types: tuple[str, ...]
    programs: tuple[str, ...]
    sponsors: tuple[str, ...]
    rate: int


@event("subscriptions.secret_rotated")
class SecretRotated:
    """The one before signs beside it until `old_until`."""

    endpoint_id: str
    old_until: datetime
    secret: Sealed[Secret]


@event("subscriptions.endpoint_paused")
class EndpointPaused:
    """`reason`: asked, failing, gone."""

    endpoint_id: str
    reason: str
    paused_at: datetime


@event("subscriptions.endpoint_resumed")
class EndpointResumed:
    endpoint_id: str
    resumed_at: datetime


@event("subscriptions.endpoint_removed")
class EndpointRemoved:
    endpoint_id: str
    removed_at: datetime


@event("subscriptions.cursor_moved")
class CursorMoved:
    """Everything after this sequence is sent, again if it was sent before."""

    endpoint_id: str
    after: int


@event("subscriptions.redelivery_asked")
class RedeliveryAsked:
    """One event or a range, both ends included."""

    endpoint_id: str
    first: int
    last: int
    asked_at: datetime


@event("subscriptions.probe_asked")
class ProbeAsked:
    endpoint_id: str
    probe_id: str
    asked_at: datetime
