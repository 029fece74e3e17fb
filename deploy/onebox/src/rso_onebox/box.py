"""All services in one process: built from their specs on one data folder, one broker, one clock."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import func, select

import rso_billing.app
import rso_coordinator.app
import rso_intake.app
import rso_matching.app
import rso_operations.app
import rso_opinions.app
import rso_records_compiler.app
import rso_subscriptions.app
import rso_subscriptions.delivery.loop
from rso_coordinator.bridge import NAME as BRIDGE
from rso_coordinator.bridge import TOPICS
from rso_coordinator.worker import Temporal
from rso_onebox.datadir import ISSUER, DataDir
from rso_shared.kit import crash, erasures, gauges, migrate, service
from rso_shared.kit.local_broker import LocalBroker
from rso_shared.kit.service import Service
from rso_shared.kit.settings import ServiceSettings
from rso_shared.kit.spec import ServiceSpec
from rso_shared.kit.tables import OUTBOX
from rso_shared.kit.web.app import create_app

DEFAULTS = Path(__file__).parents[4] / "defaults"
MODULES = (
    rso_intake.app,
    rso_records_compiler.app,
    rso_matching.app,
    rso_opinions.app,
    rso_billing.app,
    rso_coordinator.app,
    rso_operations.app,
    rso_subscriptions.app,
)
NAMESPACE = "default"
OWN_MACHINE = "127.0.0.0/8,::1/128"
"""Where a sandbox's receivers may be too: beside it."""


@dataclass(slots=True)
class Box:
    """Built, migrated, not yet running."""

    data: DataDir
    broker: LocalBroker
    services: dict[str, Service]
    apps: dict[str, FastAPI]

    def quiet(self) -> bool:
        """Nothing unsent anywhere, nobody still to be erased, and every group at the end of the log."""
        for running in self.services.values():
            with running.db.read() as tx:
                if tx.conn.execute(select(func.count()).where(OUTBOX.c.published_at.is_(None))).scalar_one():
                    return False
                if erasures.pending(tx):
                    return False
        groups = [(s.name, s.topics()) for s in self.services.values()]
        return not any(self.broker.behind(group, topics) for group, topics in [*groups, (BRIDGE, TOPICS)])

    def close(self) -> None:
        for running in self.services.values():
            running.close()
        self.broker.close()


def settings(data: DataDir, spec: ServiceSpec, *, sandbox: bool, internal_url: str, public_url: str) -> ServiceSettings:
    folder, pem, prefix = data.service(spec.name.short), data.issuer_pem(), spec.name.settings_prefix
    return ServiceSettings(
        _env_prefix=prefix,
        database_url=f"sqlite:///{folder / 'store.db'}",
        keys_url=f"sqlite:///{folder / 'keys.db'}",
        access_log_url=f"sqlite:///{folder / 'access.db'}",
        blobs_url=f"file://{(folder / 'blobs').resolve()}",
        ledger_url=f"file://{data.ledger.resolve()}",
        master_key=SecretStr(data.master_key()),
        issuer=ISSUER,
        issuer_public_key=data.issuer().public_pem().decode(),
        service_token_key=SecretStr(pem.decode()),
        development_sign_in=True,
        internal_url=internal_url,
        public_url=public_url,
        sandbox=sandbox,
        allow_synthetic_npi=sandbox,
        webhook_networks=os.environ.get(f"{prefix}WEBHOOK_NETWORKS", OWN_MACHINE if sandbox else ""),
        conditions_file=str(DEFAULTS / "conditions.csv"),
        mail_folder=str(data.mail),
        templates_folder=str(DEFAULTS / "templates"),
    )


def build(
    data: DataDir, *, sandbox: bool, internal_url: str, public_url: str, temporal: Callable[[bytes], Temporal]
) -> Box:
    """Opens every store and brings its schema up to date, after a copy of the file where there was one."""
    broker, clock = LocalBroker(data.broker), data.clock()
    services: dict[str, Service] = {}
    apps: dict[str, FastAPI] = {}
    for module in MODULES:
        spec = module.SPEC
        made = service.build(
            spec,
            settings(data, spec, sandbox=sandbox, internal_url=internal_url, public_url=public_url),
            broker=broker,
            clock=clock,
        )
        crash.arm(made.settings)
        migrate.migrate(made.db, Path(str(module.__file__)).parent / "migrations" / "versions")
        made.eraser.again()
        services[made.name] = made
        apps[made.name] = create_app(made)
        bridge = {BRIDGE: TOPICS} if spec is rso_coordinator.app.SPEC else {}
        watch = gauges.of(made, {made.name: made.topics(), **bridge})
        made.loops[gauges.LOOP] = service.expected(made.health, gauges.LOOP, watch.run)
    box = Box(data, broker, services, apps)
    rso_subscriptions.delivery.loop.add_to(services["subscriptions"])
    coordinator = services["coordinator"]
    rso_coordinator.app.add_temporal(
        coordinator, apps["coordinator"], temporal(coordinator.settings.master()), box.quiet
    )
    return box
