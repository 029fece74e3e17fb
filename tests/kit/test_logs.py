"""Logs: what is not on the list of keys never gets out, and no exception speaks."""

import io
import json
import logging
import sys
from typing import Any

import structlog
from starlette.testclient import TestClient

from kit import desks
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit import facts, logs, telemetry
from support import spans
from support.harness import Client, Harness

SECRET = "Ada Quill"


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    assert SECRET not in stream.getvalue()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_key_that_is_not_on_the_list_is_dropped(stream: io.StringIO) -> None:
    logs.logger("sample").info("request", status=200, name=SECRET, body={"name": SECRET}, input=[SECRET])
    (line,) = lines(stream)
    assert (line["event"], line["service"], line["status"]) == ("request", "sample", 200)
    assert set(line) <= logs.ALLOWED


def test_bound_and_context_keys_are_dropped_too(stream: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(patient=SECRET, case_id="k1"):
        logs.logger("sample").bind(address=SECRET).warning("something")
    (line,) = lines(stream)
    assert line["case_id"] == "k1"


def _fail() -> None:
    try:
        raise ValueError(SECRET)
    except ValueError as problem:
        raise RuntimeError(f"of {SECRET}") from problem


def test_an_exception_gives_its_type_and_place_and_not_its_message(stream: io.StringIO) -> None:
    try:
        _fail()
    except RuntimeError as problem:
        logs.logger("sample").error("unhandled", exc_info=problem)
        logs.logger("sample").exception("unhandled")
        logs.logger("sample").error("unhandled", exc_info=sys.exc_info())
    for line in lines(stream):
        assert line["exception_type"] == "RuntimeError"
        assert line["where"].startswith("test_logs.py:")


def test_libraries_say_that_they_spoke_and_not_what(stream: io.StringIO) -> None:
    library = logging.getLogger("uvicorn.error")
    library.warning("GET /cases?name=%s", SECRET)
    library.error(SECRET, extra={"name_of_patient": SECRET})
    library.info("%s below the level", SECRET)
    try:
        _fail()
    except RuntimeError:
        library.exception("in %s", SECRET, stack_info=True)
    found = lines(stream)
    assert [line["event"] for line in found] == ["library"] * 3
    assert found[2]["exception_type"] == "RuntimeError"
    assert {line["logger"] for line in found} == {"uvicorn.error"}


def test_a_request_leaves_one_line_of_codes(stream: io.StringIO, harness: Harness) -> None:
    answer = harness.client(Role.PATIENT).post("/v1/cases?who=Ada%20Quill", {"name": SECRET})
    (line,) = [line for line in lines(stream) if line["event"] == "request"]
    assert (line["method"], line["route"], line["status"]) == ("POST", "/v1/cases", 201)
    assert line["request_id"] == answer.headers["x-request-id"]


def test_every_line_of_a_request_says_its_trace_and_the_case_of_its_path(stream: io.StringIO, harness: Harness) -> None:
    ada = harness.client(Role.PATIENT, "ada")
    case_id = ada.post("/v1/cases", {"name": SECRET}).json()["case_id"]
    caller = {**ada.headers, "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    with spans.kept():
        harness.http.get("/internal/v1/sample/livez", headers=ada.headers)
        harness.http.get(f"/v1/cases/{case_id}/person", headers=caller)
    *_, first, second = lines(stream)
    assert len(first["trace_id"]) == 32
    assert (second["trace_id"], second["case_id"]) == ("0af7651916cd43dd8448eb211c80319c", case_id)


def test_what_stands_where_a_case_is_expected_is_not_repeated(stream: io.StringIO, harness: Harness) -> None:
    harness.client(Role.PATIENT, "ada").get(f"/v1/cases/{SECRET}/person")
    (line,) = lines(stream)
    assert (line["route"], line["status"], "case_id" in line) == ("/v1/cases/{case_id}/person", 404, False)


def test_a_line_written_while_a_fact_is_handled_says_its_case(stream: io.StringIO, harness: Harness) -> None:
    case_id = harness.client(Role.PATIENT, "ada").post("/v1/cases", {"name": SECRET}).json()["case_id"]
    record = desks.arrived(case_id, 1)
    fact = facts.parse(record)
    assert fact is not None
    with telemetry.consuming("desk", record, fact.data):
        logs.logger("sample").info("inside")
    logs.logger("sample").info("outside")
    _, inside, outside = lines(stream)
    assert (inside["case_id"], "case_id" in outside) == (case_id, False)


def test_neither_a_bug_nor_a_refusal_quotes_what_was_sent(stream: io.StringIO, harness: Harness) -> None:
    token = harness.client(Role.PATIENT).headers["authorization"][7:]
    ada = Client(TestClient(harness.app, raise_server_exceptions=False), token)
    assert ada.get(f"/v1/outcomes/{SECRET}").status_code == 500
    assert ada.post("/v1/cases", {"name": SECRET * 9}).status_code == 422
    found = lines(stream)
    assert [line["exception_type"] for line in found if line["event"] == "unhandled"] == ["RuntimeError"]
    assert [line["status"] for line in found if line["event"] == "request"] == [500, 422]
