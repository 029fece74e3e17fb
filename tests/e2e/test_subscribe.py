"""docs/subscribe.md is done as it stands there, and `rso listen` forwards to a receiver behind NAT."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook
from subscriptions.receiving import free_port, receiver

from e2e.onebox import ROOT, RSO, Onebox, environ, rso
from rso_onebox.client import Api
from rso_shared.contracts.vocabulary import Role

BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def events(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.fixture(scope="module")
def done(onebox: Onebox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which every block of the document was run, one after the other."""
    folder = tmp_path_factory.mktemp("subscribe")
    for name in (".venv", "examples"):
        (folder / name).symlink_to(ROOT / name)
    blocks = BLOCK.findall((ROOT / "docs" / "subscribe.md").read_text())
    assert len(blocks) == 5
    env = environ(B=onebox.address, DATA=str(onebox.data.root), PORT=str(free_port()))
    script = "set -euo pipefail\n" + "\n".join(blocks)
    ran = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    (folder / "said").write_text(ran.stdout + ran.stderr)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder


def test_the_receiver_of_the_document_has_the_case_from_its_opening_to_its_end(done: Path) -> None:
    got = events(done / "received.jsonl")
    types = [event["type"] for event in got]
    assert types[:2] == ["endpoint.test", "case.opened"]
    assert "case.ended" in types
    numbers = [event["sequence"] for event in got if event["sequence"]]
    assert numbers == sorted(set(numbers))
    assert {event["livemode"] for event in got} == {False}
    assert {event["data"].get("client_reference", "first-steps-1") for event in got} == {"first-steps-1"}


def test_the_document_shows_what_it_says(done: Path) -> None:
    said = (done / "said").read_text()
    assert "     0 endpoint.test" in said
    assert '"outcome": "delivered"' in said
    assert '"outcome": "connect_failed"' in said or '"failures"' in said
    assert "(again)" in said


def test_listen_forwards_what_a_webhook_would_bring(done: Path, onebox: Onebox) -> None:
    assert done.exists()
    with receiver() as there:
        options = ("--forward", there.url, "--after", "0", "--count", "3", "--types", "case.*")
        ran = rso(onebox.data.root, "listen", *options)
        assert ran.returncode == 0, ran.stderr
        secret = re.search(r"whsec_\S+", ran.stderr)
        assert secret is not None
        assert len(there.got) == 3
        for body, headers in zip(there.bodies, there.headers, strict=True):
            Webhook(secret[0]).verify(body, headers)
        assert there.sequences == sorted(there.sequences)


def test_listen_with_a_token_alone_and_an_address(onebox: Onebox) -> None:
    api = Api(onebox.address, onebox.issuer, Role.PARTNER, "x", "example-health")
    newest = api.get("/v1/events", limit=1)["newest"]
    token = onebox.issuer.token("engineer", Role.PARTNER, "example-health")
    argv = (
        *RSO,
        "listen",
        "--url",
        onebox.address,
        "--token",
        token,
        "--forward",
        "http://127.0.0.1:9/",
        "--count",
        "0",
    )
    ran = subprocess.run(argv, env=environ(), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    assert f"from event {newest + 1} on" in ran.stderr
    wrong = subprocess.run(
        (*argv[:-6], "--token", "no", "--forward", "http://127.0.0.1:9/"), env={**os.environ}, cwd=ROOT,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert wrong.returncode == 2
    assert "token_invalid" in wrong.stderr
    api.close()
