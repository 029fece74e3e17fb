"""The manifests: valid for every Kubernetes they are meant for, complete, and closed where they should be."""

import kubernetes_validate
import pytest
import yaml

from deploy.known import ALL, complete, fields, manifests, of_kind
from rso_cluster.kubernetes_names import ROLE, SERVICE
from rso_cluster.topology import CALLS, PROCESSES, Need, Role

VERSIONS = ("1.30", kubernetes_validate.latest_version())
"""The oldest that the manifests are meant for, and the newest whose schemas are here."""
WORKLOADS = {**of_kind("Deployment"), **of_kind("Job")}
OURS = sorted(set(WORKLOADS) - {"front"})
POLICIES = of_kind("NetworkPolicy")


def pod(name):
    return WORKLOADS[name]["spec"]["template"]["spec"]


def container(name):
    (one,) = pod(name)["containers"]
    return one


@pytest.mark.parametrize("version", VERSIONS)
def test_the_schemas_accept_every_document(version):
    for document in manifests():
        kubernetes_validate.validate(document, version, strict=True)


def test_names_are_unique_per_kind_and_all_in_one_namespace():
    names = [(one["kind"], one["metadata"]["name"]) for one in manifests()]
    assert len(names) == len(set(names))
    assert {one["metadata"].get("namespace", "rso") for one in manifests()} == {"rso"}


def test_every_process_of_the_table_is_there():
    assert set(OURS) == set(ALL)
    for process in PROCESSES:
        assert WORKLOADS[process.name]["spec"]["replicas"] == process.replicas
    assert all(tuple(container(name)["command"]) == process.command for name, process in ALL.items())


@pytest.mark.parametrize("name", OURS)
def test_settings_are_known_own_and_complete(name):
    process = ALL[name]
    config = container(name)["envFrom"][0]["configMapRef"]["name"]
    projected = next(one["projected"] for one in pod(name)["volumes"] if one["name"] == "secrets")
    secret, further = (one["secret"] for one in projected["sources"])
    assert secret["name"] == f"rso-{process.service.short}"
    assert further == {"name": f"{secret['name']}-more", "optional": True}
    files = [one["path"] for one in secret["items"]]
    complete(fields([*of_kind("ConfigMap")[config]["data"], *files], process.service), process)
    mounted = {one["name"]: one["mountPath"] for one in container(name)["volumeMounts"]}
    assert of_kind("ConfigMap")[config]["data"]["RSO_SECRETS_DIR"] == mounted["secrets"]


def test_no_secret_is_in_the_manifests():
    assert not of_kind("Secret")
    said = {name for one in of_kind("ConfigMap").values() for name in one["data"]}
    assert not {name for name in said if name.endswith(("PASSWORD", "_KEY", "DATABASE_URL", "KEYS_URL", "SMTP_URL"))}


@pytest.mark.parametrize("name", sorted(WORKLOADS))
def test_pods_are_locked_down_and_asked_for_what_they_take(name):
    context, spec = container(name)["securityContext"], pod(name)
    assert (context["runAsNonRoot"], context["readOnlyRootFilesystem"]) == (True, True)
    assert (context["allowPrivilegeEscalation"], context["capabilities"]) == (False, {"drop": ["ALL"]})
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert (spec["automountServiceAccountToken"], spec["enableServiceLinks"]) == (False, False)
    resources = container(name)["resources"]
    assert {"cpu", "memory"} == set(resources["requests"])
    assert "memory" in resources["limits"]


@pytest.mark.parametrize("process", PROCESSES, ids=lambda one: one.name)
def test_probes_ask_the_port_that_is_open(process):
    one = container(process.name)
    (port,) = one["ports"]
    assert port["containerPort"] == process.health_port
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert one[probe]["httpGet"]["port"] == port["name"]
    grace = pod(process.name)["terminationGracePeriodSeconds"]
    assert grace > process.grace_seconds


def test_selectors_find_what_they_name():
    worn = {name: one["spec"]["template"]["metadata"]["labels"] for name, one in WORKLOADS.items()}
    for kind, at in (("Service", "selector"), ("PodDisruptionBudget", "selector")):
        for name, one in of_kind(kind).items():
            wanted = one["spec"][at].get("matchLabels", one["spec"][at])
            found = [workload for workload, labels in worn.items() if wanted.items() <= labels.items()]
            assert found == [name.removesuffix("-each")], (kind, name)


def test_whoever_has_replicas_keeps_one():
    many = {name for name, one in of_kind("Deployment").items() if one["spec"]["replicas"] > 1}
    assert set(of_kind("PodDisruptionBudget")) == many


def test_each_workload_has_a_policy_and_the_rest_is_closed():
    assert set(POLICIES) == {"closed", *WORKLOADS}
    assert POLICIES["closed"]["spec"]["podSelector"] == {}
    assert POLICIES["closed"]["spec"]["ingress"] == []
    assert all(one["spec"]["policyTypes"] == ["Ingress", "Egress"] for one in POLICIES.values())


def reached(name):
    return [rule for rule in POLICIES[name]["spec"]["egress"] for _ in rule["ports"]]


def labels_reached(name):
    peers = [peer for rule in reached(name) for peer in rule.get("to", [])]
    return [peer.get("podSelector", {}).get("matchLabels", {}) for peer in peers]


@pytest.mark.parametrize("name", OURS)
def test_a_process_reaches_its_own_database_and_no_other(name):
    databases = {key for labels in labels_reached(name) for key in labels if key.startswith("databases.rso/")}
    assert databases == {f"databases.rso/{ALL[name].service.short}"}


@pytest.mark.parametrize("name", OURS)
def test_a_process_reaches_the_engines_that_the_table_names(name):
    engines = {labels.get("app.kubernetes.io/name") for labels in labels_reached(name)} & {"kafka", "temporal"}
    needs = ALL[name].needs
    assert engines == {word for word, need in (("kafka", Need.KAFKA), ("temporal", Need.TEMPORAL)) if need in needs}


def test_services_reach_the_neighbours_that_they_call_and_are_let_in_there():
    for process in PROCESSES:
        called = {labels[SERVICE] for labels in labels_reached(process.name) if labels.get(ROLE) == str(Role.API)}
        allowed = CALLS.get(process.service, frozenset()) if Need.SERVICES in process.needs else frozenset()
        assert called == {service.short for service in allowed}
        for short in called:
            rule = POLICIES[f"{short}-api"]["spec"]["ingress"][0]
            assert {"podSelector": {"matchLabels": {SERVICE: process.service.short}}} in rule["from"]


def test_people_come_in_by_the_front_alone():
    (ingress,) = of_kind("Ingress").values()
    (rule,) = ingress["spec"]["rules"]
    assert {path["backend"]["service"]["name"] for path in rule["http"]["paths"]} == {"front"}
    assert ingress["spec"]["tls"]
    unnamed = [name for name, one in POLICIES.items() for r in one["spec"]["ingress"] if "from" not in r]
    assert unnamed == ["front"]


def test_an_api_is_asked_for_its_database_alone():
    """It takes commands while Kafka is away; a probe that asked for more would take it out of service then."""
    ready = {p.name: container(p.name)["readinessProbe"]["httpGet"]["path"] for p in PROCESSES}
    assert {path for name, path in ready.items() if ALL[name].role is Role.API} == {"/acceptz"}
    assert {path for name, path in ready.items() if ALL[name].role is not Role.API} == {"/readyz"}


def test_the_configuration_of_the_front_came_through_unchanged():
    data = of_kind("ConfigMap")["front"]["data"]
    assert data["away.http"].startswith("HTTP/1.1 503 Service Unavailable\r\n")
    assert "-each.rso.svc.cluster.local:8000" in data["haproxy.cfg"]
    assert yaml.safe_load(yaml.safe_dump(data)) == data
