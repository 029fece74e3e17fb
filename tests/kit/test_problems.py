"""Bad input: problem+json with a stable code, the field named, nothing of the input repeated, nothing changed."""

import io
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from rso_shared.contracts.vocabulary import Role
from rso_shared.kit import tables
from support.harness import Client, Harness

MARKER = "zq-marker-7781"


@pytest.fixture
def ada(harness: Harness) -> Client:
    return harness.client(Role.PATIENT, "ada")


def send(harness: Harness, content: Any, *, path: str = "/v1/cases", method: str = "POST", **headers: str) -> Any:
    ada = harness.client(Role.PATIENT, "ada")
    given = {**ada.headers, "idempotency-key": "k", "content-type": "application/json", **headers}
    return harness.http.request(method, path, content=content, headers=given)


def check(harness: Harness, answer: Any, status: int, code: str) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "instance"} <= set(body)
    assert (body["status"], body["type"]) == (status, f"urn:rso:problem:{code}")
    assert MARKER not in answer.text + str(answer.headers)
    assert changed(harness) == 0
    return body


def changed(harness: Harness) -> int:
    with harness.service.db.read() as tx:
        counts = [select(func.count()).select_from(table) for table in (tables.EVENTS, tables.IDEMPOTENCY)]
        return sum(tx.conn.execute(query).scalar_one() for query in counts)


MALFORMED = [b'{"name": "' + MARKER.encode(), b"{" + MARKER.encode(), b"", b'{"name": "a",}', b"\x00", b"NaN x"]


@pytest.mark.parametrize("content", MALFORMED)
def test_malformed_json(harness: Harness, content: bytes) -> None:
    answer = send(harness, content)
    if content:
        check(harness, answer, 400, "malformed_json")
    else:
        assert check(harness, answer, 422, "validation_failed")["errors"][0]["code"] == "missing"


@pytest.mark.parametrize("content", [b'{"name": "' + MARKER.encode() + b'\xff"}', b"\xc3\x28", b"\xff\xfe\xfa"])
def test_invalid_utf8(harness: Harness, content: bytes) -> None:
    check(harness, send(harness, content), 400, "malformed_body")


FIELDS = {
    "unknown field": ({"name": "a", MARKER: MARKER}, "", "unknown_field"),
    "missing field": ({"email": MARKER}, "/name", "missing"),
    "wrong enum": ({"name": "a", "colour": MARKER}, "/colour", "enum"),
    "wrong type": ({"name": [MARKER]}, "/name", "string_type"),
    "too long": ({"name": MARKER * 4}, "/name", "string_too_long"),
    "wrong value under a free key": ({"name": "a", "answers": {MARKER: MARKER}}, "/answers", "bool_parsing"),
    "null": ({"name": None, "email": MARKER}, "/name", "string_type"),
}  # fmt: skip


@pytest.mark.parametrize("what", FIELDS)
def test_a_wrong_field_is_named_and_not_repeated(harness: Harness, ada: Client, what: str) -> None:
    body, pointer, code = FIELDS[what]
    errors = check(harness, ada.post("/v1/cases", body), 422, "validation_failed")["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [(pointer, code)]


@pytest.mark.parametrize("body", ["[]", '"' + MARKER + '"', "7", "null"])
def test_a_body_that_is_no_object(harness: Harness, body: str) -> None:
    check(harness, send(harness, body.encode()), 422, "validation_failed")


def test_another_media_type_is_not_read_as_json(harness: Harness) -> None:
    answer = send(harness, f"name={MARKER}".encode(), **{"content-type": "application/x-www-form-urlencoded"})
    assert answer.status_code in {415, 422}
    check(harness, answer, answer.status_code, answer.json()["code"])


def test_a_body_that_declares_its_size_is_refused_before_it_is_read(harness: Harness) -> None:
    def never() -> Iterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    limit = harness.service.settings.json_limit
    answer = send(harness, never(), **{"content-length": str(limit + 1)})
    assert check(harness, answer, 413, "body_too_large")["limit"] == limit


def test_a_body_that_does_not_is_refused_at_the_byte(harness: Harness) -> None:
    """Chunked. The test client joins the parts; what counts is that no Content-Length warned."""
    limit = harness.service.settings.json_limit
    parts = iter([b'{"name": "' + MARKER.encode(), *[b"x" * 65536] * (limit // 65536), b'"}'])
    answer = send(harness, parts)
    assert "content-length" not in answer.request.headers
    check(harness, answer, 413, "body_too_large")


def test_a_body_of_exactly_the_limit_is_read(harness: Harness) -> None:
    limit = harness.service.settings.json_limit
    padded = b'{"name": "a"' + b" " * (limit - 13) + b"}"
    assert len(padded) == limit
    assert send(harness, padded).status_code == 201


def test_a_stream_is_not_held_to_the_limit_of_json(harness: Harness, ada: Client) -> None:
    case_id = ada.post("/v1/cases", {"name": "a"}).json()["case_id"]
    content = b"x" * (harness.service.settings.json_limit + 10)
    answer = send(harness, content, path=f"/v1/cases/{case_id}/documents", **{"content-type": "application/pdf"})
    assert (answer.status_code, answer.json()["size"]) == (201, len(content))


def test_an_unknown_path_and_a_wrong_method(harness: Harness) -> None:
    check(harness, send(harness, b"{}", path=f"/v1/{MARKER}"), 404, "route_unknown")
    answer = send(harness, b"{}", method="DELETE")
    check(harness, answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("as_of", [MARKER, "2026-03-02", "2026-03-02T15:00:00", "", "9999-12-31T23:59:59-12:00"])
def test_a_wrong_instant(harness: Harness, ada: Client, as_of: str) -> None:
    case_id = ada.post("/v1/cases", {"name": "a"}).json()["case_id"]
    answer = ada.get(f"/v1/cases/{case_id}", as_of=as_of)
    assert (answer.status_code, answer.json()["code"]) == (422, "as_of_invalid")
    assert answer.json()["errors"][0]["pointer"] == "/as_of"
    assert MARKER not in answer.text


@pytest.mark.parametrize("as_of", ["2026-03-02T15:00:00Z", "yesterday", ""])
def test_a_route_that_knows_only_the_present_says_so(ada: Client, as_of: str) -> None:
    case_id = ada.post("/v1/cases", {"name": "Ada"}).json()["case_id"]
    person, note = f"/v1/cases/{case_id}/person", f"/v1/cases/{case_id}/notes?as_of={as_of}"
    for answer in (ada.get(person, as_of=as_of), ada.post(note)):
        assert (answer.status_code, answer.json()["code"]) == (400, "as_of_not_supported")
        assert answer.json()["errors"][0]["pointer"] == "/as_of"
        assert answer.json()["link"] == f"/v1/cases/{case_id}/timeline"
    assert ada.get(f"/v1/cases/{case_id}").json()["version"] == 1
    opened = ada.post(f"/v1/cases?as_of={as_of}", {"name": "Ada"})
    assert (opened.status_code, "link" in opened.json()) == (400, False)


@pytest.mark.parametrize("as_of", ["0001-01-01T00:00:00+23:59", "0999-12-31T00:00:00Z", "1969-12-31T00:00:00Z"])
def test_long_ago_nothing_was_there(ada: Client, as_of: str) -> None:
    case_id = ada.post("/v1/cases", {"name": "a"}).json()["case_id"]
    assert ada.get(f"/v1/cases/{case_id}", as_of=as_of).json()["version"] == 0


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [("not-yet", 503, "not_yet_known"), ("away", 503, "temporarily_unavailable"), ("erased", 410, "erased")],
)
def test_outcomes_that_are_nobodys_fault(harness: Harness, ada: Client, name: str, status: int, code: str) -> None:
    answer = ada.get(f"/v1/outcomes/{name}")
    check(harness, answer, status, code)
    assert answer.headers.get("retry-after") == ("1" if status == 503 else None)


def test_a_bug_answers_500_without_its_message(harness: Harness, stream: io.StringIO) -> None:
    http = TestClient(harness.app, raise_server_exceptions=False)
    answer = Client(http, harness.client(Role.PATIENT).headers["authorization"][7:]).get(f"/v1/outcomes/{MARKER}")
    body = check(harness, answer, 500, "internal_error")
    assert "RuntimeError" not in answer.text
    assert MARKER not in stream.getvalue()
    assert body["instance"].startswith("urn:rso:request:")


def test_the_instance_is_the_request_id_of_the_header(harness: Harness, ada: Client) -> None:
    answer = ada.post("/v1/cases", {})
    assert answer.json()["instance"] == f"urn:rso:request:{answer.headers['x-request-id']}"


@pytest.mark.asyncio
async def test_a_client_that_leaves_in_the_middle_of_its_body_changes_nothing(harness: Harness) -> None:
    """What came so far is not taken for the whole, even where it happens to be valid JSON."""
    incoming = iter(
        [{"type": "http.request", "body": b'{"name": "a"}', "more_body": True}, {"type": "http.disconnect"}]
    )

    async def receive() -> Any:
        return next(incoming, {"type": "http.disconnect"})

    sent: list[Any] = []

    async def send_(message: Any) -> None:
        sent.append(message)

    headers = {**harness.client(Role.PATIENT).headers, "idempotency-key": "k", "content-type": "application/json"}
    request = httpx.Request("POST", "http://test/v1/cases", headers=headers)
    scope = {
        "type": "http", "method": "POST", "path": "/v1/cases", "raw_path": b"/v1/cases", "query_string": b"",
        "root_path": "", "scheme": "http", "server": ("test", 80), "http_version": "1.1", "headers": request.headers.raw,
    }  # fmt: skip
    await harness.app(scope, receive, send_)
    assert changed(harness) == 0
