"""The same commands and views of intake with 1,000, 10,000 and 50,000 stored cases: SQL time per command, pages per view.

Three databases stand side by side, filled by `preload`, and every command and view is taken from each in turn. The time of a command
is what its statements and its commit took at the driver. The pages of a view are what EXPLAIN (ANALYZE, BUFFERS) counts for its
statements, hit or read. `python bench/growth.py 100 1000` runs this one alone, with so many cases.
"""

import os
import statistics
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
from engine_room import provided
from explained import Plan, plan
from finished import Finished, finished
from http_command import VERSIONS, settings
from onebox import BUNDLE
from postgres_room import database, postgres
from preload import case, load
from pydantic import SecretStr
from rows import Row, at_most, ratio_at_most, table
from spy import spied
from starlette.testclient import TestClient

import rso_intake.app
from rso_onebox import default_tables, loading
from rso_onebox.bundle import derive_case, read_bundle
from rso_onebox.client import OPERATOR
from rso_onebox.demo_people import PARTNER, Cast, submission
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit import logs, migrate, service
from rso_shared.kit.auth import Issuer, make_private_pem
from rso_shared.kit.clock import WallClock
from rso_shared.kit.local_broker import LocalBroker
from rso_shared.kit.settings import ServiceSettings
from rso_shared.kit.web.app import create_app

COUNTS = (1_000, 10_000, 50_000)
ROUNDS, LIMIT = 40, 1.15
PROGRAM = "direct-cancer"
VIEWS = {
    "a case": "/v1/cases/{case_id}",
    "its people": "/v1/cases/{case_id}/person?purpose=care",
    "its questions": "/v1/cases/{case_id}/questions",
    "its authorizations": "/v1/cases/{case_id}/authorizations",
    "the list of cases": "/v1/cases",
    "the list of one stage": "/v1/cases?stage=delivered",
    "the list of a stage where nobody is": "/v1/cases?stage=in_review",
    "the list by client reference": "/v1/cases?client_reference=nobody",
    "the list of late changes": "/v1/cases?updated_after=2100-01-01T00:00:00Z",
}


class Side:
    """Intake's api in this process on one of the databases. Keys are those of the case that was played."""

    def __init__(self, dsn: str, played: Finished, folder: Path) -> None:
        self.dsn, self._played = dsn, played
        given = settings(folder, dsn, played.data.issuer_pem())
        given["keys_url"] = f"sqlite:///{played.data.service('intake')}/keys.db"
        secret = {"master_key": SecretStr(played.data.master_key())}
        self.service = service.build(
            rso_intake.app.SPEC,
            ServiceSettings(**{**given, **secret}),  # type: ignore[arg-type]
            broker=LocalBroker(folder / "broker.db"),
            clock=WallClock(),
        )
        migrate.migrate(self.service.db, VERSIONS)
        self._client = TestClient(create_app(self.service))

    def call(self, method: str, path: str, role: Role, subject: str, organisation: str, body: Any = None) -> Any:
        token = self._played.data.issuer().token(subject, role, organisation)
        headers = {"authorization": f"Bearer {token}", "idempotency-key": str(uuid.uuid4())}
        answer = self._client.request(method, path, headers=headers, json=body)
        if answer.is_error:
            raise RuntimeError(f"{method} {path} answered {answer.status_code}: {answer.text}")
        return answer.json()


def main(counts: Sequence[int] = COUNTS) -> list[Row]:
    with provided("postgres"), tempfile.TemporaryDirectory(prefix="rso-bench-") as made, ExitStack() as stack:
        logs.configure(stream=stack.enter_context(Path(os.devnull).open("w")))
        played = finished(Path(made) / "data")
        server = stack.enter_context(postgres())
        sides = []
        for count in counts:
            folder = Path(made) / str(count)
            folder.mkdir()
            side = Side(stack.enter_context(database(server)), played, folder)
            stack.callback(side.service.close)
            before, after = played.before["intake"], played.after["intake"]
            load(side.dsn, before, case(before, after), count)
            sides.append(side)
        return [*_commands(sides, counts), *_views(sides, counts, played.case_id)]


def _commands(sides: Sequence[Side], counts: Sequence[int]) -> list[Row]:
    body_of, times = _submissions(sides[0]), {}
    for _ in range(ROUNDS):
        for side in sides:
            for name, seconds in _played_through(side, body_of()):
                times.setdefault(name, {}).setdefault(side.dsn, []).append(1000 * seconds)
    rows = []
    for name, of in times.items():
        middle = [statistics.median(of[side.dsn]) for side in sides]
        rows.append(_grown(f"SQL of {name}", middle, counts, "ms"))
    return rows


def _submissions(side: Side) -> Callable[[], dict[str, Any]]:
    """Bodies of POST /v1/cases about the patient of the example, each with references of its own."""
    codes = default_tables.load_conditions(loading.FOLDER)
    bundle = derive_case([read_bundle(BUNDLE.read_bytes())], codes.group_of)
    program = side.call("GET", f"/v1/programs/{PROGRAM}", Role.PARTNER, "example-health-ehr", PARTNER)
    issuer = Issuer(make_private_pem(), "nobody")
    return lambda: submission(bundle, Cast("", issuer), program)


def _played_through(side: Side, body: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Seconds at the driver, by command."""
    subject = f"patient-{uuid.uuid4()}"

    def timed(
        name: str, path: str, role: Role, who: str, organisation: str, body: Any
    ) -> tuple[Any, tuple[str, float]]:
        with spied() as statements:
            answer = side.call("POST", path, role, who, organisation, body)
        return answer, (name, sum(each.seconds for each in statements))

    opened, spent = timed("opening a case", "/v1/cases", Role.PARTNER, "example-health-ehr", PARTNER, body)
    yield spent
    join = {"reference_number": opened["reference_number"], "role": "patient"}
    yield timed("joining a case", "/v1/case-joins", Role.PATIENT, subject, "public", join)[1]
    path = f"/v1/cases/{opened['case_id']}/priority"
    yield timed("changing its priority", path, Role.CARE_COORDINATOR, "bench", OPERATOR, {"priority": "urgent"})[1]


def _views(sides: Sequence[Side], counts: Sequence[int], case_id: str) -> list[Row]:
    rows, scans = [], set()
    staff, partner = (Role.CARE_COORDINATOR, "bench", OPERATOR), (Role.PARTNER, "example-health-ehr", PARTNER)
    views = [(name, path, staff) for name, path in VIEWS.items()]
    views.append(("a partner's list of cases", VIEWS["the list of cases"], partner))
    for name, path, caller in views:
        pages = []
        for side in sides:
            found = _plan(side, path.format(case_id=case_id), *caller)
            pages.append(float(found.pages))
            if side is sides[-1]:
                scans |= {f"{name}: {table}" for table in found.scans}
        rows.append(_grown(f"pages of {name}", pages, counts, "pages"))
    for scan in sorted(scans):
        print(f"sequential scan in {scan}", file=sys.stderr)
    return [*rows, at_most(f"views of intake with a sequential scan at {counts[-1]:,} cases", len(scans), "scans", 0)]


def _plan(side: Side, path: str, role: Role, subject: str, organisation: str) -> Plan:
    with spied() as statements:
        side.call("GET", path, role, subject, organisation)
    with psycopg.connect(side.dsn) as connection:
        return plan(connection, statements)


def _grown(name: str, values: Sequence[float], counts: Sequence[int], unit: str) -> Row:
    """The most cases as ours, the fewest as the peer; what lies between is said in the name."""
    between = ", ".join(f"{value:.3g} at {count:,}" for value, count in zip(values[1:-1], counts[1:-1], strict=True))
    told = f"{name}, {counts[-1]:,} cases beside {counts[0]:,}" + (f" ({between})" if between else "")
    return ratio_at_most(told, values[-1], values[0], unit, LIMIT)


if __name__ == "__main__":
    print(table(main([int(word) for word in sys.argv[1:]] or COUNTS)))
