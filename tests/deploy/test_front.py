"""The front of compose and Kubernetes: HAProxy takes its configuration, and each public path leads to its owner."""

import re
import shutil
import subprocess

import pytest

from deploy.known import DEPLOY
from rso_cluster.api_documents import apps
from rso_cluster.front_config import CONFIGURATION, FOLDER, PUBLIC_ROUTES, front_files


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="HAProxy itself is the judge, and is not installed")
@pytest.mark.parametrize("domain", ["", "-each.rso.svc.cluster.local"])
def test_haproxy_accepts_it(tmp_path, domain):
    for name, text in front_files(domain).items():
        (tmp_path / name).write_bytes(text.replace(FOLDER, str(tmp_path)).encode())
    argv = ["haproxy", "-c", "-f", str(tmp_path / CONFIGURATION)]
    run = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr


def test_each_public_path_leads_to_its_owner_and_no_internal_one_to_anybody():
    routes = [line.split() for line in front_files("")[PUBLIC_ROUTES].splitlines()]
    for service, app in apps().items():
        for template in app.openapi()["paths"]:
            path = re.sub(r"\{[^}]+\}", "0b7c", template)
            found = next((owner for pattern, owner in routes if re.match(pattern, path)), None)
            assert found == (None if template.startswith("/internal/") else service), template


@pytest.mark.parametrize("path", ["/internal/v1/intake/parked", "//internal/x", "/metrics", "/internal"])
def test_paths_between_services_do_not_exist_outside(path):
    refused = re.search(r"acl inside .* -m reg (\S+)", front_files("")[CONFIGURATION])
    assert refused is not None
    assert re.search(refused[1], path)


def test_what_is_scraped_of_the_front_is_open_there():
    text = front_files("")[CONFIGURATION]
    assert "frontend metrics\n    bind :9000\n" in text
    assert "front:9000" in (DEPLOY / "otel" / "prometheus.yaml").read_text()
