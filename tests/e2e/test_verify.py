"""`rso verify` on a finished deployment: silent while it is whole, and naming the place for everything that can be wrong with it."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from e2e import logbook
from e2e.onebox import rso
from rso_onebox.datadir import DataDir
from rso_shared.kit import retention
from rso_shared.kit.database import Database
from rso_shared.kit.names import HEADS_TOPIC, SERVICES


def submitted(data: DataDir) -> tuple[str, int]:
    query = "SELECT stream, version FROM events WHERE name = 'intake.case_submitted'"
    stream, version = logbook.rows(logbook.store(data, "intake"), query)[0]
    return stream, version


def _found(data: DataDir, *words: str) -> None:
    done = rso(data.root, "verify")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert any(all(word in line for word in words) for line in lines), done.stdout
    assert lines[-1].startswith("not verified: ")


def test_verify_names_an_event_of_which_one_byte_changed(tampered: DataDir) -> None:
    stream, version = submitted(tampered)
    changed = 'UPDATE events SET data = replace(data, \'"language":"en"\', \'"language":"eo"\') WHERE stream = ? AND version = ?'
    logbook.change(logbook.store(tampered, "intake"), changed, stream, version)
    _found(tampered, "chain: intake:", stream, f"version {version}")


def test_verify_names_a_sealed_part_of_which_one_byte_changed(tampered: DataDir) -> None:
    stream, version = submitted(tampered)
    changed = "UPDATE events SET sealed = CAST(x'00' || substr(sealed, 2) AS BLOB) WHERE stream = ? AND version = ?"
    path = logbook.store(tampered, "intake")
    sealed = logbook.rows(path, "SELECT sealed FROM events WHERE stream = ? AND version = ?", stream, version)[0][0]
    logbook.change(path, changed, stream, version)
    if sealed[0] == 0:
        pytest.skip("the first byte was zero already")
    _found(tampered, "chain: intake:", stream, f"version {version}")


def test_verify_finds_a_cut_tail(tampered: DataDir) -> None:
    stream, _ = submitted(tampered)
    path = logbook.store(tampered, "intake")
    last = logbook.rows(path, "SELECT MAX(version) FROM events WHERE stream = ?", stream)[0][0]
    logbook.change(path, "DELETE FROM events WHERE stream = ? AND version = ?", stream, last)
    _found(tampered, "tail: intake:", stream, f"saw version {last}")


def test_verify_finds_a_vanished_stream(tampered: DataDir) -> None:
    path = logbook.store(tampered, "billing")
    stream = logbook.rows(path, "SELECT stream FROM events WHERE name = 'billing.charge_captured'")[0][0]
    logbook.change(path, "DELETE FROM events WHERE stream = ?", stream)
    _found(tampered, "vanished:", stream)


def test_verify_finds_an_altered_entry_of_an_access_log(tampered: DataDir) -> None:
    path = tampered.service("intake") / "access.db"
    logbook.change(path, "UPDATE access_log SET entry = replace(entry, '\"purpose\"', '\"Purpose\"') WHERE id = 2")
    _found(tampered, "access_log: intake: entry 2")


def test_verify_finds_a_gap(tampered: DataDir) -> None:
    stream, version = submitted(tampered)
    logbook.change(
        logbook.store(tampered, "intake"), "DELETE FROM events WHERE stream = ? AND version = ?", stream, version
    )
    _found(tampered, "gap: intake:", stream, f"expected version {version}")


def test_verify_finds_a_fact_that_was_never_sent(tampered: DataDir) -> None:
    stream, version = submitted(tampered)
    waiting = "UPDATE outbox SET published_at = NULL WHERE event_id = (SELECT event_id FROM events WHERE stream = ? AND version = ?)"
    logbook.change(logbook.store(tampered, "intake"), waiting, stream, version)
    _found(tampered, "unsent: intake:", stream, f"version {version}")


def test_verify_finds_a_fact_that_the_log_lost(tampered: DataDir) -> None:
    stream, version = submitted(tampered)
    _lose(tampered, stream, version)
    _found(tampered, "log: intake:", stream, f"version {version}", "the log does not have it")


def test_verify_finds_an_event_that_was_never_to_be_sent(tampered: DataDir) -> None:
    stream, version = submitted(tampered)
    _lose(tampered, stream, version)
    forgotten = "DELETE FROM outbox WHERE event_id = (SELECT event_id FROM events WHERE stream = ? AND version = ?)"
    logbook.change(logbook.store(tampered, "intake"), forgotten, stream, version)
    _found(tampered, "log: intake:", stream, f"version {version}", "never put into the outbox")


def test_verify_finds_a_stream_without_a_witness(tampered: DataDir) -> None:
    stream, _ = submitted(tampered)
    logbook.change(logbook.store(tampered, "operations"), "DELETE FROM heads WHERE stream = ?", stream)
    _found(tampered, "witness: intake:", stream)


def test_verify_finds_what_is_parked(tampered: DataDir) -> None:
    parked = """
        INSERT INTO parked (consumer, key, event_id, topic, headers, value, state, reason, parked_at)
        VALUES ('billing', 'case-1', 'event-1', 'rso.intake.v1', '{}', x'7b7d', 'poison', 'ValueError', '2026-03-02T15:00:00Z')
    """
    logbook.change(logbook.store(tampered, "billing"), parked)
    _found(tampered, "parked: billing: billing case-1: poison: ValueError")


def test_verify_finds_a_case_without_an_owner(tampered: DataDir) -> None:
    case_id = _again(tampered, "intake.case_submitted", owner="")
    _found(tampered, f"owner: case {case_id}: intake.case_submitted names no owner")


def test_verify_finds_a_second_active_assignment(tampered: DataDir) -> None:
    released = "DELETE FROM records WHERE headers LIKE '%rso.matching.assignment_%'"
    logbook.change(tampered.broker, released)
    case_id = _again(tampered, "matching.offer_accepted", assignment_id="another")
    _found(tampered, f"assignment: case {case_id}: two assignments are active at once")


def test_verify_finds_an_entry_that_does_not_balance(tampered: DataDir) -> None:
    path = logbook.store(tampered, "billing")
    stream, version, data = logbook.rows(
        path, "SELECT stream, version, data FROM events WHERE name = 'billing.ledger_entry_posted'"
    )[0]
    entry = json.loads(data)
    entry["postings"][0]["amount"]["amount_minor"] += 1
    changed = "UPDATE events SET data = ? WHERE stream = ? AND version = ?"
    logbook.change(path, changed, json.dumps(entry), stream, version)
    _found(tampered, f"ledger: billing: {stream} entry {entry['entry_id']}: does not balance", "1")


def test_verify_finds_a_stage_that_does_not_follow(tampered: DataDir) -> None:
    case_id = _again(tampered, "coordinator.stage_entered", stage="matching")
    _found(tampered, f"stage: case {case_id}: the coordinator says matching, the facts say delivered")


def test_verify_covers_what_the_outboxes_have_forgotten(tampered: DataDir) -> None:
    """A month later no outbox knows what was sent: as many cases are looked at, and nothing is found amiss."""
    whole = rso(tampered.root, "verify").stdout
    later = datetime.now(UTC) + retention.OUTBOX_KEEP + timedelta(days=1)
    for service in SERVICES:
        with closing(Database(f"sqlite:///{tampered.service(service.short)}/store.db")) as db:
            assert retention.forget_sent(db, later) > 0 or service.short == "operations"
    done = rso(tampered.root, "verify")
    assert (done.returncode, done.stdout) == (0, whole)
    case_id = _again(tampered, "coordinator.stage_entered", stage="matching")
    _found(tampered, f"stage: case {case_id}")


def test_what_stands_twice_on_the_log_is_one_fact(tampered: DataDir) -> None:
    """A relay that died between sending and marking sends again."""
    again = "INSERT INTO records (topic, key, headers, value) SELECT topic, key, headers, value FROM records WHERE topic <> ? ORDER BY id"
    whole = rso(tampered.root, "verify").stdout
    logbook.change(tampered.broker, again, HEADS_TOPIC)
    done = rso(tampered.root, "verify")
    assert (done.returncode, done.stdout) == (0, whole)


def _lose(data: DataDir, stream: str, version: int) -> None:
    query = "SELECT event_id FROM events WHERE stream = ? AND version = ?"
    event_id = logbook.rows(logbook.store(data, "intake"), query, stream, version)[0][0]
    logbook.change(data.broker, "DELETE FROM records WHERE json_extract(headers, '$.ce_id') = ?", event_id)


def _again(data: DataDir, name: str, **changed: Any) -> str:
    """Puts the last fact of this name onto the log a second time, with another content; returns its case."""
    query = "SELECT topic, key, headers, value FROM records WHERE json_extract(headers, '$.ce_type') = ? ORDER BY id DESC LIMIT 1"
    topic, key, headers, value = logbook.rows(data.broker, query, f"rso.{name}.v1")[0]
    fact, told = json.loads(value) | changed, json.loads(headers) | {"ce_id": "another"}
    insert = "INSERT INTO records (topic, key, headers, value) VALUES (?, ?, ?, ?)"
    logbook.change(data.broker, insert, topic, key, json.dumps(told), json.dumps(fact).encode())
    return str(fact["case_id"])
