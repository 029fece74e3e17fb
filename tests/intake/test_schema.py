"""What intake shows of itself: its tables, and its OpenAPI document."""

from pathlib import Path

from sqlalchemy import inspect

import rso_intake
from rso_intake.api.models import Submission
from rso_intake.app import SPEC
from rso_shared.kit.database import Database
from rso_shared.kit.migrate import migrate

VERSIONS = Path(rso_intake.__file__).parent / "migrations" / "versions"


def test_the_migrations_make_the_tables_that_the_code_works_with(tmp_path):
    db = Database(f"sqlite:///{tmp_path / 'store.db'}")
    assert migrate(db, VERSIONS)
    with db.read() as tx:
        found = inspect(tx.conn)
        for table in SPEC.metadata.sorted_tables:
            columns = {one["name"]: one["nullable"] for one in found.get_columns(table.name)}
            assert columns == {one.name: one.nullable for one in table.columns}
            assert {one["name"] for one in found.get_indexes(table.name)} == {one.name for one in table.indexes}
    db.close()


def test_every_route_says_for_whom_it_is(desk):
    document = desk.http.get("/internal/v1/intake/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            wanted = "internal" if path.startswith("/internal/") else operation["x-audience"]
            assert operation["x-audience"] == wanted in {"public", "staff", "internal"}, (method, path)
            assert operation["summary"]


def test_the_example_is_a_request_that_is_understood():
    (example,) = Submission.model_json_schema()["examples"]
    assert Submission.model_validate(example).client_reference == "order-2026-0117"
