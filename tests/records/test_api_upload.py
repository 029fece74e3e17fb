"""Uploads through the HTTP face: recognised, sealed, filed; refused without a trace."""

import asyncio
import gzip
import itertools
import subprocess
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from records import material
from records.world import CASE, CLINIC, FHIR, HOSPITAL, INTERNAL, PATH, PDF, SUBMITTED, World
from rso_records_compiler.domain.document import DocumentReceived
from rso_shared.contracts.intake import CaseClosed, CaseWithdrawn
from rso_shared.contracts.records import RecordItemReceived
from rso_shared.contracts.vocabulary import CloseReason, Role
from rso_shared.kit import tables
from support.harness import START


def test_a_patient_record_is_recognised_and_filed(world, tmp_path):
    packed = material.real(material.BREAST)
    answer = world.upload(packed, FHIR, world.patient, facility_id=CLINIC, title="All of it")
    assert answer.status_code == 201
    body = answer.json()
    assert body["resources"]["Observation"] == 902
    assert body["satisfies"]["lab"] == 366
    assert (body["kind"], body["month"], body["media_type"]) == ("clinical_note", "2026-11", FHIR)
    assert (body["patient"], body["late"], body["duplicate_of"]) == ("unverified", False, [])
    assert "Koepp" not in answer.text
    fact = world.harness.facts(RecordItemReceived)[0]
    assert (fact.document_id, fact.month, fact.facility_id) == (body["document_id"], "2026-11", CLINIC)
    content = world.patient.http.get(
        f"{PATH}/documents/{body['document_id']}/content", headers={**world.patient.headers, "accept-encoding": "gzip"}
    )
    assert content.headers["content-encoding"] == "gzip"
    assert content.content == gzip.decompress(packed)
    assert len(world.blob_files(tmp_path)) == 1
    for path in world.blob_files(tmp_path):
        assert b"Koepp" not in path.read_bytes()


@pytest.mark.parametrize(
    ("content", "media_type", "kind"),
    [
        (material.pdf(), PDF, "other"),
        (material.dicom("CT_small.dcm"), "application/dicom", "imaging_study"),
        (
            b'<ClinicalDocument xmlns="urn:hl7-org:v3"><code code="11504-8"/></ClinicalDocument>',
            "text/xml",
            "operative_note",
        ),
        (b"MSH|^~\\&|A|B|C|D|20260101||ORU^R01|1|P|2.5\rPID|1", "application/hl7-v2", "lab"),
    ],
)
def test_every_format_comes_back_as_it_went_in(world, content, media_type, kind):
    body = world.upload(content, media_type).json()
    assert (body["kind"], body["size"]) == (kind, len(content))
    back = world.doctor.get(f"{PATH}/documents/{body['document_id']}/content")
    assert back.content == content
    assert back.headers["content-type"] == body["media_type"]
    assert back.headers["cache-control"] == "no-store"


def test_what_the_sender_says_comes_before_what_is_recognised(world):
    assert world.upload(material.pdf(), PDF, kind="imaging_report").json()["kind"] == "imaging_report"
    assert world.upload(material.pdf(), PDF, kind="banana").status_code == 422


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder whose blobs have three MiB."""
    blobs = tmp_path / "blobs"
    blobs.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(blobs)], check=False)
    if mounted.returncode:
        pytest.skip("a disk that is full can only be made by who may mount one")
    yield tmp_path
    subprocess.run(["umount", "-l", str(blobs)], check=True)


REFUSALS = [
    (b"", PDF, 422, "document_empty"),
    (b"hello", PDF, 415, "media_type_mismatch"),
    (b"{}", FHIR, 422, "fhir_resource_type_missing"),
    (b'{"resourceType": "Bundle", "entry": []}', FHIR, 422, "bundle_empty"),
    (b'{"resourceType": "Bundle", "entry": [', FHIR, 422, "bundle_truncated"),
    (b'{"resourceType": "Bundle\xff', FHIR, 422, "utf8_invalid"),
    (material.pdf()[:-9], PDF, 422, "document_truncated"),
    (b"hello", "text/plain", 415, "media_type_unsupported"),
]


@pytest.mark.parametrize(("content", "media_type", "status", "code"), REFUSALS)
def test_a_refused_document_leaves_nothing(world, tmp_path, content, media_type, status, code):
    answer = world.upload(content, media_type)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert world.blob_files(tmp_path) == []
    assert world.harness.facts() == []
    with world.harness.service.db.read() as tx:
        assert tx.conn.execute(select(tables.BLOBS)).all() == []


def test_too_large_is_said_before_reading_where_the_length_tells(tmp_path):
    world = World(tmp_path, document_limit=1000)
    answer = world.clerk.post(f"{PATH}/documents", content=b"", headers={"content-type": PDF, "content-length": "1001"})
    assert (answer.status_code, answer.json()["code"]) == (413, "document_too_large")
    exact = material.pdf(padding=1000 - len(material.pdf()))
    assert world.upload(exact, PDF).status_code == 201
    pieces = (exact[start : start + 100] for start in range(0, 1000, 100))
    over = world.clerk.post(f"{PATH}/documents", content=itertools.chain(pieces, [b"x"]), headers={"content-type": PDF})
    assert (over.status_code, over.json()) == (413, over.json() | {"code": "document_too_large", "limit_bytes": 1000})
    assert len(world.blob_files(tmp_path)) == 1
    world.harness.close()


def test_a_full_disk_is_said_and_nothing_half_written_stays(small_disk):
    world = World(small_disk)
    answer = world.upload(material.pdf(padding=20 << 20), PDF)
    assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
    assert world.blob_files(small_disk) == []
    assert world.harness.facts() == []
    with world.harness.service.db.read() as tx:
        assert tx.conn.execute(select(tables.BLOBS)).all() == []
    assert world.upload(material.pdf(padding=1 << 20), PDF).status_code == 201, "what fits is still taken"
    world.harness.close()


def test_bundles_have_a_limit_of_their_own(tmp_path):
    world = World(tmp_path, bundle_limit=1000)
    assert world.upload(b'{"a": "' + b"x" * 2000, FHIR).json()["code"] == "bundle_too_large"
    assert world.upload(gzip.compress(b'{"a": "' + b"x" * 2000), FHIR).json()["code"] == "bundle_too_large"
    assert world.upload(material.pdf(padding=2000), PDF).status_code == 201
    world.harness.close()


def straight(world, messages):
    """To the ASGI application without a client between: a test client gathers the body first. Returns the status."""
    path = f"{PATH}/documents"
    headers = {**world.clerk.headers, "content-type": PDF, "idempotency-key": "straight"}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip
    status = []

    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            status.append(message["status"])

    asyncio.run(world.harness.app(scope, receive, send))
    return status[0]


def piece(body, *, more=True):
    return {"type": "http.request", "body": body, "more_body": more}


def test_memory_stays_flat(world):
    """256 MiB in pieces: what is held at once is the store's write window (12 parts of 10 MiB), not the document."""
    filling = (piece(b"y" * (1 << 16)) for _ in range(4096))
    messages = itertools.chain([piece(material.pdf()[:-6])], filling, [piece(b"%%EOF\n", more=False)])
    tracemalloc.start()
    assert straight(world, messages) == 201
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 140 << 20


def test_a_sender_who_goes_away_leaves_nothing(world, tmp_path):
    assert straight(world, iter([piece(b"%PDF-1.7"), {"type": "http.disconnect"}])) == 400
    assert world.blob_files(tmp_path) == []
    assert world.harness.facts() == []


def test_the_same_upload_again_is_one_document(world, tmp_path):
    first = world.upload(material.pdf(), PDF, key="once")
    again = world.upload(material.pdf(), PDF, key="once")
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    assert len(world.blob_files(tmp_path)) == 1
    other = world.upload(material.pdf(4), PDF, key="once")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len(world.blob_files(tmp_path)) == 1
    assert len(world.harness.facts(RecordItemReceived)) == 1


def test_parallel_uploads_under_one_key_are_one_document(world, tmp_path):
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(world.upload(material.pdf(), PDF, key="many"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["document_id"] for answer in answers}) == 1
    assert len(world.blob_files(tmp_path)) == 1


def test_the_same_content_under_another_key_is_named_a_duplicate(world):
    first = world.upload(material.pdf(), PDF).json()
    second = world.upload(material.pdf(), PDF).json()
    assert second["duplicate_of"] == [first["document_id"]]


def test_an_idempotency_key_is_required(world):
    answer = world.clerk.http.post(
        f"{PATH}/documents", content=material.pdf(), headers={**world.clerk.headers, "content-type": PDF}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")


def test_places_and_requests_must_be_known(world):
    assert world.upload(material.pdf(), PDF, facility_id="nowhere").json()["code"] == "facility_unknown"
    assert world.upload(material.pdf(), PDF, request_id="none").json()["code"] == "record_request_unknown"
    assert world.upload(material.pdf(), PDF, facility_id="a/b").status_code == 422
    assert world.upload(material.pdf(), PDF, facility_id=HOSPITAL).status_code == 201


def test_foreign_callers_see_no_case(world):
    for client in (
        world.harness.client(Role.PATIENT, "somebody-else"),
        world.harness.client(Role.PARTNER, "p", "partner-2"),
    ):
        answer = world.upload(material.pdf(), PDF, client)
        assert (answer.status_code, answer.json()["code"]) == (404, "case_unknown")
    assert world.upload(material.pdf(), PDF, world.doctor).status_code == 403
    partner = world.harness.client(Role.PARTNER, "p", "partner-1")
    assert world.upload(material.pdf(), PDF, partner).status_code == 201


@pytest.mark.parametrize(
    "end",
    [
        CaseWithdrawn(case_id=CASE, by_role=Role.PATIENT),
        CaseClosed(case_id=CASE, close_reason=CloseReason.COMPLETED, closed_at=START),
    ],
)
def test_a_case_that_ended_takes_no_more(world, end):
    world.harness.receive(end)
    assert world.upload(material.pdf(), PDF).json()["code"] == "case_closed"


def test_before_anything_else_is_known_a_document_may_come(tmp_path):
    world = World(tmp_path, SUBMITTED)
    assert world.upload(material.pdf(), PDF, world.patient).status_code == 201
    world.harness.close()


def test_what_names_people_is_sealed(world, tmp_path):
    content = material.pdf(title="Report on Allena Koepp").replace(b"20260114", b"20260113")
    body = world.upload(content, PDF).json()
    raw = (tmp_path / "store.db").read_bytes() + (tmp_path / "store.db-wal").read_bytes()
    for secret in (b"Koepp", b"2026-01-13"):
        assert secret not in raw
    with world.harness.service.db.read() as tx:
        recorded = world.harness.service.store.load(tx, f"operator/document/{body['document_id']}")
    event = recorded[0].event
    assert isinstance(event, DocumentReceived)
    told = event.description.open()
    assert (told.title, str(told.dated)) == ("Report on Allena Koepp", "2026-01-13")
    assert len(told.sha256) == 64
    assert event.month == "2026-01"


def test_a_document_answers_its_request(world):
    new = {"facility_id": HOSPITAL, "kind": "pathology_report"}
    request_id = world.clerk.post(f"{PATH}/record-requests", new).json()["request_id"]
    body = world.upload(material.pdf(), PDF, request_id=request_id, complete="true").json()
    assert (body["kind"], body["facility_id"], body["request_id"]) == ("pathology_report", HOSPITAL, request_id)
    shown = world.clerk.get(f"{PATH}/record-requests").json()["requests"][0]
    assert (shown["state"], shown["documents"]) == ("received", [body["document_id"]])
    assert world.clerk.post(f"{PATH}/record-requests/{request_id}/cancellation").status_code == 200
    late = world.upload(material.pdf(), PDF, request_id=request_id)
    assert (late.status_code, late.json()["code"]) == (409, "record_request_wrong_state")


def test_after_the_case_was_cancelled_nothing_is_taken(world):
    world.service.post(f"{INTERNAL}/cancellation")
    assert world.upload(material.pdf(), PDF).json()["code"] == "compilation_cancelled"
