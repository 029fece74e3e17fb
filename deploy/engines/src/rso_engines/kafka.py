"""Apache Kafka: one KRaft node."""

import base64
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from rso_engines import kafka_probe, versions
from rso_engines.engine import Engine
from rso_engines.fetching import run_with_progress
from rso_engines.kafka_config import server_properties
from rso_engines.kafka_jars import find_jars, find_java
from rso_engines.pids import Launch

_FORMAT_LIMIT_SECONDS = 120.0
_HEAP = "-Xmx512m"
_LOGGER = (
    *(
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS",
    ),
    "-Dorg.slf4j.simpleLogger.showThreadName=false",
)


class Kafka(Engine):
    name: ClassVar[str] = "kafka"
    version: ClassVar[str] = versions.KAFKA
    port_names: ClassVar[tuple[str, ...]] = ("kafka", "kafka-controller")

    def provide(self) -> None:
        find_java(self.environ)
        find_jars(self.environ, self.say)

    def prepare(self, ports: Mapping[str, int]) -> Launch:
        folder = self.data.folder(self.name)
        folder.mkdir(exist_ok=True)
        properties, logs = folder / "server.properties", folder / "logs"
        properties.write_text(server_properties(ports["kafka"], ports["kafka-controller"], logs))
        if not (logs / "meta.properties").exists():
            self._format(properties, folder)
        return Launch(
            (*self._java(), _HEAP, *_LOGGER, "kafka.Kafka", str(properties)), marker=str(properties), cwd=str(folder)
        )

    def answers(self, ports: Mapping[str, int]) -> bool:
        return kafka_probe.answers(ports["kafka"])

    def _java(self) -> tuple[str, ...]:
        return find_java(self.environ), "-cp", f"{find_jars(self.environ, self.say)}/*"

    def _format(self, properties: Path, folder: Path) -> None:
        """The id goes in one word with its option: one in 64 begins with a hyphen."""
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        argv = (*self._java(), "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(properties))
        run_with_progress(
            argv, self.environment(), "formatting Kafka's folder", _FORMAT_LIMIT_SECONDS, self.say, folder
        )
