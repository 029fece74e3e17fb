"""A real PostgreSQL: roles that cannot read each other's, and committed rows that outlive a kill."""

import os
import signal
import time
from typing import Any

import psycopg
import pytest
from engines.conftest import Starting

from rso_engines.engines import Engines
from rso_engines.status import Status

READY_SECONDS = 60.0


def facts(status: Status) -> dict[str, Any]:
    assert status.postgres
    return status.postgres


def url(status: Status, role: str, database: str) -> str:
    return str(facts(status)["roles"][role]["databases"][database])


def ask(address: str, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(address, autocommit=True) as connection:
        answer = connection.execute(sql.encode())
        return answer.fetchall() if answer.description else []


def test_a_role_has_its_own_databases_and_no_others(standing: Engines) -> None:
    status = standing.status()
    for role in ("rso_one", "rso_two"):
        for database in (role, f"{role}_keys"):
            assert ask(url(status, role, database), "CREATE TABLE t (x int)") == []
    one = url(status, "rso_one", "rso_one")
    for other in ("rso_two", "rso_two_keys", "postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            ask(f"{one.rpartition('/')[0]}/{other}", "SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        ask(one.replace(facts(status)["roles"]["rso_one"]["password"], "guessed"), "SELECT 1")
    for forbidden in ("CREATE ROLE x", "CREATE DATABASE x", "SET ROLE rso_two"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ask(one, forbidden)


def test_what_was_committed_is_there_after_a_kill(starting: Starting) -> None:
    engines = starting("postgres")
    before = engines.status()
    one = url(before, "rso_one", "rso_one")
    ask(one, "CREATE TABLE kept (x int)")
    ask(one, "INSERT INTO kept VALUES (1)")
    with psycopg.connect(one) as open_when_killed:
        open_when_killed.execute("INSERT INTO kept VALUES (2)")
        assert engines.kill("postgres")
        with pytest.raises(psycopg.OperationalError):
            open_when_killed.commit()
    after = engines.up(["postgres"])
    assert facts(after) == facts(before)
    assert ask(one, "SELECT x FROM kept") == [(1,)]


def test_it_is_killed_in_the_middle_of_a_command_and_revived_without_waiting(starting: Starting) -> None:
    engines = starting("postgres")
    with engines.data.locked():
        assert engines.kill("postgres")
    assert engines.revive("postgres")
    assert not engines.revive("postgres")
    end = time.monotonic() + READY_SECONDS
    while engines.status().running() != ["postgres"]:
        assert time.monotonic() < end, engines.status().as_lines()
        time.sleep(0.1)
    assert ask(url(engines.status(), "rso_one", "rso_one"), "SELECT 1") == [(1,)]


def test_up_takes_over_where_only_the_parent_was_killed(starting: Starting) -> None:
    engines = starting("postgres")
    before = engines.status()
    one = url(before, "rso_one", "rso_one")
    still_open = psycopg.connect(one)
    still_open.execute("CREATE TABLE lost (x int)")
    pid = before.engines["postgres"].pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    assert ask(url(engines.up(["postgres"]), "rso_one", "rso_one"), "SELECT to_regclass('lost')") == [(None,)]
    still_open.close()


def test_up_again_adds_databases_and_starts_nothing(standing: Engines) -> None:
    before = standing.status()
    after = standing.up(["postgres"], ["rso_three"])
    assert after.engines["postgres"].pid == before.engines["postgres"].pid
    assert ask(url(after, "rso_three", "rso_three_keys"), "SELECT 1") == [(1,)]
    assert url(after, "rso_one", "rso_one") == url(before, "rso_one", "rso_one")


def test_it_is_set_as_asked(standing: Engines) -> None:
    status = standing.status()
    said = dict(ask(facts(status)["url"], "SELECT name, setting FROM pg_settings"))
    assert (said["fsync"], said["synchronous_commit"], said["data_checksums"]) == ("on", "on", "on")
    assert (said["listen_addresses"], said["unix_socket_directories"]) == ("127.0.0.1", "")
    assert int(said["max_connections"]) >= 300


def test_no_value_reaches_its_log(standing: Engines) -> None:
    one = url(standing.status(), "rso_one", "rso_one")
    ask(one, "CREATE TABLE people (name text PRIMARY KEY)")
    with psycopg.connect(one, autocommit=True) as connection:
        connection.execute("INSERT INTO people VALUES (%s)", ["JANE DOE"])
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO people VALUES (%s)", ["JANE DOE"])
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO people VALUES ('JANE DOE')")
    log = standing.log_end("postgres", 100)
    assert "duplicate key value" in log
    assert "JANE" not in log
