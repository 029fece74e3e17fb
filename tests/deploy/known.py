"""What the tests of deploy/ share: the generated files as they stand, and what the kit knows."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from rso_cluster.topology import MIGRATIONS, PROCESSES, Process
from rso_shared.kit.names import ServiceName
from rso_shared.kit.settings import ServiceSettings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
ALL = {process.name: process for process in (*MIGRATIONS, *PROCESSES)}
REQUIRED = {name for name, field in ServiceSettings.model_fields.items() if field.is_required()}


@cache
def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


@cache
def manifests() -> list[dict[str, Any]]:
    return [
        one for file in sorted((DEPLOY / "kubernetes").glob("*.yaml")) for one in yaml.safe_load_all(file.read_text())
    ]


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in manifests() if one["kind"] == kind}


def fields(names: list[str], service: ServiceName) -> set[str]:
    """Settings' fields that variables or secret files of one service stand for; asserts that every name is its own."""
    prefix = service.settings_prefix.lower()
    own = {name.lower() for name in names if name.lower() not in {"rso_secrets_dir", "rso_otlp_endpoint"}}
    assert all(name.startswith(prefix) for name in own), f"{service.short} is given what is another's: {own}"
    found = {name.removeprefix(prefix) for name in own}
    assert found <= set(ServiceSettings.model_fields), found - set(ServiceSettings.model_fields)
    return found


def complete(given: set[str], process: Process) -> None:
    """Everything that the settings require, that the table names, and without which mail, calls or a worker would fail."""
    named = {one.field for one in process.settings} - {"smtp_url", "mail_folder"}
    assert REQUIRED | named <= given, (REQUIRED | named) - given
    assert any(one.field == "smtp_url" for one in process.settings) <= bool({"smtp_url", "mail_folder"} & given)
