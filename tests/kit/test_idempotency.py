"""Idempotency-Key: one effect however often a command comes, and nothing remembered of one that failed."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from kit import sample
from kit.web import SPEC
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit import idempotency, tables
from support.harness import START, Client, Harness

BODY = {"name": "Ada Quill"}


@pytest.fixture
def harness(backend: str, tmp_path: Path) -> Iterator[Harness]:
    """On PostgreSQL the service has all of its databases there."""
    urls = (
        {} if backend.startswith("sqlite") else dict.fromkeys(("database_url", "keys_url", "access_log_url"), backend)
    )
    made = Harness(SPEC, tmp_path, **urls)
    yield made
    made.close()


@pytest.fixture
def ada(harness: Harness) -> Client:
    return harness.client(Role.PATIENT, "ada")


def count(harness: Harness, table: object) -> int:
    with harness.service.db.read() as tx:
        return int(tx.conn.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


def test_100_identical_posts_at_once_make_one_case_and_100_times_201(harness: Harness, ada: Client) -> None:
    key = str(uuid.uuid4())
    with ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(lambda _: ada.post("/v1/cases", BODY, key=key), range(100)))
    assert [answer.status_code for answer in answers] == [201] * 100
    assert len({answer.text for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 99
    assert count(harness, sample.CASES) == 1
    assert len(harness.facts(sample.CaseOpened)) == 1


def test_different_keys_at_once_all_take_effect_on_one_stream(harness: Harness, ada: Client) -> None:
    case_id = ada.post("/v1/cases", BODY).json()["case_id"]
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: ada.post(f"/v1/cases/{case_id}/notes"), range(40)))
    assert sorted(answer.json()["version"] for answer in answers) == list(range(2, 42))


def test_a_replay_says_that_it_is_one_and_nothing_else_differs(ada: Client) -> None:
    first, second = (ada.post("/v1/cases", BODY, key="k") for _ in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert (first.headers.get("idempotency-replayed"), second.headers["idempotency-replayed"]) == (None, "true")


def test_the_same_key_with_another_body_path_or_query_is_refused_and_changes_nothing(
    harness: Harness, ada: Client
) -> None:
    case_id = ada.post("/v1/cases", BODY, key="k").json()["case_id"]
    others = [
        ada.post("/v1/cases", {"name": "Bea Quill"}, key="k"),
        ada.post("/v1/cases?x=1", BODY, key="k"),
        ada.post(f"/v1/cases/{case_id}/notes", key="k"),
    ]
    for other in others:
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
        assert "Quill" not in other.text
    assert count(harness, sample.CASES) == 1
    assert len(harness.facts()) == 1


def test_keys_of_different_callers_do_not_meet(harness: Harness, ada: Client) -> None:
    bea = harness.client(Role.PATIENT, "bea")
    elsewhere = harness.client(Role.PATIENT, "ada", "elsewhere")
    found = {client.post("/v1/cases", BODY, key="k").json()["case_id"] for client in (ada, bea, elsewhere)}
    assert len(found) == 3


def test_a_failed_command_is_not_remembered(harness: Harness, ada: Client) -> None:
    case_id = ada.post("/v1/cases", BODY).json()["case_id"]
    path, kept = f"/v1/cases/{case_id}/notes", count(harness, tables.IDEMPOTENCY)
    for _ in range(2):
        refused = ada.post(path, {"text": "refuse"}, key="k")
        assert (refused.status_code, refused.json()["code"]) == (422, "text_refused")
        assert "idempotency-replayed" not in refused.headers
    assert count(harness, tables.IDEMPOTENCY) == kept
    assert ada.post(path, {"text": "fine"}, key="k").status_code == 201


@pytest.mark.parametrize(
    ("key", "code"),
    [(None, "idempotency_key_required"), ("", "idempotency_key_required"), ('""', "idempotency_key_required"),
     ("x" * 256, "idempotency_key_invalid"), ("a\tb", "idempotency_key_invalid")],
)  # fmt: skip
def test_a_post_without_a_usable_key_is_refused(harness: Harness, ada: Client, key: str | None, code: str) -> None:
    headers = {**ada.headers, **({} if key is None else {"idempotency-key": key})}
    answer = harness.http.post("/v1/cases", json=BODY, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert count(harness, sample.CASES) == 0


def test_the_stored_row_names_nobody(harness: Harness, ada: Client) -> None:
    ada.post("/v1/cases", BODY, key="k")
    with harness.service.db.read() as tx:
        (row,) = tx.conn.execute(select(tables.IDEMPOTENCY)).all()
    assert "Quill" not in str(row)
    plain = idempotency.fingerprint(b"another secret", b"POST", b"/v1/cases", b"", b'{"name":"Ada Quill"}')
    assert row.fingerprint != plain


def test_answers_are_forgotten_after_35_days_and_not_before(harness: Harness, ada: Client) -> None:
    ada.post("/v1/cases", BODY, key="k")
    with harness.service.db.write() as tx:
        assert idempotency.forget_old(tx, START + timedelta(days=35)) == 0
        assert idempotency.forget_old(tx, START + timedelta(days=35, seconds=1)) == 1


def test_ids_come_with_the_request_so_a_retried_unit_appends_the_same(harness: Harness, ada: Client) -> None:
    """The first try of the unit meets a unique violation on its event id; the second appends the note it came with."""
    case_id = ada.post("/v1/cases", BODY).json()["case_id"]
    store = harness.service.store
    minted, taken = store._new_event_id, store._new_event_id()
    with harness.service.db.write() as tx:
        tx.conn.execute(
            update(tables.EVENTS).where(tables.EVENTS.c.name == "sample.case_opened").values(event_id=taken)
        )
    event_ids, note_ids = iter([taken]), iter(["note-1", "note-2"])
    store._new_event_id = lambda: next(event_ids, None) or minted()
    harness.service.ids = lambda: next(note_ids)
    assert ada.post(f"/v1/cases/{case_id}/notes").status_code == 201
    with harness.service.db.read() as tx:
        state = store.fold(tx, sample.CASE, sample.stream(case_id)).state
    assert state.notes == ("note-1",)
    assert list(note_ids) == ["note-2"]


CLIENTS = [("a", "b/c"), ("a/b", "c"), ("a%2Fb", "c"), ("a/b/c", ""), ("a", "b%2Fc"), ("a%25", "c"), ("a%", "c")]


def test_no_two_clients_share_an_id_whatever_their_names_contain() -> None:
    assert len({idempotency.client_id(*client) for client in CLIENTS}) == len(CLIENTS)
    assert idempotency.client_id("operator", "someone@example.org") == "operator/someone@example.org"


def test_the_same_key_of_two_clients_is_two_keys(harness: Harness) -> None:
    answers = [
        harness.client(Role.PATIENT, subject, organisation).post("/v1/cases", BODY, key="k")
        for organisation, subject in (("a", "b/c"), ("a/b", "c"))
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() != answers[1].json()
