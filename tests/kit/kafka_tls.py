"""A Kafka that asks for TLS, a client's certificate and a login; and an authority that signs what it asks for."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from rso_engines.kafka_config import server_properties
from rso_engines.kafka_jars import find_jars, find_java

LOOPBACK = "127.0.0.1"
SCRAM = ("SCRAM-SHA-256", "SCRAM-SHA-512")
_SCRAM_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
_CLUSTER = "4L6g3nShT-eMCtK--X86sw"


class Authority:
    """Writes `ca.pem`, and per name a certificate `name.pem`, its key `name.key` and both in `name.both`."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = _named("authority")
        certificate = self._signed(self._name, self._key, x509.BasicConstraints(ca=True, path_length=None))
        self.file = self._write("ca.pem", certificate.public_bytes(Encoding.PEM))

    def issue(self, name: str) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._signed(
            _named(name), key, x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))])
        )
        signed = certificate.public_bytes(Encoding.PEM)
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._write(f"{name}.both", secret + signed)
        return self._write(f"{name}.pem", signed), self._write(f"{name}.key", secret)

    def _signed(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(self._name, subject, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        return builder.add_extension(extension, critical=True).sign(self._key, hashes.SHA256())

    def _write(self, name: str, content: bytes) -> Path:
        (self._folder / name).write_bytes(content)
        return self._folder / name


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


@contextmanager
def guarded(folder: Path, authority: Authority, username: str, password: str) -> Iterator[str]:
    """The address of a broker that runs while the block does."""
    authority.issue("broker")
    port, inner, controller = _free_ports(3)
    asked = {
        "listeners": f"GUARDED://{LOOPBACK}:{port},INNER://{LOOPBACK}:{inner},CONTROLLER://{LOOPBACK}:{controller}",
        "advertised.listeners": f"GUARDED://{LOOPBACK}:{port},INNER://{LOOPBACK}:{inner}",
        "listener.security.protocol.map": "GUARDED:SASL_SSL,INNER:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "INNER",
        "listener.name.guarded.ssl.client.auth": "required",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(folder / "broker.both"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(authority.file),
        "sasl.enabled.mechanisms": ",".join(("PLAIN", *SCRAM)),
        **{f"listener.name.guarded.{each.lower()}.sasl.jaas.config": _SCRAM_LOGIN for each in SCRAM},
        "listener.name.guarded.plain.sasl.jaas.config": "org.apache.kafka.common.security.plain.PlainLoginModule required "
        f'user_{username}="{password}";',
    }
    file = folder / "server.properties"
    file.write_text(
        server_properties(port, controller, folder / "logs") + "".join(f"{k}={v}\n" for k, v in asked.items())
    )
    java = (find_java(os.environ), "-Xmx256m", "-cp", f"{find_jars(os.environ, print)}/*")
    users = [part for each in SCRAM for part in ("--add-scram", f"{each}=[name={username},password={password}]")]
    formatting = (*java, "kafka.tools.StorageTool", "format", "-t", _CLUSTER, "-c", str(file), *users)
    subprocess.run(formatting, check=True, capture_output=True)
    with (folder / "kafka.log").open("wb") as log:
        broker = subprocess.Popen((*java, "kafka.Kafka", str(file)), stdout=log, stderr=log)
    try:
        _listens(port, broker)
        yield f"{LOOPBACK}:{port}"
    finally:
        broker.kill()
        broker.wait()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in held:
            one.bind((LOOPBACK, 0))
        return [one.getsockname()[1] for one in held]


def _listens(port: int, broker: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and broker.poll() is None:
        with socket.socket() as asking:
            if asking.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("Kafka did not start: see kafka.log")
