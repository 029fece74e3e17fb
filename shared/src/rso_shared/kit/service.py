"""The running service: everything its routes and loops work with, built once from spec and settings."""

from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rso_shared.contracts.vocabulary import Role
from rso_shared.kit import ids, notices, projections
from rso_shared.kit.access_log import AccessLog
from rso_shared.kit.auth import Issuer, Verifier
from rso_shared.kit.blobs import BlobStore
from rso_shared.kit.broker import Broker
from rso_shared.kit.clock import Clock
from rso_shared.kit.consumer import Consumer
from rso_shared.kit.database import Database
from rso_shared.kit.erasing import LOOP as ERASING
from rso_shared.kit.erasing import Eraser, publishing
from rso_shared.kit.health import Health
from rso_shared.kit.housekeeping import LOOP as HOUSEKEEPING
from rso_shared.kit.housekeeping import Housekeeping
from rso_shared.kit.keys import KeyRing
from rso_shared.kit.ledger import Ledger
from rso_shared.kit.mail import LOOP as MAIL
from rso_shared.kit.mail import FolderMailer, Mailer, MailLoop, SmtpMailer, Templates
from rso_shared.kit.neighbours import Neighbours
from rso_shared.kit.relay import LOOP as RELAY
from rso_shared.kit.relay import Relay, Wakeup
from rso_shared.kit.settings import ServiceSettings
from rso_shared.kit.spec import ServiceSpec
from rso_shared.kit.store import EventStore

SERVICE_TOKEN_SECONDS = 3600
Loop = Callable[[], Coroutine[Any, Any, None]]


@dataclass(slots=True)
class Service:
    spec: ServiceSpec
    settings: ServiceSettings
    db: Database
    store: EventStore
    keys: KeyRing
    blobs: BlobStore
    access_log: AccessLog
    clock: Clock
    ids: ids.Ids
    verifier: Verifier
    neighbours: Neighbours
    service_token: Callable[[], str]
    health: Health
    broker: Broker
    wake_relay: Wakeup
    executor: ThreadPoolExecutor
    eraser: Eraser = field(init=False)
    mail: MailLoop | None = None
    loops: dict[str, Loop] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.spec.name.short

    def topics(self) -> list[str]:
        """What this service listens to."""
        return self.spec.subscription.topics(self.spec.name)

    def close(self) -> None:
        self.executor.shutdown(wait=True)
        self.access_log.close()
        self.neighbours.close()
        self.keys.close()
        self.db.close()


def build(
    spec: ServiceSpec, settings: ServiceSettings, *, broker: Broker, clock: Clock, new_id: ids.Ids = ids.random_id
) -> Service:
    """Opens the service's stores. Nothing runs yet: the loops are in `loops`, the HTTP face comes from `web.app`."""
    health = Health()
    db = Database(settings.database_url, pool=settings.database_pool)
    wake = Wakeup(db.signals.subscribe)
    keys = KeyRing(settings.keys_url, settings.master(), spec.name.short)
    inline = spec.projections + ((notices.projection(spec.notices),) if spec.notices else ())
    store = EventStore(spec.name, keys, clock, publishing(spec), inline, db.signals, livemode=not settings.sandbox)
    token = _service_token(spec, settings)
    service = Service(
        spec=spec,
        settings=settings,
        db=db,
        store=store,
        keys=keys,
        blobs=BlobStore(settings.blobs_url, db, keys, clock),
        access_log=AccessLog(settings.access_log_url),
        clock=clock,
        ids=new_id,
        verifier=Verifier(settings.issuer_public_key.encode(), settings.issuer, settings.operator_organisation_id),
        neighbours=Neighbours(settings.internal_url, token),
        service_token=token,
        health=health,
        broker=broker,
        wake_relay=wake,
        executor=ThreadPoolExecutor(1, thread_name_prefix=spec.name.short),
    )
    _add_loops(service)
    return service


def _service_token(spec: ServiceSpec, settings: ServiceSettings) -> Callable[[], str]:
    key = settings.service_token_key

    def token() -> str:
        if key is None:
            raise RuntimeError(
                f"{spec.name.settings_prefix}SERVICE_TOKEN_KEY is not set: this service cannot call others"
            )
        issuer = Issuer(key.get_secret_value().encode(), settings.issuer)
        return issuer.token(
            spec.name.short, Role.SERVICE, settings.operator_organisation_id, seconds=SERVICE_TOKEN_SECONDS
        )

    return token


def _add_loops(service: Service) -> None:
    s = service
    relay = Relay(s.db, s.broker, s.wake_relay, s.health, s.clock, s.executor)
    s.loops["relay"] = expected(s.health, RELAY, relay.run)
    s.loops["consumer"] = expected(s.health, s.name, consumer(s).run)
    if s.spec.notices is not None:
        templates = Templates(Path(s.settings.templates_folder), s.settings.mail_from, s.settings.public_url)
        s.mail = MailLoop(
            s.spec.notices, s.db, s.store, _mailer(s.settings), templates,
            clock=s.clock, health=s.health, executor=s.executor,
        )  # fmt: skip
        s.loops["mail"] = expected(s.health, MAIL, s.mail.run)
        s.mail.wake = Wakeup(s.db.signals.subscribe)
    s.loops["housekeeping"] = expected(
        s.health, HOUSEKEEPING, Housekeeping(s.name, s.db, s.blobs, s.health, s.executor).run
    )
    s.eraser = Eraser(
        s.spec, s.db, s.store, s.keys, s.blobs, Ledger(s.settings.ledger_url),
        organisation_id=s.settings.operator_organisation_id, clock=s.clock, health=s.health, executor=s.executor,
    )  # fmt: skip
    s.loops["erasing"] = expected(s.health, ERASING, s.eraser.run)


def expected(health: Health, name: str, run: Loop) -> Loop:
    """The loop as it is run. From its start its silence is a problem; a process that does not run it never asks."""

    async def watched() -> None:
        health.expect(name)
        await run()

    return watched


def consumer(service: Service) -> Consumer:
    s, subscription = service, service.spec.subscription
    return Consumer(
        s.name, s.db, s.broker, s.topics(),
        lambda tx, record, fact, now: subscription.handle(tx, s.store, record, fact, now),
        wants=subscription.wants, now=s.clock.now, wall=lambda: datetime.now(UTC), health=s.health, executor=s.executor,
    )  # fmt: skip


def _mailer(settings: ServiceSettings) -> Mailer:
    if settings.smtp_url:
        return SmtpMailer(settings.smtp_url)
    if settings.mail_folder:
        return FolderMailer(Path(settings.mail_folder))
    raise ValueError("mail: set either SMTP_URL or MAIL_FOLDER for this service")


def rebuild_all(service: Service) -> dict[str, int]:
    """Every projection from the streams, while the service goes on. Returns streams folded per projection."""
    return {
        projection.name: projections.rebuild(service.db, projection, service.store.load_many)
        for projection in service.store.inline
    }
