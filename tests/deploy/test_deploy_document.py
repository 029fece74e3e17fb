"""docs/deploy.md does what it says: its commands, run as they stand there, give every pod the secrets that its manifest requires."""

import os
import re
import shlex
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from deploy.known import ROOT, of_kind
from rso_cluster import secret_files
from rso_cluster.topology import PROCESSES, WITH_NOTICES, Role
from rso_shared.kit.names import SERVICES

DOCUMENT = (ROOT / "docs" / "deploy.md").read_text()
BLOCK = next(
    block for block in re.findall(r"```sh\n(.*?)```", DOCUMENT, re.DOTALL) if "kubectl -n rso create secret" in block
)
RECORDS_WHAT_IT_IS_ASKED = """#!/bin/bash
printf '%q ' "$@" >>"$ASKED"; echo >>"$ASKED"
"""
COMMON = {"api", "relay", "consumer"}
"""Of every service, beside `migrate` and `rebuild`."""


@pytest.fixture
def given(tmp_path) -> dict[str, set[str]]:
    """The keys of each Secret that the block makes. Only kubectl is another one: it writes down what it is asked."""
    assert secret_files.main([str(tmp_path / "deploy" / "secrets")]) == 0
    for name in by_hand():
        (tmp_path / "deploy" / "secrets" / name).write_text("smtps://user:password@host:465")
    kubectl = tmp_path / "bin" / "kubectl"
    kubectl.parent.mkdir()
    kubectl.write_text(RECORDS_WHAT_IT_IS_ASKED)
    kubectl.chmod(0o755)
    env = {**os.environ, "PATH": f"{kubectl.parent}:{os.environ['PATH']}", "ASKED": str(tmp_path / "asked")}
    subprocess.run(["bash", "-euc", BLOCK], cwd=tmp_path, env=env, check=True)
    return secrets(tmp_path, [shlex.split(line) for line in (tmp_path / "asked").read_text().splitlines()])


def by_hand() -> list[str]:
    """What the document says is to be written, before its commands run."""
    return sorted(set(re.findall(r"`(rso_[a-z]+_smtp_url)`", DOCUMENT)))


def secrets(root: Path, asked: list[list[str]]) -> dict[str, set[str]]:
    """As kubectl reads it: a file's key is its name, or what stands before the second equals sign."""
    made: defaultdict[str, set[str]] = defaultdict(set)
    for words in asked:
        if words[2:5] != ["create", "secret", "generic"]:
            continue
        for one in (word.removeprefix("--from-file=") for word in words[6:]):
            key, _, file = one.rpartition("=")
            assert (root / file).is_file(), f"{words[5]} is made from {file}, which nobody has made"
            made[words[5]].add(key or Path(file).name)
    return made


def test_every_pod_finds_the_secrets_that_its_manifest_requires(given):
    workloads = {**of_kind("Deployment"), **of_kind("Job")}
    named = {}
    for name, one in workloads.items():
        volumes = [volume for volume in one["spec"]["template"]["spec"]["volumes"] if volume["name"] == "secrets"]
        for secret in (source["secret"] for volume in volumes for source in volume["projected"]["sources"]):
            if not secret.get("optional"):
                named[name] = secret["name"]
                missing = {item["key"] for item in secret["items"]} - given.get(secret["name"], set())
                assert not missing, f"{name} cannot start: {missing} of {secret['name']} is made by no command"
    assert set(named.values()) == {f"rso-{service.short}" for service in SERVICES} == set(given)


def test_who_writes_to_people_is_told_to_have_a_mail_server():
    assert by_hand() == sorted(f"rso_{service.short}_smtp_url" for service in WITH_NOTICES)
    (services,) = re.findall(r"_smtp_url` \| of the services that write to people: (.*?) \|", DOCUMENT)
    assert set(re.split(r", | and ", services)) == {service.short for service in WITH_NOTICES}


def test_every_role_is_in_the_list_of_commands():
    everywhere, further = re.findall(r"`python -m rso_<service> (\S+)` \((.*?)\)", DOCUMENT)[0]
    assert set(everywhere.split("|")) == COMMON | {"migrate", "rebuild"}
    own = {(process.service.short, process.role) for process in PROCESSES if process.role not in COMMON}
    assert {(short, Role(role)) for short, role in re.findall(r"(\w+): also `(\w+)`", further)} == own
