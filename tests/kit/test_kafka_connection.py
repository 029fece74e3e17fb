"""From settings to aiokafka's arguments; what does not fit together is refused by name and without its value."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError

from rso_shared.kit import brokers
from rso_shared.kit.kafka_broker import KafkaBroker
from rso_shared.kit.kafka_connection import Connection, arguments, from_settings, servers
from rso_shared.kit.local_broker import LocalBroker
from rso_shared.kit.settings import ServiceSettings, SettingsError

NEEDED = {
    "database_url": "sqlite://", "blobs_url": "memory://", "ledger_url": "memory://", "master_key": "07" * 32, "issuer_public_key": "x",
    "keys_url": "sqlite://", "access_log_url": "sqlite://",
}  # fmt: skip
LOGIN = {"kafka_sasl_mechanism": "SCRAM-SHA-512", "kafka_username": "rso", "kafka_password": "s3cret"}


def given(url: str = "kafka://a:1", **more: str) -> ServiceSettings:
    made: Mapping[str, str] = {**NEEDED, "broker_url": url, **more}
    return ServiceSettings.model_validate({name: made[name] for name in made if name in ServiceSettings.model_fields})


def test_several_servers() -> None:
    assert servers("kafka://a:1,b.c:2,127.0.0.1:9092") == ("a:1", "b.c:2", "127.0.0.1:9092")


@pytest.mark.parametrize(
    "url", ["kafka://", "kafka://a", "kafka://a:x", "kafka://u:p@a:1", "kafka://a:1,", "kafka://a:1/b"]
)
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(SettingsError, match="BROKER_URL"):
        servers(url)


def test_nothing_but_an_address() -> None:
    made = arguments(from_settings(given()))
    assert made == {"bootstrap_servers": ["a:1"], "security_protocol": "PLAINTEXT", "request_timeout_ms": 10_000}


def test_a_login() -> None:
    made = arguments(from_settings(given(kafka_security_protocol="SASL_PLAINTEXT", **LOGIN)))
    assert made["security_protocol"] == "SASL_PLAINTEXT"
    assert made["sasl_mechanism"] == "SCRAM-SHA-512"
    assert (made["sasl_plain_username"], made["sasl_plain_password"]) == ("rso", "s3cret")
    assert "ssl_context" not in made


def test_tls_checks_whom_it_talks_to() -> None:
    made = arguments(from_settings(given(kafka_security_protocol="SSL")))
    assert made["ssl_context"].check_hostname
    assert "sasl_mechanism" not in made


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"kafka_ca_file": "ca.pem"}, ["KAFKA_CA_FILE", "PLAINTEXT"]),
        ({"kafka_security_protocol": "SSL", "kafka_cert_file": "c.pem"}, ["KAFKA_CERT_FILE", "KAFKA_KEY_FILE"]),
        ({"kafka_security_protocol": "SSL", **LOGIN}, ["KAFKA_SASL_MECHANISM", "KAFKA_USERNAME", "KAFKA_PASSWORD"]),
        ({"kafka_password": "s3cret"}, ["KAFKA_PASSWORD"]),
        ({"kafka_security_protocol": "SASL_SSL"}, ["KAFKA_SASL_MECHANISM", "KAFKA_USERNAME", "KAFKA_PASSWORD"]),
        ({"kafka_security_protocol": "SASL_SSL", **LOGIN, "kafka_username": ""}, ["KAFKA_USERNAME is not set"]),
    ],
)
def test_what_does_not_fit_together(more: dict[str, str], named: list[str]) -> None:
    with pytest.raises(SettingsError) as refusal:
        from_settings(given(**more))
    for name in named:
        assert name in str(refusal.value)
    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize(
    "more", [{"kafka_security_protocol": "TLS"}, {"kafka_sasl_mechanism": "GSSAPI"}, {"kafka_copies": "0"}]
)
def test_what_is_not_known(more: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=next(iter(more))):
        given(**more)


def test_a_password_is_not_shown() -> None:
    assert "s3cret" not in repr(Connection(("a:1",), "SASL_SSL", username="rso", password="s3cret"))


def test_the_scheme_says_which_log(tmp_path: Path) -> None:
    local, kafka = brokers.connect(given(f"sqlite:///{tmp_path}/log.db")), brokers.connect(given())
    assert isinstance(local, LocalBroker)
    assert isinstance(kafka, KafkaBroker)
    local.close()
    kafka.close()


@pytest.mark.parametrize("url", ["", "sqlite:///", "redis://a:1", "kafka"])
def test_any_other_scheme_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="BROKER_URL"):
        brokers.connect(given(url))
