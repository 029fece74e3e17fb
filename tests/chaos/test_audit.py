"""The auditor is audited: each kind of damage that it is there for is done to a copy of a sound folder, and it finds it."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from e2e.onebox import copy

import rso_billing.app
import rso_coordinator.app
import rso_intake.app
import rso_matching.app
import rso_operations.app
import rso_opinions.app
import rso_records_compiler.app
import rso_subscriptions.app
from chaos.conftest import CASES, Played
from rso_cluster import audit, audit_log, audit_stores
from rso_cluster.audit import Verdict
from rso_cluster.audit_hears import hears
from rso_cluster.audit_model import Evidence, Kind
from rso_shared.contracts.registry import FACTS
from rso_shared.kit.names import BY_SHORT
from rso_shared.kit.spec import ServiceSpec

SPECS = (
    rso_billing.app, rso_coordinator.app, rso_intake.app, rso_matching.app, rso_operations.app, rso_opinions.app,
    rso_records_compiler.app, rso_subscriptions.app,
)  # fmt: skip


def evidence(root: Path, played: Played) -> Evidence:
    return Evidence(
        stores=audit_stores.of_folder(root),
        log=audit_log.of_file(root / "broker" / "broker.db"),
        mails=list(audit.mails_of(root / "mail")),
        workflows=played.workflows,
        wanted=played.cases,
    )


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        for statement in statements:
            assert db.execute(statement).rowcount > 0, statement


@pytest.fixture
def copied(played: Played, tmp_path: Path) -> Path:
    return copy(played.root, tmp_path / "copy")


def found(verdict: Verdict) -> set[tuple[Kind, str]]:
    return {(finding.kind, finding.check) for finding in verdict.findings}


def test_a_sound_folder_has_no_findings(played: Played) -> None:
    verdict = audit.audit(evidence(played.root, played))
    assert verdict.findings == []
    counts = verdict.counts
    assert (counts.cases, counts.delivered, counts.charges, counts.honoraria) == (CASES,) * 4
    assert counts.workflows == CASES
    assert counts.trial_balance == {"USD": 0}
    assert counts.records == counts.events
    assert counts.mails > CASES


@pytest.mark.parametrize("spec", [module.SPEC for module in SPECS], ids=lambda spec: spec.name.short)
def test_the_auditor_expects_of_each_service_what_it_subscribes_to(spec: ServiceSpec) -> None:
    own, subscription = spec.name.short, spec.subscription
    facts = [model for model in FACTS.values() if model.producer() in BY_SHORT and model.producer() != own]
    heard = {model.TYPE for model in facts if hears(own, model.fact_type())}
    assert heard == {model.TYPE for model in facts if subscription.on_record is not None or model in subscription.types}


def _remove_event(root: Path) -> None:
    change(root / "intake" / "store.db", "DELETE FROM events WHERE name = 'intake.authorization_signed'")


def _cut_tail(root: Path) -> None:
    change(root / "billing" / "store.db", "DELETE FROM events WHERE name = 'billing.invoice_issued'")


def _double_effect(root: Path) -> None:
    columns = "position, type, key, occurred_at, kept_at, data"
    change(
        root / "intake" / "store.db",
        f"INSERT INTO facts (event_id, stream, version, {columns}) SELECT 'again', stream, version, {columns} FROM facts LIMIT 1",
        "INSERT INTO inbox (consumer, event_id, handled_at) SELECT consumer, 'again', handled_at FROM inbox LIMIT 1",
    )


def _forget_applied(root: Path) -> None:
    change(
        root / "records" / "store.db",
        "DELETE FROM inbox WHERE event_id = (SELECT event_id FROM inbox ORDER BY 1 LIMIT 1)",
    )


def _lose_record(root: Path) -> None:
    change(root / "broker" / "broker.db", "DELETE FROM records WHERE id = (SELECT MAX(id) FROM records)")


def _change_value(root: Path) -> None:
    """As large as before and still JSON: only a comparison with the outbox finds it."""
    change(
        root / "broker" / "broker.db",
        "UPDATE records SET value = CAST(replace(CAST(value AS TEXT), '\"opinion_version\":1', '\"opinion_version\":2') AS BLOB)"
        " WHERE topic = 'rso.opinions.v1' AND CAST(value AS TEXT) LIKE '%\"opinion_version\":1%'",
    )


def _change_key(root: Path) -> None:
    """Of the only record of its key, so that no order gives it away."""
    change(
        root / "broker" / "broker.db",
        "UPDATE records SET key = 'another' WHERE id = (SELECT MIN(id) FROM records WHERE topic = 'rso.matching.v1')",
    )


def _swap_records(root: Path) -> None:
    """The last two facts of the coordinator change places on the log."""
    pair = "SELECT id FROM records WHERE topic = 'rso.coordinator.v1' ORDER BY id DESC LIMIT 1"
    with closing(sqlite3.connect(root / "broker" / "broker.db")) as db, db:
        last = db.execute(pair).fetchone()[0]
        stream = "json_extract(headers, '$.ce_stream')"
        query = (
            f"SELECT MAX(id) FROM records WHERE id < {last} AND topic = 'rso.coordinator.v1'"
            f" AND {stream} = (SELECT {stream} FROM records WHERE id = {last})"
        )
        before = db.execute(query).fetchone()[0]
        for old, new in ((last, -1), (before, last), (-1, before)):
            db.execute("UPDATE records SET id = ? WHERE id = ?", (new, old))


def _change_byte(root: Path) -> None:
    change(
        root / "opinions" / "store.db",
        "UPDATE events SET data = replace(data, '\"opinion_version\":1', '\"opinion_version\":2')"
        " WHERE name = 'opinions.opinion_submitted'",
    )


def _change_sealed(root: Path) -> None:
    change(root / "intake" / "store.db", "UPDATE events SET sealed = x'00' WHERE name = 'intake.case_submitted'")


def _tear_mail(root: Path) -> None:
    next((root / "mail").glob("*.eml")).unlink()


def _double_mail(root: Path) -> None:
    mail = next((root / "mail").glob("*.eml"))
    mail.with_name("again.eml").write_bytes(mail.read_bytes())


def _strange_mail(root: Path) -> None:
    (root / "mail" / "strange.eml").write_text("Message-ID: <nobody@localhost>\n\nhello\n")


def _unsend(root: Path) -> None:
    change(
        root / "matching" / "store.db", "UPDATE outbox SET published_at = NULL WHERE id = (SELECT MAX(id) FROM outbox)"
    )


def _park(root: Path) -> None:
    columns = "consumer, key, event_id, topic, headers, value, state, reason, parked_at"
    change(
        root / "billing" / "store.db",
        f"INSERT INTO parked ({columns}) VALUES ('billing', 'k', 'e', 't', '', x'', 'poison', 'KeyError', '')",
    )


def _double_charge(root: Path) -> None:
    columns = "event_id, name, schema_version, data, sealed, meta, recorded_at, prev_hash, hash"
    change(
        root / "billing" / "store.db",
        "INSERT INTO events (stream, version, event_id, name, schema_version, data, sealed, meta, recorded_at, prev_hash, hash)"
        f" SELECT 'operator/charge/again/' || stream, 1, 'again', {columns.removeprefix('event_id, ')} FROM events"
        " WHERE name = 'billing.charge_captured' LIMIT 1",
    )


def _unbalance(root: Path) -> None:
    change(
        root / "billing" / "store.db",
        "UPDATE events SET data = replace(data, '-240000', '-239999') WHERE name = 'billing.ledger_entry_posted'"
        " AND data LIKE '%-240000%'",
    )


def _show_another_stage(root: Path) -> None:
    change(root / "operations" / "store.db", "UPDATE board SET stage = 'matching'")


DAMAGE: dict[Callable[[Path], None], set[tuple[Kind, str]]] = {
    _remove_event: {(Kind.LOST, "stream"), (Kind.LOST, "effect"), (Kind.LOST, "log")},
    _cut_tail: {(Kind.LOST, "witness"), (Kind.LOST, "effect"), (Kind.LOST, "log")},
    _double_effect: {(Kind.DUPLICATED, "inbox"), (Kind.DUPLICATED, "kept")},
    _forget_applied: {(Kind.LOST, "inbox")},
    _lose_record: {(Kind.LOST, "log")},
    _change_value: {(Kind.CHANGED, "log")},
    _change_key: {(Kind.CHANGED, "log")},
    _swap_records: {(Kind.CHANGED, "order")},
    _change_byte: {(Kind.CHANGED, "chain")},
    _change_sealed: {(Kind.CHANGED, "chain")},
    _tear_mail: {(Kind.LOST, "mail")},
    _double_mail: {(Kind.DUPLICATED, "mail")},
    _strange_mail: {(Kind.DUPLICATED, "mail")},
    _unsend: {(Kind.STUCK, "outbox")},
    _park: {(Kind.STUCK, "parked")},
    _double_charge: {(Kind.DUPLICATED, "effect"), (Kind.LOST, "outbox")},
    _unbalance: {(Kind.CHANGED, "ledger"), (Kind.CHANGED, "chain")},
    _show_another_stage: {(Kind.LOST, "stage")},
}


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__.strip("_"))
def test_damage_is_found(damage: Callable[[Path], None], copied: Path, played: Played) -> None:
    damage(copied)
    verdict = audit.audit(evidence(copied, played))
    assert found(verdict) >= DAMAGE[damage], [finding.line() for finding in verdict.findings]


SUPERSEDED = """
    DELETE FROM records WHERE topic = 'rso.heads.v1'
    AND id < (SELECT MAX(r.id) FROM records r WHERE r.topic = records.topic AND r.key = records.key)
"""


def test_heads_that_were_compacted_are_not_lost(copied: Path, played: Played) -> None:
    """The topic keeps the last head of each key; the last one itself is missed."""
    change(copied / "broker" / "broker.db", SUPERSEDED)
    assert audit.audit(evidence(copied, played)).findings == []
    change(
        copied / "broker" / "broker.db",
        "DELETE FROM records WHERE id = (SELECT MAX(id) FROM records WHERE topic = 'rso.heads.v1')",
    )
    assert (Kind.LOST, "log") in found(audit.audit(evidence(copied, played)))


def _forget_sent(root: Path) -> None:
    """As a month later: no outbox knows any more what it sent."""
    for store in root.glob("*/store.db"):
        with closing(sqlite3.connect(store)) as db, db:
            db.execute("DELETE FROM outbox")


def test_what_the_outboxes_have_forgotten_is_judged_by_the_log(copied: Path, played: Played) -> None:
    whole = audit.audit(evidence(copied, played))
    _forget_sent(copied)
    assert audit.audit(evidence(copied, played)) == whole
    change(copied / "broker" / "broker.db", SUPERSEDED)
    assert audit.audit(evidence(copied, played)).findings == []


@pytest.mark.parametrize(
    "gone",
    [
        "DELETE FROM records WHERE id = (SELECT MIN(id) FROM records WHERE topic = 'rso.intake.v1')",
        "DELETE FROM records WHERE id = (SELECT MAX(id) FROM records WHERE topic = 'rso.heads.v1')",
        "UPDATE records SET topic = 'rso.heads.v1' WHERE id = (SELECT MAX(id) FROM records WHERE topic = 'rso.coordinator.v1')",
    ],
)
def test_what_no_outbox_and_no_topic_has_is_lost(gone: str, copied: Path, played: Played) -> None:
    _forget_sent(copied)
    change(copied / "broker" / "broker.db", gone)
    assert (Kind.LOST, "outbox") in found(audit.audit(evidence(copied, played)))


def test_a_desk_that_was_not_told_of_an_escalation_is_found(copied: Path, played: Played) -> None:
    case_id = next(iter(played.cases))
    columns = "stream, version, event_id, name, schema_version, data, sealed, meta, recorded_at, prev_hash, hash"
    told = json.dumps({"case_id": case_id, "reason": "records/supervisor", "to": "operations"})
    change(
        copied / "coordinator" / "store.db",
        f"INSERT INTO events ({columns}) SELECT 'operator/case_log/again', 1, 'again', 'coordinator.escalation_raised', 1,"
        f" '{told}', NULL, meta, recorded_at, prev_hash, hash FROM events LIMIT 1",
    )
    assert (Kind.LOST, "escalation") in found(audit.audit(evidence(copied, played)))


def test_a_case_that_was_accepted_and_is_nowhere_is_lost(played: Played) -> None:
    verdict = audit.audit(replace(evidence(played.root, played), wanted=played.cases | {"gone"}))
    assert [finding.line() for finding in verdict.findings] == [
        "lost: case: case gone: was accepted, and no store has it"
    ]
    assert verdict.as_json()["lost"] == 1
