"""A service as processes of its own: migrate, then api, then a relay, all from the environment."""

import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, inspect

from rso_shared.kit.auth import Issuer
from rso_shared.kit.keys import KeyRing
from support.harness import ISSUER_PEM

BUILT_IN, EMPTY = ("information_schema",), ("main", "public")


def environment(folder: Path, port: int, service: str = "BILLING") -> dict[str, str]:
    named = {
        "DATABASE_URL": f"sqlite:///{folder}/store.db",
        "KEYS_URL": f"sqlite:///{folder}/keys.db",
        "ACCESS_LOG_URL": f"sqlite:///{folder}/access.db",
        "BLOBS_URL": f"file://{folder}/blobs",
        "LEDGER_URL": f"file://{folder}/ledger",
        "MASTER_KEY": "07" * 32,
        "ISSUER_PUBLIC_KEY": Issuer(ISSUER_PEM, "rso-development").public_pem().decode(),
        "BROKER_URL": f"sqlite:///{folder}/broker.db",
        "MAIL_FOLDER": f"{folder}/mail",
        "PORT": str(port),
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RSO_")}
    return {**inherited, **{f"RSO_{service}_{name}": value for name, value in named.items()}}


def rso(role: str, env: dict[str, str], package: str = "rso_billing") -> "subprocess.Popen[str]":
    argv = [sys.executable, "-m", package, role]
    return subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_migrate_then_serve_then_stop(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = environment(tmp_path, port)
    first = rso("migrate", env).communicate(timeout=60)[0]
    assert first.strip().endswith("migrated")
    assert rso("migrate", env).communicate(timeout=60)[0].strip().endswith("nothing to migrate")
    _waits_in_the_outbox(tmp_path / "store.db")
    serving, relaying = rso("api", env), rso("relay", env)
    try:
        assert _answers(f"http://127.0.0.1:{port}/internal/v1/billing/livez")
        assert _sent(tmp_path / "store.db"), "the relay did not send what the api's process left in the outbox"
        assert relaying.poll() is None
    finally:
        for process in (serving, relaying):
            process.terminate()
        codes = [(process.communicate(timeout=30), process.returncode)[1] for process in (serving, relaying)]
    assert codes == [0, 0]


def test_a_key_that_a_backup_brought_back_is_gone_before_the_api_answers(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = environment(tmp_path, port)
    rso("migrate", env).communicate(timeout=60)
    keys = KeyRing(f"sqlite:///{tmp_path}/keys.db", bytes.fromhex("07" * 32), "billing")
    keys.seal("person-1", b"Ada", b"place")
    (tmp_path / "ledger" / "person-1").write_text("2026-03-02T15:00:00Z")
    serving = rso("api", env)
    try:
        assert _answers(f"http://127.0.0.1:{port}/internal/v1/billing/livez")
        assert keys.destroyed() == {"person-1"}
    finally:
        serving.terminate()
        serving.communicate(timeout=30)
        keys.close()


def test_an_api_makes_no_table(tmp_path, backend):
    """Tables are made by `migrate` alone: an api before it is not ready, and leaves the database as it is.

    Keys and access log that are files of their own are made by who opens them first.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = environment(tmp_path, port)
    named = ("DATABASE",) if backend.startswith("sqlite") else ("DATABASE", "ACCESS_LOG", "KEYS")
    serving = rso("api", {**env, **{f"RSO_BILLING_{name}_URL": backend for name in named}})
    try:
        until = time.monotonic() + 15
        while serving.poll() is None and time.monotonic() < until:
            with suppress(OSError):
                answer = urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5)
                pytest.fail(f"ready without a schema: {answer.read()!r}")
            time.sleep(0.5)
    finally:
        serving.terminate()
        serving.communicate(timeout=30)
    engine = create_engine(backend)
    assert tables_of(engine) == {}
    engine.dispose()


def test_migrate_makes_them_all_and_says_when_there_is_nothing_to_do(tmp_path, backend):
    env = environment(tmp_path, 0)
    named = () if backend.startswith("sqlite") else ("DATABASE", "ACCESS_LOG", "KEYS")
    env = {**env, **{f"RSO_BILLING_{name}_URL": backend for name in named}}
    assert rso("migrate", env).communicate(timeout=60)[0].strip().endswith("migrated")
    if named:
        engine = create_engine(backend)
        made = tables_of(engine)
        engine.dispose()
        assert {"person_keys", "keys_alembic_version", "journal"} <= set(made["public"])
        assert set(made["access"]) == {"access_log", "access_head", "access_alembic_version"}
    assert rso("migrate", env).communicate(timeout=60)[0].strip().endswith("nothing to migrate")


def tables_of(engine: Engine) -> dict[str, list[str]]:
    """By schema. One that is made is told even while it is empty; those that are there from the beginning are not."""
    looked = inspect(engine)
    found = {name: looked.get_table_names(schema=name) for name in looked.get_schema_names()}
    return {name: names for name, names in found.items() if name not in BUILT_IN and (names or name not in EMPTY)}


def test_an_unknown_setting_is_named(tmp_path):
    env = {**environment(tmp_path, 0), "RSO_BILLING_DATABSE_URL": "x"}
    process = rso("migrate", env)
    output = process.communicate(timeout=60)[0]
    assert process.returncode != 0
    assert "RSO_BILLING_DATABSE_URL" in output


def _waits_in_the_outbox(store: Path) -> None:
    with closing(sqlite3.connect(store)) as db, db:
        db.execute(
            "INSERT INTO outbox (event_id, topic, key, headers, value, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            ("e1", "rso.billing.v1", "k1", '{"ce_source": "/rso/billing"}', b"{}", "2026-03-02T15:00:00.000000Z"),
        )


def _sent(store: Path) -> bool:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with closing(sqlite3.connect(store)) as db:
            if db.execute("SELECT COUNT(*) FROM outbox WHERE published_at IS NULL").fetchone() == (0,):
                return True
        time.sleep(0.05)
    return False


def _answers(url: str) -> bool:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own address
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    return False
