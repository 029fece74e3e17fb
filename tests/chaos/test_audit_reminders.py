"""A timer that reminds is held against the mails that were asked for: too few and too many are found."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from e2e.onebox import copy

from chaos.conftest import Played
from chaos.test_audit import evidence, found
from rso_cluster import audit
from rso_cluster.audit_model import Kind

COLUMNS = "stream, version, event_id, name, schema_version, data, sealed, meta, recorded_at, prev_hash, hash"
EARLY, LATE = "2001-01-01T00:00:00+00:00", "2999-01-01T00:00:00+00:00"
"""Before the signature and after it, whenever that was."""


def happened(root: Path, service: str, name: str, **data: Any) -> None:
    """A further event, in a stream of its own."""
    with closing(sqlite3.connect(root / service / "store.db")) as db, db:
        number = db.execute("SELECT COUNT(*) FROM events").fetchone()[0]
        db.execute(
            f"INSERT INTO events ({COLUMNS}) SELECT ?, 1, ?, ?, 1, ?, NULL, meta, recorded_at, prev_hash, hash FROM events LIMIT 1",
            (f"operator/again/{number}", f"again-{number}", name, json.dumps(data)),
        )


def fired(root: Path, case_id: str, number: int, at: str) -> None:
    rung = {"deadline": "joining", "rung": f"reminder_{number}", "due_at": at, "fired_at": at}
    happened(root, "coordinator", "coordinator.rung_fired", case_id=case_id, **rung)


def mailed(root: Path, case_id: str, role: str, number: int) -> None:
    told = {"notice_id": f"{role}-{number}", "template": "reminder", "role": role}
    happened(root, "intake", "intake.notice_requested", case_id=case_id, **told)


CASES: list[tuple[list[str], list[str], Kind | None]] = [
    ([EARLY, EARLY], ["patient", "patient"], None),
    ([EARLY, EARLY], ["patient"], None),
    ([EARLY, EARLY], [], Kind.LOST),
    ([EARLY, EARLY, EARLY], ["patient"], Kind.LOST),
    ([LATE, LATE], [], None),
    ([LATE], ["patient"], None),
    ([LATE], ["local_provider", "local_provider"], Kind.DUPLICATED),
    ([], ["patient"], Kind.DUPLICATED),
]


@pytest.mark.parametrize(("timers", "mails", "kind"), CASES)
def test_each_timer_has_its_mail(
    timers: list[str], mails: list[str], kind: Kind | None, played: Played, tmp_path: Path
) -> None:
    root, case_id = copy(played.root, tmp_path / "copy"), next(iter(played.cases))
    for number, at in enumerate(timers, 1):
        fired(root, case_id, number, at)
    for number, role in enumerate(mails, 1):
        mailed(root, case_id, role, number)
    verdict = audit.audit(evidence(root, played))
    assert {kind for kind, check in found(verdict) if check == "reminder"} == ({kind} if kind else set())
