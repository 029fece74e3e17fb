"""The generated documents are what the code says, and each is complete in its own terms."""

import re

from rso_onebox import catalog
from rso_shared.contracts.permissions import MATRIX
from rso_shared.contracts.registry import FACTS


def test_the_committed_documents_are_the_generated_ones():
    assert catalog.stale() == []


def test_a_document_that_is_missing_or_edited_is_named(tmp_path):
    for name, make in catalog.DOCUMENTS.items():
        (tmp_path / name).write_text(make(), encoding="utf-8")
    assert catalog.stale(tmp_path) == []
    (tmp_path / "errors.md").write_text("edited", encoding="utf-8")
    (tmp_path / "permissions.md").unlink()
    assert catalog.stale(tmp_path) == ["errors.md", "permissions.md"]


def test_every_fact_and_every_permission_has_its_place():
    facts, permissions = catalog.facts(), catalog.permissions()
    assert sorted(re.findall(r"^### (rso\..*)$", facts, re.MULTILINE)) == sorted(
        type_ for type_, model in FACTS.items() if model.__module__.startswith("rso_shared.contracts")
    )
    assert all(f"| `{permission}` |" in permissions for permission in MATRIX)


def test_codes_of_every_way_to_refuse_are_found():
    codes = set(re.findall(r"^\| `([a-z0-9_]+)` \|", catalog.errors(), re.MULTILINE))
    assert {
        "case_unknown",
        "idempotency_key_reused",
        "validation_failed",
        "token_expired",
        "bundle_patient_missing",
    } <= codes
    assert {"licence_lapsed", "case_declined", "body_too_large", "media_type_mismatch", "not_yet_known"} <= codes


def test_every_code_is_snake_case_and_has_a_text():
    rows = [line.split(" | ") for line in catalog.errors().splitlines() if line.startswith("| `")]
    assert len(rows) > 100
    assert all(re.fullmatch(r"\| `[a-z][a-z0-9_]*`", row[0]) for row in rows)
    assert [row[0] for row in rows if not row[2].strip()] == []
