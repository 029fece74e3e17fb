"""The documents say what the API does: valid, complete, and true for whatever is sent."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, strategies
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from e2e.onebox import Onebox, copy
from e2e.playing import sueann_case
from rso_onebox.demo_people import Cast
from rso_onebox.demo_story import Story
from rso_onebox.dispatch import normal
from rso_shared.contracts.vocabulary import Role

AUDIENCES = ("public", "staff")
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 15
STAFF = (
    Role.CARE_COORDINATOR,
    Role.ORGANISATION_ADMIN,
    Role.MEDICAL_DIRECTOR,
    Role.NURSE_CARE_MANAGER,
    Role.RECORDS_SPECIALIST,
    Role.FINANCE,
)
WHOLE_DOCUMENTS = {"/v1/programs"}
"""Their examples are the files under defaults/programs."""
MOVES_TIME = "/v1/clock/advance"
Documents = dict[str, dict[str, Any]]
Operation = tuple[str, str, dict[str, Any]]


@pytest.fixture(scope="module")
def onebox(rooms: Path, template: Path) -> Iterator[Onebox]:
    """One of its own: what is sent here may publish programs and close cases."""
    box = Onebox(copy(template, rooms / "documented")).start()
    yield box
    box.end()


@pytest.fixture(scope="module")
def documents(onebox: Onebox) -> Documents:
    return {name: httpx.get(f"{onebox.address}/openapi-{name}.json").json() for name in AUDIENCES}


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def everything(documents: Documents) -> Iterator[Operation]:
    return chain.from_iterable(operations(document) for document in documents.values())


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The schema behind a reference; of an optional body the one that is not null."""
    if "$ref" in schema:
        found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return found
    for one in schema.get("anyOf", []):
        if one.get("type") != "null":
            return resolved(document, one)
    return schema


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_document_is_valid(documents: Documents, audience: str) -> None:
    document = documents[audience]
    assert document["openapi"].startswith("3.1")
    schemathesis.openapi.from_dict(document).validate()
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))


def test_no_path_is_claimed_twice(documents: Documents) -> None:
    claimed = [(normal(path), method) for path, method, _ in everything(documents)]
    assert len(claimed) == len(set(claimed))
    assert not [path for path, _ in claimed if path.startswith("/internal")]


def test_every_operation_says_what_it_is_and_what_can_go_wrong(documents: Documents) -> None:
    for path, method, operation in everything(documents):
        assert operation["summary"], (path, method)
        assert operation["security"], (path, method)
        assert {"401", "403", "422", "503"} <= set(operation["responses"]), (path, method)
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert "application/problem+json" in answer["content"], (path, method, status)


def test_every_post_asks_for_its_key(documents: Documents) -> None:
    for path, method, operation in everything(documents):
        asked = [each["name"] for each in operation.get("parameters", []) if each.get("required")]
        assert ("Idempotency-Key" in asked) is (method == "post"), path


def test_every_body_that_is_asked_for_has_an_example(documents: Documents) -> None:
    missing = []
    for document in documents.values():
        for path, _, operation in operations(document):
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            schema = resolved(document, content.get("schema", {}))
            wanted = bool(schema.get("properties") or schema.get("oneOf"))
            if wanted and path not in WHOLE_DOCUMENTS and not {"example", "examples"} & {*content, *schema}:
                missing.append(path)
    assert missing == []


@pytest.fixture(scope="module")
def case_id(onebox: Onebox) -> Iterator[str]:
    """A case that the requests below may do anything to."""
    cast = Cast(onebox.address, onebox.issuer)
    story = Story(cast, sueann_case(), {}, lambda _who, _what: None)
    for act in (story.open, story.join, story.authorize):
        act()
    yield story.case_id
    cast.close()


@pytest.mark.parametrize("audience", AUDIENCES)
def test_whatever_is_sent_is_answered_as_documented(
    documents: Documents, onebox: Onebox, case_id: str, audience: str
) -> None:
    """Requests made from the document itself, by staff of one role or another: what comes back is what it says."""
    tokens = {role: onebox.issuer.token("anyone", role, "operator") for role in STAFF}
    answered: Counter[int] = Counter()
    paths = set()
    for found in schemathesis.openapi.from_dict(documents[audience]).get_all_operations():
        operation = found.ok()
        if operation.path != MOVES_TIME:
            paths.add(operation.path)
            answered += _sent(operation, onebox.address, tokens, {"case_id": case_id})
    assert paths | {MOVES_TIME} == {*documents[audience]["paths"], MOVES_TIME}
    assert max(answered) <= 503
    assert 500 not in answered
    assert answered[200] + answered[201] > len(paths) // 4, answered


def _sent(operation: Any, address: str, tokens: dict[Role, str], known: dict[str, str]) -> "Counter[int]":
    """How often each status was answered."""
    statuses: Counter[int] = Counter()
    here = {name: value for name, value in known.items() if f"{{{name}}}" in operation.path}

    @hypothesis.given(case=operation.as_strategy(), role=strategies.sampled_from(STAFF))
    @hypothesis.settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def answered(case: Any, role: Role) -> None:
        case.path_parameters.update(here)
        answer = case.call(base_url=address, headers={"authorization": f"Bearer {tokens[role]}"}, timeout=60)
        case.validate_response(answer, checks=CHECKS)
        statuses[answer.status_code] += 1

    answered()
    return statuses
