"""Nothing that names the patient of a finished case stands outside the sealed parts: in no database, record, log or file."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from e2e import runs, tally
from e2e.playing import sueann_case
from e2e.searching import OUTPUTS, search, strings_of

from cluster.conftest import Deployment
from rso_cluster import audit_log
from rso_cluster.audit_model import HEADS_TOPIC
from rso_cluster.folder import Folder
from rso_cluster.load_client import LoadCast, Tally
from rso_cluster.load_story import LoadStory
from rso_engines.engines import Engines
from rso_shared.kit.names import SERVICES

PAGES = "postgres"
"""The folder of PostgreSQL's own pages: what stands in them is read through its tables."""
OFFSETS = frozenset({".index", ".timeindex"})
"""Kafka's own: numbers, in files of ten megabytes each."""
TABLES = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"


@pytest.fixture(scope="module")
def strings(cluster: Deployment) -> set[str]:
    cast = LoadCast(cluster.address, cluster.issuer, tally=Tally())
    LoadStory(cast, sueann_case(), {}, lambda _who, _what: None).play()
    cast.close()
    entries = json.loads(runs.text_of(runs.SUEANN))["entry"]
    patient: dict[str, Any] = next(e["resource"] for e in entries if e["resource"]["resourceType"] == "Patient")
    return strings_of(patient)


def databases(cluster: Deployment) -> dict[str, str]:
    """Every database of every role, Temporal's too."""
    postgres = Engines(Folder(cluster.data).engines).status().postgres
    assert postgres is not None
    return {name: url for role in postgres["roles"].values() for name, url in role.get("databases", {}).items()}


def cells(url: str) -> Iterator[bytes]:
    with psycopg.connect(url) as db:
        for schema, table in db.execute(TABLES).fetchall():
            for row in db.execute(f'SELECT * FROM "{schema}"."{table}"'.encode()):
                yield from (cell if isinstance(cell, bytes) else str(cell).encode() for cell in row if cell is not None)


def haystacks(cluster: Deployment) -> Iterator[tuple[str, bytes]]:
    for name, url in databases(cluster).items():
        yield f"database {name}", b"\n".join(cells(url))
    topics = [*(service.topic for service in SERVICES), HEADS_TOPIC]
    kafka = Engines(Folder(cluster.data).engines).status().kafka
    for record in asyncio.run(audit_log.of_kafka(str(kafka), topics)):
        headers = json.dumps(dict(record.headers)).encode()
        yield f"{record.topic} {record.place}", b"\n".join((record.key.encode(), headers, record.value))
    for file in sorted(cluster.root.rglob("*")):
        place = file.relative_to(cluster.root)
        if file.is_file() and not _left_out(place):
            yield str(place), file.read_bytes()


def _left_out(place: Path) -> bool:
    return PAGES in place.parts or place.parts[0] in OUTPUTS or place.suffix in OFFSETS


def test_no_database_record_log_or_file_names_the_patient(cluster: Deployment, strings: set[str]) -> None:
    assert {"Kuhic920", "Sueann178"} <= strings
    places = list(haystacks(cluster))
    names = {place.partition(" ")[0] for place, _ in places} | {place for place, _ in places}
    assert {f"database {service.database}" for service in SERVICES} <= names
    assert {"database temporal", "rso.intake.v1", "rso.records.v1"} <= names
    assert any(place.startswith("log/intake-api") for place in names)
    assert any("blobs/" in place for place in names)
    assert any(place.endswith(".log") and "rso.intake.v1" in place for place in names), "Kafka's segments"
    assert search(places, strings) == []
    tally.add(files=len(places), strings=len(strings))


def test_the_search_finds_what_is_planted_in_a_table(cluster: Deployment, strings: set[str]) -> None:
    url = databases(cluster)[SERVICES[0].database]
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("CREATE TABLE planted (a TEXT, b BYTEA)")
        try:
            db.execute("INSERT INTO planted VALUES ('x Kuhic920 y', %s)", (b"\x00Sueann178",))
            found = {hit.text for hit in search([("planted", b"\n".join(cells(url)))], strings)}
        finally:
            db.execute("DROP TABLE planted")
    assert {"Kuhic920", "Sueann178"} <= found
