"""One HTTP command with authentication, idempotency and telemetry on, against bare FastAPI and raw psycopg on the same statements.

Every span and metric goes to a collector (`collector.py`) that must have got some by the end.

The command registers an organisation: a new stream of one event, its read model, its outbox row, its idempotency row. What it
executes is written down once at the driver and is what the peer executes, with new ids each time.
"""

import asyncio
import json
import os
import pickle
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
from peer_app import MARKS
from postgres_room import database, postgres
from pydantic import SecretStr
from raw_client import Load, post, run
from rows import Row, ratio_at_most, reported
from starlette.testclient import TestClient

import rso_intake.app
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit import migrate, service
from rso_shared.kit.auth import Issuer, make_private_pem
from rso_shared.kit.clock import WallClock
from rso_shared.kit.local_broker import LocalBroker
from rso_shared.kit.settings import ServiceSettings
from rso_shared.kit.web.app import create_app
from rso_shared.kit.wire import Wire

PATH = "/v1/organisations"
CLIENTS = (1, 50)
SECONDS = 4.0
ROUNDS = 3
LIMIT = 1.8
OTHER_LINE = ("NOTIFY", "SET synchronous_commit")
"""Of the connection that tells the relay: no part of the command's transaction."""
VERSIONS = Path(rso_intake.app.__file__).parent / "migrations" / "versions"
HERE = Path(__file__).parent
Statement = tuple[str, Any, bool]


def settings(folder: Path, dsn: str, pem: bytes) -> dict[str, str]:
    """As the environment would give them. Keys and access log stand in files: this command touches neither."""
    issuer = Issuer(pem, "rso-development")
    return {
        "database_url": dsn.replace("postgresql://", "postgresql+psycopg://"),
        "keys_url": f"sqlite:///{folder}/keys.db",
        "access_log_url": f"sqlite:///{folder}/access.db",
        "blobs_url": f"file://{folder}/blobs",
        "ledger_url": f"file://{folder}/ledger",
        "broker_url": f"sqlite:///{folder}/broker.db",
        "master_key": "07" * 32,
        "issuer_public_key": issuer.public_pem().decode(),
        "mail_folder": str(folder / "mail"),
        "conditions_file": str(HERE.parent / "defaults" / "conditions.csv"),
        "templates_folder": str(HERE.parent / "defaults" / "templates"),
    }


def request(token: str, organisation: str, key: str) -> tuple[dict[str, str], bytes]:
    body = {"organisation_id": organisation, "kind": "facility", "name": "Measured Clinic", "state": "MA"}
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}", "idempotency-key": key}
    return headers, json.dumps(body).encode()


def capture(given: dict[str, str], folder: Path, token: str) -> list[Statement]:
    """Migrates, runs the command once and writes down what reached the driver."""
    secret = {"master_key": SecretStr(given["master_key"])}
    built = service.build(
        rso_intake.app.SPEC,
        ServiceSettings(**{**given, **secret}),  # type: ignore[arg-type]
        broker=LocalBroker(folder / "broker.db"),
        clock=WallClock(),
    )
    migrate.migrate(built.db, VERSIONS)
    built.store._new_event_id = lambda: MARKS[2]  # noqa: SLF001 - the one id the peer has to make anew
    headers, body = request(token, MARKS[0], MARKS[1])
    with noted() as statements:
        answer = TestClient(create_app(built)).post(PATH, content=body, headers=headers)
    answer.raise_for_status()
    built.close()
    return [each for each in statements if not each[0].startswith(OTHER_LINE)]


@contextmanager
def noted() -> Iterator[list[Statement]]:
    """Every statement of every psycopg cursor and of our own wire; what only opens and closes transactions is the pool's on both sides."""
    seen: list[Statement] = []
    plain, many, hot = psycopg.Cursor.execute, psycopg.Cursor.executemany, Wire.run

    def execute(self: Any, query: Any, params: Any = None, **more: Any) -> Any:
        seen.append((str(query), params, False))
        return plain(self, query, params, **more)

    def executemany(self: Any, query: Any, params_seq: Any, **more: Any) -> Any:
        rows = list(params_seq)
        seen.append((str(query), rows, True))
        return many(self, query, rows, **more)

    def run(self: Any, sql: str, values: Any) -> Any:
        seen.append((sql, values, False))
        return hot(self, sql, values)

    psycopg.Cursor.execute, psycopg.Cursor.executemany = execute, executemany  # type: ignore[method-assign]
    Wire.run = run  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        psycopg.Cursor.execute, psycopg.Cursor.executemany = plain, many  # type: ignore[method-assign]
        Wire.run = hot  # type: ignore[method-assign]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(argv: list[str], port: int, **environment: str) -> Iterator[tuple[str, int]]:
    process = subprocess.Popen(
        [sys.executable, *argv], env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 30
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/livez")
                break
            except httpx.TransportError:
                if time.monotonic() > end or process.poll() is not None:
                    raise
                time.sleep(0.05)
        yield "127.0.0.1", port
    finally:
        process.terminate()
        process.wait(30)


def rounds(ours: tuple[str, int], peer: tuple[str, int], token: str, clients: int) -> tuple[list[Load], list[Load]]:
    def fresh() -> bytes:
        headers, body = request(token, str(uuid.uuid4()), str(uuid.uuid4()))
        return post(PATH, "127.0.0.1", headers, body)

    def once(address: tuple[str, int]) -> Load:
        load = asyncio.run(run(address, clients, SECONDS, fresh))
        if load.refused:
            raise RuntimeError(f"{load.refused} of {len(load.latencies)} commands were refused by {address}")
        return load

    for address in (ours, peer):
        once(address)
    pairs = [(once(ours), once(peer)) for _ in range(ROUNDS)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def table(ours: list[Load], peer: list[Load], clients: int) -> list[Row]:
    def middle(loads: list[Load], of: Callable[[Load], float]) -> float:
        return statistics.median(of(load) for load in loads)

    rows = []
    for name, part in (("p50", 0.5), ("p99", 0.99)):
        a, b = (1000 * middle(side, lambda load: load.quantile(part)) for side in (ours, peer))  # noqa: B023 - used at once
        rows.append(
            ratio_at_most(f"HTTP command, {clients} client{'s' if clients > 1 else ''}, {name}", a, b, "ms", LIMIT)
        )
    return rows


def main() -> list[Row]:
    pem = make_private_pem()
    token = Issuer(pem, "rso-development").token("bench-admin", Role.ORGANISATION_ADMIN, "operator", seconds=3600)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        run_server = stack.enter_context(postgres())
        dsn, other = stack.enter_context(database(run_server)), stack.enter_context(database(run_server))
        given = settings(folder, dsn, pem)
        statements = capture(settings(folder, other, pem), folder, token)
        capture(given, folder, token)
        (folder / "statements").write_bytes(pickle.dumps(statements))
        mine, theirs, telemetry = free_port(), free_port(), free_port()
        collecting = stack.enter_context(server([str(HERE / "collector.py"), str(telemetry)], telemetry))
        environment = {f"RSO_INTAKE_{name.upper()}": value for name, value in given.items()}
        environment["RSO_OTLP_ENDPOINT"] = f"http://127.0.0.1:{telemetry}"
        ours = stack.enter_context(server(["-m", "rso_intake", "api"], mine, RSO_INTAKE_PORT=str(mine), **environment))
        argv = [str(HERE / "peer_app.py"), other, str(folder / "statements"), str(theirs)]
        peer = stack.enter_context(server(argv, theirs))
        rows = [reported("SQL statements of that command", len(statements), "statements")]
        for clients in CLIENTS:
            rows += table(*rounds(ours, peer, token, clients), clients)
        came = httpx.get(f"http://127.0.0.1:{collecting[1]}/").json()
        if not came.get("/v1/traces"):
            raise RuntimeError("no span reached the collector: telemetry was not on")
        return rows
