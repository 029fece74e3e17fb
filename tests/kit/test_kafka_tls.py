"""The settings open a real Kafka that asks for TLS, a client's certificate and a login; without any one of them it stays shut."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kit import kafka
from kit.desks import take
from kit.kafka_tls import SCRAM, Authority, guarded
from rso_shared.kit import kafka_admin
from rso_shared.kit.errors import Transient
from rso_shared.kit.kafka_broker import KafkaBroker
from rso_shared.kit.kafka_connection import Connection
from rso_shared.kit.topics import Topic

pytestmark = [pytest.mark.asyncio, kafka.needs_kafka]


@pytest.fixture
def right(tmp_path: Path) -> Iterator[Connection]:
    authority = Authority(tmp_path)
    certificate, key = authority.issue("client")
    with guarded(tmp_path, authority, "rso", "s3cret") as address:
        yield Connection(
            (address,), "SASL_SSL", str(authority.file), str(certificate), str(key), "PLAIN", "rso", "s3cret"
        )


async def test_only_with_all_three(
    right: Connection, topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = KafkaBroker(right, [Topic(topic, kafka.PARTITIONS)])
    await broker.prepare()
    await broker.publish(kafka.numbered(topic, "abc"))
    assert len(await take(broker, "g", [topic], 3)) == 3
    assert await broker.lag("g", [topic]) == 0
    broker.close()
    monkeypatch.setattr(kafka_admin, "ASK_SECONDS", 5.0)
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other")
    for mechanism in SCRAM:
        known = KafkaBroker(replace(right, mechanism=mechanism), [Topic(topic, kafka.PARTITIONS)])
        assert await known.lag("g", [topic]) == 0
        known.close()
    for wrong in (
        *(replace(right, mechanism=mechanism, password="wrong") for mechanism in SCRAM),
        replace(right, password="wrong"),
        replace(right, ca_file=str(stranger.file)),
        replace(right, cert_file=None, key_file=None),
        replace(right, protocol="SASL_PLAINTEXT"),
    ):
        shut = KafkaBroker(wrong, [Topic(topic, kafka.PARTITIONS)])
        with pytest.raises(Transient):
            await shut.lag("g", [topic])
        shut.close()
