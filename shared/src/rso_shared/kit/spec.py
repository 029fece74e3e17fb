"""What a service is made of, as data. The kit builds the running service from it, the same way for every one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fastapi import APIRouter
from sqlalchemy import MetaData

from rso_shared.contracts.base import FactModel
from rso_shared.kit.database import Tx
from rso_shared.kit.erasures import KeyDestroyed
from rso_shared.kit.events import Meta, Recorded
from rso_shared.kit.names import ServiceName
from rso_shared.kit.notices import NoticeSpec
from rso_shared.kit.projections import Projection
from rso_shared.kit.reactions import Subscription
from rso_shared.kit.store import EventStore


def publish_nothing(_recorded: Recorded) -> FactModel | None:
    return None


@dataclass(frozen=True, slots=True)
class Gauge:
    """A number of the service's own, by one label: `read` counts by that label's value. Sampled now and then."""

    name: str
    read: Callable[[Tx], Mapping[str, float]]


def _nothing_to_purge(_tx: Tx, _person_id: str) -> None:
    """For read models that name nobody, not even by a token."""


def _nobody_waits(_tx: Tx, _store: EventStore, _answer: KeyDestroyed, _meta: Meta) -> None:
    """For services that collect no answers."""


@dataclass(frozen=True, slots=True)
class Erasing:
    """`purge` takes out of the read models whatever leads to the person. `answered` runs beside this service's own answer: its
    own topic it does not hear.
    """

    purge: Callable[[Tx, str], None] = _nothing_to_purge
    answered: Callable[[Tx, EventStore, KeyDestroyed, Meta], None] = _nobody_waits


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """`metadata` holds the service's own tables; the kit's are the same everywhere and come from the kit."""

    name: ServiceName
    metadata: MetaData
    routers: tuple[APIRouter, ...]
    projections: tuple[Projection, ...] = ()
    publish: Callable[[Recorded], FactModel | None] = publish_nothing
    subscription: Subscription = field(default_factory=Subscription)
    notices: NoticeSpec | None = None
    gauges: tuple[Gauge, ...] = ()
    erasing: Erasing = Erasing()
