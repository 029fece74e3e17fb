"""compose.yaml names nothing that is not there, and gives each process exactly its own settings."""

import os
import shutil
import subprocess

import pytest

from deploy.known import ALL, DEPLOY, complete, compose, fields
from rso_cluster.containers import image
from rso_cluster.secret_files import made

JUDGE = "github.com/compose-spec/compose-go/v2/cmd@v2.16.2"
"""The loader of Docker Compose itself: it checks against the schema of the Compose Specification."""
SERVICES = compose()["services"]


def environment(process):
    given = dict(SERVICES[process]["environment"])
    return given | {one["target"]: one["source"] for one in SERVICES[process]["secrets"]}


@pytest.mark.skipif(shutil.which("go") is None, reason="the Compose Specification's own checker is a Go program")
def test_the_specification_accepts_it():
    env = {**os.environ, "GOFLAGS": "-mod=mod"}
    run = subprocess.run(
        ["go", "run", JUDGE, "compose.yaml"],
        cwd=DEPLOY,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if run.returncode and "dial tcp" in run.stderr:
        pytest.skip("the Compose Specification's own checker could not be fetched")
    assert run.returncode == 0, run.stderr


def test_every_process_of_the_table_is_there_with_its_replicas():
    for name, process in ALL.items():
        assert SERVICES[name]["deploy"]["replicas"] == process.replicas
        assert tuple(SERVICES[name]["command"]) == process.command
        assert SERVICES[name]["image"].startswith(f"{image(process.service)}:")
        assert SERVICES[name]["build"]["args"] == {"SERVICE": process.service.folder}


@pytest.mark.parametrize("name", sorted(ALL))
def test_settings_are_known_own_and_complete(name):
    complete(fields(list(environment(name)), ALL[name].service), ALL[name])


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_what_a_service_names_exists(name):
    one, whole = SERVICES[name], compose()
    assert ":" in one["image"], "images are named by tag"
    assert set(one["networks"]) <= set(whole["networks"])
    for secret in one.get("secrets", []):
        assert (secret if isinstance(secret, str) else secret["source"]) in whole["secrets"]
    for mount in one.get("volumes", []):
        source = mount.split(":")[0]
        assert (DEPLOY / source).exists() if source.startswith(".") else source in whole["volumes"], mount
    for other, waited in one.get("depends_on", {}).items():
        assert other in SERVICES
        if waited["condition"] == "service_healthy":
            assert SERVICES[other]["healthcheck"]["test"]
        else:
            assert waited["condition"] == "service_completed_successfully"
            assert SERVICES[other]["restart"] == "on-failure"


def test_every_named_volume_secret_and_network_is_used():
    whole = compose()
    mounted = {mount.split(":")[0] for one in SERVICES.values() for mount in one.get("volumes", [])}
    granted = {s if isinstance(s, str) else s["source"] for one in SERVICES.values() for s in one.get("secrets", [])}
    joined = {network for one in SERVICES.values() for network in one["networks"]}
    assert (set(whole["volumes"]) <= mounted, set(whole["secrets"]), set(whole["networks"])) == (True, granted, joined)


def test_secrets_are_files_that_the_generator_makes():
    assert set(compose()["secrets"]) == set(made("postgres"))
    assert all(one == {"file": f"./secrets/{name}"} for name, one in compose()["secrets"].items())


def test_nothing_secret_stands_in_the_environment():
    said = {name for one in SERVICES.values() for name in one.get("environment", {})}
    assert not {name for name in said if name.endswith(("PASSWORD", "_KEY", "DATABASE_URL", "KEYS_URL", "PWD"))}


def test_our_containers_can_write_nowhere_but_to_their_volumes():
    for name in ALL:
        one = SERVICES[name]
        assert (one["read_only"], one["cap_drop"], one["security_opt"]) == (True, ["ALL"], ["no-new-privileges:true"])
        assert "privileged" not in one
        assert "user" not in one, "the image's own user, which is not root"


def test_only_the_front_grafana_and_webhooks_have_a_way_out_and_ports_are_on_loopback():
    outside = {name for name, one in SERVICES.items() if "outside" in one["networks"]}
    published = {name for name, one in SERVICES.items() if "ports" in one}
    assert published == {"front", "grafana"}
    assert outside == published | {"subscriptions-delivery"}
    assert all(port.startswith("${RSO_BIND:-127.0.0.1}:") for name in published for port in SERVICES[name]["ports"])
    assert all(one.get("internal") for name, one in compose()["networks"].items() if name != "outside")
