"""What is generated is what stands in the repository, and agrees with what it was not made from."""

import re

import pytest

from deploy.known import DEPLOY, ROOT
from rso_cluster import containers, documents, secret_files
from rso_cluster.topology import CALLS
from rso_engines import versions
from rso_shared.kit.names import BY_SHORT, SERVICES
from rso_shared.kit.neighbours import address

CALLED = re.compile(r"""(?<!prefix=)["']/internal/v1/(\w+)/""")


def test_the_files_are_what_the_table_says():
    assert documents.stale(DEPLOY) == []


def test_a_file_that_changed_or_came_from_elsewhere_is_named(tmp_path):
    for name, text in documents.documents().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(text.encode())
    assert documents.stale(tmp_path) == []
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    (tmp_path / "kubernetes" / "by-hand.yaml").write_text("kind: Pod\n")
    assert documents.stale(tmp_path) == ["compose.yaml", "kubernetes/by-hand.yaml"]


def test_the_engines_are_those_that_the_tests_run_on():
    assert f"apache/kafka:{versions.KAFKA}" == containers.KAFKA_IMAGE
    assert f"temporalio/server:{versions.TEMPORAL}" == containers.TEMPORAL_IMAGE
    assert containers.TEMPORAL_TOOLS_IMAGE.startswith(f"temporalio/admin-tools:{versions.TEMPORAL}")
    assert containers.POSTGRES_IMAGE.startswith(f"postgres:{versions.POSTGRES_MINIMUM}-")


def test_the_table_of_calls_is_what_the_services_do():
    """Every path of another service that stands in a service's code, its own routes left out."""
    for service in SERVICES:
        source = ROOT / "services" / service.folder / "src"
        named = {short for file in source.rglob("*.py") for short in CALLED.findall(file.read_text())}
        called = {BY_SHORT[short] for short in named} - {service}
        assert called == CALLS.get(service, frozenset()), service.short


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001/internal/v1/intake/cases/1/person"),
        ("http://{service}-api:8000", "http://intake-api:8000/internal/v1/intake/cases/1/person"),
    ],
)
def test_neighbours_stand_behind_one_address_or_each_behind_its_own(url, asked):
    assert address(url, "/internal/v1/intake/cases/1/person") == asked


def test_secrets_are_made_once_and_never_replaced(tmp_path, capsys):
    folder = tmp_path / "secrets"
    assert secret_files.main([str(folder), "--postgres", "db.internal"]) == 0
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert b"@db.internal:5432/rso_intake_keys" in before["rso_intake_keys_url"]
    assert folder.stat().st_mode & 0o777 == 0o700
    keys = {text for name, text in before.items() if name.endswith("_master_key")}
    assert len(keys) == len(SERVICES), "each service has its own"
    assert secret_files.main([str(folder)]) == 1
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert "nothing was changed" in capsys.readouterr().out
