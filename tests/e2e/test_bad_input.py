"""Whatever is wrong with a request: a problem with a stable code that names the field, repeats nothing and changes nothing."""

import json
import socket
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from e2e import logbook
from e2e.onebox import wait_for
from e2e.playing import sueann_case
from e2e.scene import MARKER, Scene, check
from rso_onebox import demo_texts
from rso_onebox.demo_people import PARTNER
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.auth import Issuer, make_private_pem

pytestmark = pytest.mark.xdist_group("e2e")
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


FIELDS = [
    ("patient/sex", [MARKER], "", "/patient/sex"),
    ("patient/birth_date", "14.03.1960", "", "/patient/birth_date"),
    ("patient/birth_date", "2999-01-01", "", "/patient/birth_date"),
    ("patient/name", MARKER, "", "/patient/name"),
    ("patient/" + MARKER, MARKER, "unknown_field", "/patient"),
    (MARKER, MARKER, "unknown_field", ""),
    ("program_id", 7, "string_type", "/program_id"),
    ("condition", {}, "", "/condition"),
    ("condition/codings", [{"system": MARKER, "code": ""}], "", "/condition/codings/0/code"),
    ("questions", [], "", "/questions"),
    ("questions", [{"text": ""}], "", "/questions/0/text"),
    ("priority", MARKER, "enum", "/priority"),
    ("red_flag_answers", {MARKER: True}, "", None),
]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("path", "value", "code", "pointer"), FIELDS, ids=[f"{f[0]}-{n}" for n, f in enumerate(FIELDS)]
)
def test_a_wrong_field_is_named(scene: Scene, path: str, value: Any, code: str, pointer: str | None) -> None:
    answer = scene.post("/v1/cases", with_(scene.body(), path, value))
    problem = answer.json()
    check(answer, 422, problem["code"], pointer)
    assert problem["errors"], problem
    if code:
        assert code in [error["code"] for error in problem["errors"]]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "malformed_json"), (b"{", "malformed_json"), (b'{"patient": {"name": "Quillfeather"', "malformed_json"),
     (b'{"name": "Quillfeather \xff\xfe"}', "malformed_json"), ("{}".encode("utf-16"), "malformed_json"),
     (b'{"a": NaN', "malformed_json"), (b"[" * 100_000, "malformed_json")],
    ids=["empty", "open brace", "cut short", "invalid UTF-8", "UTF-16", "NaN", "deep"],
)  # fmt: skip
def test_a_body_that_is_no_json(scene: Scene, content: bytes, code: str) -> None:
    answer = scene.post("/v1/cases", content)
    check(answer, answer.status_code, answer.json()["code"])
    assert (answer.status_code, answer.json()["code"]) in {
        (400, code),
        (400, "malformed_body"),
        (422, "validation_failed"),
    }


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("content", [b"[]", b'"Quillfeather"', b"17", b"null"])
def test_json_that_is_no_object(scene: Scene, content: bytes) -> None:
    check(scene.post("/v1/cases", content), 422, "validation_failed")


@pytest.mark.usefixtures("unchanged")
def test_nul_and_lone_surrogates_are_refused_or_kept(scene: Scene) -> None:
    for text in ('"\\u0000 Quillfeather"', '"\\ud800 Quillfeather"'):
        raw = json.dumps(with_(scene.body(), "program_id", "HERE")).replace('"HERE"', text).encode()
        answer = scene.post("/v1/cases", raw)
        check(answer, answer.status_code, answer.json()["code"])
        assert answer.status_code in {400, 404, 422}


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


@pytest.mark.usefixtures("unchanged")
def test_commands_in_the_wrong_state(scene: Scene) -> None:
    path = scene.story.path
    draft = demo_texts.report(sueann_case(), [], {}, [])
    early = [
        (Role.RECORDS_SPECIALIST, path("/record-set"), {}),
        (Role.NURSE_CARE_MANAGER, path("/summary/signature"),
         {"summary_version": 1, "questions_version": 1, "typed_name": MARKER}),
        (Role.QUALITY_REVIEWER, path("/opinion/quality-review"), {"verdict": "approved"}),
        (Role.SPECIALIST, path("/opinion/drafts"), draft),
    ]  # fmt: skip
    for role, to, body in early:
        answer = scene.post(to, body, scene.desk(role))
        check(answer, answer.status_code, answer.json()["code"])
        assert answer.status_code in {403, 404, 409}, answer.text


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
    wait_for("quiet", lambda: logbook.quiet(scene.box.data))
    before = logbook.events(scene.box.data)["intake.case_submitted"]
    other = scene.post("/v1/cases", {**body, "client_reference": "another"}, head)
    check(other, 422, "idempotency_key_reused")
    again = scene.post("/v1/cases", body, head)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert logbook.events(scene.box.data)["intake.case_submitted"] == before


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
    before = logbook.events(scene.box.data)["intake.case_submitted"]
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
    assert logbook.events(scene.box.data)["intake.case_submitted"] == before + 1
