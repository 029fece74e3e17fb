"""What the engines are told in their configuration files."""

import random
from pathlib import Path

import pytest
import yaml

from rso_engines import secret_file
from rso_engines.datadir import DataDir
from rso_engines.errors import EngineError
from rso_engines.kafka import Kafka
from rso_engines.kafka_config import server_properties
from rso_engines.ports import assign
from rso_engines.postgres_config import database_sql, postgresql_conf, role_sql
from rso_engines.temporal_config import DYNAMIC, PORT_NAMES, server_yaml


def settings(text: str) -> dict[str, str]:
    return {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in text.splitlines())}


def test_kafka_listens_on_loopback_only_and_makes_no_topic_by_itself() -> None:
    said = settings(server_properties(19092, 19093, Path("/data/logs")))
    assert said["listeners"] == "PLAINTEXT://127.0.0.1:19092,CONTROLLER://127.0.0.1:19093"
    assert said["advertised.listeners"] == "PLAINTEXT://127.0.0.1:19092"
    assert said["auto.create.topics.enable"] == "false"
    assert said["log.retention.ms"] == "-1"
    assert said["log.dirs"] == "/data/logs"


def test_postgres_is_safe_and_on_loopback() -> None:
    said = settings(postgresql_conf(15432))
    assert (said["port"], said["listen_addresses"], said["unix_socket_directories"]) == ("15432", "'127.0.0.1'", "''")
    assert (said["fsync"], said["full_page_writes"], said["synchronous_commit"]) == ("on", "on", "on")
    assert int(said["max_connections"]) >= 300


def test_postgres_logs_carry_no_values() -> None:
    said = settings(postgresql_conf(15432))
    assert said["log_error_verbosity"] == "terse"
    assert said["log_min_error_statement"] == "panic"
    assert said["log_parameter_max_length"] == said["log_parameter_max_length_on_error"] == "0"


def test_a_database_belongs_to_its_role_alone() -> None:
    sql = database_sql("rso_one_keys", "rso_one")
    assert "CREATE DATABASE rso_one_keys OWNER rso_one" in sql
    assert "REVOKE ALL ON DATABASE rso_one_keys FROM PUBLIC" in sql


@pytest.mark.parametrize("name", ["", "A", "1a", "a-b", "a;b", 'a"b', "a" * 60])
def test_only_plain_names_reach_sql(name: str) -> None:
    with pytest.raises(EngineError, match="no name for a database"):
        role_sql(name, "0")


def test_temporal_is_told_every_port_once(tmp_path: Path) -> None:
    ports = assign(DataDir.at(tmp_path), dict.fromkeys(PORT_NAMES, 0), random.Random(1))  # noqa: S311
    config = yaml.safe_load(server_yaml(ports, 15432, "0a1b", tmp_path / "dynamic.yaml"))
    rpc = {name: service["rpc"] for name, service in config["services"].items()}
    assert set(rpc) == {"frontend", "history", "matching", "worker"}
    assert all(each["bindOnLocalHost"] is True for each in rpc.values())
    told = [port for each in rpc.values() for name, port in each.items() if name.endswith("Port")]
    assert sorted(told) == sorted(ports.values())
    assert rpc["frontend"]["grpcPort"] == ports["temporal"]


def test_temporal_keeps_everything_in_its_two_databases(tmp_path: Path) -> None:
    ports = dict.fromkeys(PORT_NAMES, 1)
    config = yaml.safe_load(server_yaml(ports, 15432, "0a1b", tmp_path / "dynamic.yaml"))
    stores = config["persistence"]["datastores"]
    assert stores["default"]["sql"]["databaseName"] == "temporal"
    assert stores["visibility"]["sql"]["databaseName"] == "temporal_visibility"
    assert {each["sql"]["connectAddr"] for each in stores.values()} == {"127.0.0.1:15432"}
    assert {each["sql"]["password"] for each in stores.values()} == {"0a1b"}
    assert config["dynamicConfigClient"]["filepath"] == str(tmp_path / "dynamic.yaml")
    assert set(yaml.safe_load(DYNAMIC)) == {
        "matching.numTaskqueueReadPartitions",
        "matching.numTaskqueueWritePartitions",
    }


def test_passwords_are_random_kept_and_private(tmp_path: Path) -> None:
    data = DataDir.at(tmp_path)
    first = secret_file.ensure(data, secret_file.of_services(["rso_one", "rso_two"]))
    again = secret_file.ensure(data, secret_file.of_services(["rso_two", "rso_three"]))
    assert again["rso_one"] == first["rso_one"]
    assert again["rso_two"] == first["rso_two"]
    assert again["rso_three"].databases == ["rso_three", "rso_three_keys"]
    assert len({role.password for role in again.values()}) == 3
    assert data.secrets_file.stat().st_mode & 0o777 == 0o600


def test_the_callers_secrets_stay_with_the_caller(tmp_path: Path) -> None:
    environ = {"PATH": "/bin", "JAVA_HOME": "/java", "RSO_BILLING_MASTER_KEY": "07", "SECRET": "1"}
    kafka = Kafka(DataDir.at(tmp_path), environ, print, install=False)
    assert kafka.environment() == {"PATH": "/bin", "JAVA_HOME": "/java", "LANG": "C.UTF-8", "TZ": "UTC"}
