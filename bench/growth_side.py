"""One service on one of the databases: its api and its consumer in this process, with the keys of the case that was played."""

import importlib
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from finished import Finished
from http_command import settings
from pydantic import SecretStr
from starlette.testclient import TestClient

from rso_shared.contracts.vocabulary import Role
from rso_shared.kit import migrate, service
from rso_shared.kit.broker import Record
from rso_shared.kit.clock import WallClock
from rso_shared.kit.local_broker import LocalBroker
from rso_shared.kit.names import BY_SHORT
from rso_shared.kit.settings import ServiceSettings
from rso_shared.kit.web.app import create_app


class Side:
    """`short` is the service's name. The folder is for what does not stand in its database."""

    def __init__(self, short: str, dsn: str, played: Finished, folder: Path) -> None:
        self.dsn, self._played = dsn, played
        app = importlib.import_module(f"{BY_SHORT[short].package}.app")
        given = settings(folder, dsn, played.data.issuer_pem())
        given["keys_url"] = f"sqlite:///{played.data.service(short)}/keys.db"
        secret = {"master_key": SecretStr(played.data.master_key())}
        self.service = service.build(
            app.SPEC,
            ServiceSettings(**{**given, **secret}),  # type: ignore[arg-type]
            broker=LocalBroker(folder / "broker.db"),
            clock=WallClock(),
        )
        migrate.migrate(self.service.db, Path(str(app.__file__)).parent / "migrations" / "versions")
        self._client = TestClient(create_app(self.service))
        self._consumer = service.consumer(self.service)

    def call(self, method: str, path: str, role: Role, subject: str, organisation: str, body: Any = None) -> Any:
        token = self._played.data.issuer().token(subject, role, organisation)
        headers = {"authorization": f"Bearer {token}", "idempotency-key": str(uuid.uuid4())}
        answer = self._client.request(method, path, headers=headers, json=body)
        if answer.is_error:
            raise RuntimeError(f"{method} {path} answered {answer.status_code}: {answer.text}")
        return answer.json()

    def take_in(self, records: Sequence[Record]) -> None:
        """As one polled batch."""
        self._consumer.process(list(records))
