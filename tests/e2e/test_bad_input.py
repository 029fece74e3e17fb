"""Whatever is wrong with a request: a problem with a stable code that names the field, repeats nothing and changes nothing."""

import json
import socket
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from e2e.onebox import wait_for
from e2e.playing import sueann_case
from e2e.scene import MARKER, Scene, check
from rso_onebox import demo_texts
from rso_onebox.demo_people import PARTNER
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.auth import Issuer, make_private_pem

JSON_LIMIT = 1 << 20
DOCUMENT_LIMIT = 5 << 30
PARALLEL = 100


def with_(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    *parents, last = path.split("/")
    place: Any = body
    for part in parents:
        place = place[part]
    place[last] = value
    return body


WRONG = "validation_failed"
FIELDS = [
    ("patient/sex", [MARKER], WRONG, "string_type", "/patient/sex"),
    ("patient/birth_date", "14.03.1960", WRONG, "date_from_datetime_parsing", "/patient/birth_date"),
    ("patient/birth_date", "2999-01-01", "birth_date_in_future", "birth_date_in_future", "/patient/birth_date"),
    ("patient/name", MARKER, WRONG, "model_attributes_type", "/patient/name"),
    ("patient/" + MARKER, MARKER, WRONG, "unknown_field", "/patient"),
    (MARKER, MARKER, WRONG, "unknown_field", ""),
    ("program_id", 7, WRONG, "string_type", "/program_id"),
    ("condition", {}, "condition_required", "condition_required", "/condition"),
    ("condition/codings", [{"system": MARKER, "code": ""}], WRONG, "string_too_short", "/condition/codings/0/code"),
    ("questions", [], "questions_required", "questions_required", "/questions"),
    ("questions", [{"text": ""}], WRONG, "string_too_short", "/questions/0/text"),
    ("priority", MARKER, WRONG, "enum", "/priority"),
    ("red_flag_answers", {MARKER: True}, "red_flag_unanswered", "red_flag_unanswered", "/red_flag_answers/emergency"),
]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("path", "value", "code", "rule", "pointer"), FIELDS, ids=[f"{f[0]}-{n}" for n, f in enumerate(FIELDS)]
)
def test_a_wrong_field_is_named(scene: Scene, path: str, value: Any, code: str, rule: str, pointer: str) -> None:
    answer = scene.post("/v1/cases", with_(scene.body(), path, value))
    check(answer, 422, code, pointer)
    assert rule in [error["code"] for error in answer.json()["errors"]]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("content", "status", "code"),
    [(b"", 422, "validation_failed"), (b"{", 400, "malformed_json"),
     (b'{"patient": {"name": "Quillfeather"', 400, "malformed_json"),
     (b'{"name": "Quillfeather \xff\xfe"}', 400, "malformed_body"), ("{}".encode("utf-16"), 422, "validation_failed"),
     (b'{"a": NaN', 400, "malformed_json"), (b"[" * 100_000, 400, "malformed_body")],
    ids=["empty", "open brace", "cut short", "invalid UTF-8", "UTF-16", "NaN", "deep"],
)  # fmt: skip
def test_a_body_that_is_no_json(scene: Scene, content: bytes, status: int, code: str) -> None:
    check(scene.post("/v1/cases", content), status, code)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("content", [b"[]", b'"Quillfeather"', b"17", b"null"])
def test_json_that_is_no_object(scene: Scene, content: bytes) -> None:
    check(scene.post("/v1/cases", content), 422, "validation_failed")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("text", "status", "code"),
    [('"\\u0000 Quillfeather"', 422, "validation_failed"), ('"\\ud800 Quillfeather"', 422, "validation_failed")],
    ids=["NUL", "lone surrogate"],
)
def test_text_that_cannot_be_kept_is_refused(scene: Scene, text: str, status: int, code: str) -> None:
    raw = json.dumps(with_(scene.body(), "program_id", "HERE")).replace('"HERE"', text).encode()
    check(scene.post("/v1/cases", raw), status, code)


@pytest.mark.usefixtures("unchanged")
def test_a_declared_length_over_the_limit_is_refused_unread(scene: Scene) -> None:
    head = {**scene.head(), "content-length": str(JSON_LIMIT + 1)}
    check(_without_body(scene, "/v1/cases", head), 413, "body_too_large")
    sizes = {**scene.desk(Role.RECORDS_SPECIALIST), "content-type": "application/pdf"}
    head = {**sizes, "content-length": str(DOCUMENT_LIMIT + 1)}
    check(_without_body(scene, scene.story.path("/documents"), head), 413, "document_too_large")


def _without_body(scene: Scene, path: str, head: dict[str, str]) -> httpx.Response:
    """Only the head is sent; the answer comes all the same."""
    lines = [f"POST {path} HTTP/1.1", f"host: 127.0.0.1:{scene.box.port}", "connection: close"]
    lines += [f"{name}: {value}" for name, value in head.items()]
    with socket.create_connection(("127.0.0.1", scene.box.port), timeout=30) as wire:
        wire.sendall("\r\n".join([*lines, "", ""]).encode())
        received = b""
        while b"}" not in received:
            piece = wire.recv(65536)
            assert piece, received
            received += piece
    start, _, body = received.partition(b"\r\n\r\n")
    status, *rest = start.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in rest)
    headers.pop("content-length", None)
    return httpx.Response(int(status.split()[1]), headers=headers, content=body)


@pytest.mark.usefixtures("unchanged")
def test_a_chunked_body_over_the_limit_is_refused_at_the_byte(scene: Scene) -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"program_id": "'
        for _ in range(17):
            yield b"Q" * (1 << 16)

    answer = scene.http.post("/v1/cases", content=pieces(), headers=scene.head())
    check(answer, 413, "body_too_large")


@pytest.mark.usefixtures("unchanged")
def test_an_unknown_case_and_a_foreign_one_look_the_same(scene: Scene) -> None:
    mine = scene.story.case_id
    unknown = scene.http.get(f"/v1/cases/{uuid.uuid4()}", headers=scene.head())
    foreign = scene.http.get(f"/v1/cases/{mine}", headers=scene.head(organisation="other-health"))
    stranger = scene.http.get(f"/v1/cases/{mine}", headers=scene.head(Role.PATIENT, "patient-other", "public"))
    strange = scene.http.get(f"/v1/cases/{MARKER}", headers=scene.head())
    for answer in (unknown, foreign, stranger, strange):
        check(answer, 404, "case_unknown")
    bodies = [{k: v for k, v in a.json().items() if k != "instance"} for a in (unknown, foreign, stranger)]
    assert bodies[0] == bodies[1] == bodies[2]
    withdrawal = scene.post(f"/v1/cases/{mine}/withdrawal", {}, scene.head(organisation="other-health"))
    check(withdrawal, 404, "case_unknown")


EARLY: list[tuple[Role, str, dict[str, Any], int, str]] = [
    (Role.RECORDS_SPECIALIST, "/record-set", {}, 409, "record_set_incomplete"),
    (Role.NURSE_CARE_MANAGER, "/summary/signature",
     {"summary_version": 1, "questions_version": 1, "typed_name": MARKER}, 409, "summary_missing"),
    (Role.QUALITY_REVIEWER, "/opinion/quality-review", {"verdict": "approved"}, 409, "not_in_quality_review"),
    (Role.SPECIALIST, "/opinion/drafts", demo_texts.report(sueann_case(), [], {}, []), 404, "case_unknown"),
    (Role.CARE_COORDINATOR, "/assignment/release", {"reason": "specialist_unavailable"}, 409, "no_active_assignment"),
    (Role.MEDICAL_DIRECTOR, "/closing", {"close_reason": "declined"}, 422, "close_reason_follows"),
]  # fmt: skip


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("role", "path", "body", "status", "code"), EARLY, ids=[f"{each[0]} {each[1]}" for each in EARLY]
)
def test_a_command_in_the_wrong_state(
    scene: Scene, role: Role, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    check(scene.post(scene.story.path(path), body, scene.desk(role)), status, code)


@pytest.mark.usefixtures("unchanged")
def test_a_second_signature_is_absorbed(scene: Scene) -> None:
    """Under a fresh key too: the authorization is signed already, so the present state is the answer."""
    asked = scene.cast.patient.get(scene.story.path("/authorizations"))
    signed = asked["authorizations"][-1]["authorization_id"]
    body = {"typed_name": MARKER, "statement_version": asked["statement_version"]}
    me = scene.head(Role.PATIENT, scene.cast.patient.subject, "public")
    assert scene.post(scene.story.path(f"/authorizations/{signed}/signature"), body, me).status_code == 201


def test_a_key_with_another_body_is_refused_and_the_first_answer_stays(scene: Scene) -> None:
    head = scene.head()
    body = scene.body()
    first = scene.post("/v1/cases", body, head)
    assert first.status_code == 201, first.text
    case_id = first.json()["case_id"]
    wait_for("its stage", lambda: scene.cast.desk.get(f"/v1/cases/{case_id}")["stage"] == "awaiting_authorization")
    wait_for("quiet", scene.box.quiet)
    before = scene.box.events()["intake.case_submitted"]
    other = scene.post("/v1/cases", {**body, "client_reference": "another"}, head)
    check(other, 422, "idempotency_key_reused")
    again = scene.post("/v1/cases", body, head)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert scene.box.events()["intake.case_submitted"] == before


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(("key", "code"), [(None, "idempotency_key_required"), ("", "idempotency_key_required"),
                                           ("x" * 256, "idempotency_key_invalid")])  # fmt: skip
def test_a_post_without_a_usable_key(scene: Scene, key: str | None, code: str) -> None:
    head = {name: value for name, value in scene.head().items() if name != "idempotency-key"}
    answer = scene.post("/v1/cases", scene.body(), head if key is None else {**head, "idempotency-key": key})
    check(answer, 400, code)


@pytest.mark.usefixtures("unchanged")
def test_tokens_that_are_none(scene: Scene) -> None:
    issuer = scene.box.issuer
    late = issuer.token("ehr", Role.PARTNER, PARTNER, seconds=-60)
    foreign = Issuer(make_private_pem(), "rso-development").token("ehr", Role.PARTNER, PARTNER)
    for token, code in ((None, "token_missing"), (f"Bearer {late}", "token_expired"), (f"Bearer {foreign}", "token_invalid"),
                        ("Bearer Quillfeather", "token_invalid"), ("Basic Zm9vOmJhcg==", "token_missing")):  # fmt: skip
        head = {name: value for name, value in scene.head().items() if name != "authorization"}
        answer = scene.post("/v1/cases", scene.body(), {**head, **({"authorization": token} if token else {})})
        check(answer, 401, code)
        assert answer.headers["www-authenticate"] == "Bearer"
    finance = scene.post("/v1/cases", scene.body(), scene.desk(Role.FINANCE))
    check(finance, 403, "forbidden")
    narrow = {**scene.head(), "authorization": f"Bearer {issuer.token('ehr', Role.PARTNER, PARTNER, scope='document')}"}
    check(scene.post("/v1/cases", scene.body(), narrow), 403, "forbidden")


@pytest.mark.usefixtures("unchanged")
def test_paths_and_methods_that_are_none(scene: Scene) -> None:
    check(scene.http.get("/v1/Quillfeather", headers=scene.head()), 404, "route_unknown")
    check(scene.http.put("/v1/cases", headers=scene.head(), content=b"{}"), 405, "method_not_allowed")
    check(scene.http.get("/internal/v1/intake/cases/x/snapshot", headers=scene.head()), 404, "route_unknown")
    when = scene.http.get(scene.story.path("/authorizations"), headers=scene.head(), params={"as_of": MARKER})
    check(when, 422, "as_of_invalid", "/as_of")


def test_a_hundred_identical_posts_make_one_case(scene: Scene) -> None:
    head, content = scene.head(), json.dumps(scene.body()).encode()
    before = scene.box.events()["intake.case_submitted"]
    limits = httpx.Limits(max_connections=PARALLEL)
    with (
        httpx.Client(base_url=scene.box.address, timeout=120, limits=limits) as http,
        ThreadPoolExecutor(PARALLEL) as pool,
    ):
        answers = list(pool.map(lambda _: http.post("/v1/cases", content=content, headers=head), range(PARALLEL)))
    assert [answer.status_code for answer in answers] == [201] * PARALLEL
    assert len({answer.text for answer in answers}) == 1
    replayed = sum("idempotency-replayed" in answer.headers for answer in answers)
    assert replayed == PARALLEL - 1
    assert scene.box.events()["intake.case_submitted"] == before + 1
