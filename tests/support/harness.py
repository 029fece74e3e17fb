"""One service, alone, on real stores: facts of others are handed in as if consumed, its own are read from its outbox."""

import itertools
import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import select
from starlette.testclient import TestClient

from rso_shared.contracts.base import FactModel
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit import facts, service, tables
from rso_shared.kit.auth import Issuer, make_private_pem
from rso_shared.kit.broker import Record
from rso_shared.kit.clock import ManualClock, iso
from rso_shared.kit.ids import event_id
from rso_shared.kit.local_broker import LocalBroker
from rso_shared.kit.settings import ServiceSettings
from rso_shared.kit.spec import ServiceSpec
from rso_shared.kit.web.app import create_app

ISSUER_PEM = make_private_pem()
START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
DEFAULTS = Path(__file__).parents[2] / "defaults"


def settings(folder: Path, **more: Any) -> ServiceSettings:
    issuer = Issuer(ISSUER_PEM, "rso-development")
    given: dict[str, Any] = {
        "database_url": f"sqlite:///{folder}/store.db",
        "keys_url": f"sqlite:///{folder}/keys.db",
        "access_log_url": f"sqlite:///{folder}/access.db",
        "blobs_url": f"file://{folder}/blobs",
        "ledger_url": f"file://{folder}/ledger",
        "master_key": SecretStr("07" * 32),
        "issuer_public_key": issuer.public_pem().decode(),
        "service_token_key": SecretStr(ISSUER_PEM.decode()),
        "mail_folder": str(folder / "mail"),
        "conditions_file": str(DEFAULTS / "conditions.csv"),
        "templates_folder": str(DEFAULTS / "templates"),
        "allow_synthetic_npi": True,
        "access_patience_seconds": 0.05,
        **more,
    }
    return ServiceSettings(**given)


class Client:
    """A caller with a role. `post` sends a fresh Idempotency-Key unless one is given."""

    def __init__(self, http: TestClient, token: str) -> None:
        self.http = http
        self.headers = {"authorization": f"Bearer {token}"}

    def get(self, path: str, **params: Any) -> Any:
        return self.http.get(path, params=params, headers=self.headers)

    def post(self, path: str, body: Any = None, *, key: str | None = None, **more: Any) -> Any:
        headers = {**self.headers, "idempotency-key": key or str(uuid.uuid4()), **more.pop("headers", {})}
        return self.http.post(
            path, json={} if body is None and "content" not in more else body, headers=headers, **more
        )


class Harness:
    def __init__(self, spec: ServiceSpec, folder: Path, **more: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.clock = ManualClock(START)
        self.broker = LocalBroker(folder / "broker.db")
        self.service = service.build(spec, settings(folder, **more), broker=self.broker, clock=self.clock)
        with self.service.db.write() as tx:
            tables.METADATA.create_all(tx.conn)
            spec.metadata.create_all(tx.conn)
        self.service.keys.prepare()
        self.service.access_log.prepare()
        self.app: FastAPI = create_app(self.service)
        self.http = TestClient(self.app, raise_server_exceptions=True)
        self._issuer = Issuer(ISSUER_PEM, "rso-development")
        self._versions = itertools.count(1)

    def client(
        self, role: Role | str, subject: str = "someone", organisation: str = "operator", scope: str = "*"
    ) -> Client:
        return Client(self.http, self._issuer.token(subject, Role(role), organisation, scope=scope))

    def record(self, fact: FactModel, producer: str | None = None) -> Record:
        short = producer or fact.TYPE.split(".", maxsplit=1)[0]
        version = next(self._versions)
        headers = {
            "ce_id": event_id(), "ce_type": fact.fact_type(), "ce_subject": fact.key(), "ce_time": iso(self.clock.now()),
            "ce_stream": f"operator/{short}/{fact.key()}", "ce_streamversion": str(version), "ce_hash": "00" * 32,
            "ce_correlationid": "test",
        }  # fmt: skip
        return Record(f"rso.{short}.v1", fact.key(), headers, fact.model_dump_json().encode())

    def receive(self, *received: FactModel) -> None:
        """Through the real consumer: inbox, parking and all."""
        service.consumer(self.service).process([self.record(fact) for fact in received])

    def facts(self, *models: type[FactModel]) -> list[FactModel]:
        """What this service has published so far, oldest first; of these types or of all."""
        query = select(tables.OUTBOX.c.topic, tables.OUTBOX.c.key, tables.OUTBOX.c.headers, tables.OUTBOX.c.value)
        with self.service.db.read() as tx:
            rows = tx.conn.execute(query.order_by(tables.OUTBOX.c.id)).all()
        parsed = [facts.parse(Record(row.topic, row.key, json.loads(row.headers), row.value)) for row in rows]
        return [fact.data for fact in parsed if fact is not None and (not models or isinstance(fact.data, models))]

    def rebuild(self) -> dict[str, int]:
        return service.rebuild_all(self.service)

    def close(self) -> None:
        self.service.close()
        self.broker.close()
