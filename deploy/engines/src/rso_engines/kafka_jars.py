"""Apache Kafka's jars, by Maven, once per version."""

import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rso_engines import versions
from rso_engines.errors import EngineError, MissingError
from rso_engines.fetching import Say, cache_folder, keep, on_path, run_with_progress

_LIMIT_SECONDS = 600.0
_ARTIFACTS = (
    ("org.apache.kafka", f"kafka_{versions.KAFKA_SCALA}", versions.KAFKA),
    ("org.apache.kafka", "kafka-tools", versions.KAFKA),
    ("org.slf4j", "slf4j-simple", versions.KAFKA_SLF4J),
)


def pom() -> str:
    dependencies = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version></dependency>\n"
        for group, name, version in _ARTIFACTS
    )
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0">\n<modelVersion>4.0.0</modelVersion>\n'
        "<groupId>rso</groupId><artifactId>fetch-kafka</artifactId><version>1</version><packaging>pom</packaging>\n"
        f"<dependencies>\n{dependencies}</dependencies>\n</project>\n"
    )


def jars_folder(environ: Mapping[str, str]) -> Path:
    return cache_folder(environ) / f"kafka-{versions.KAFKA}"


def java_major(text: str) -> int | None:
    """From what `java -version` prints: `openjdk version "17.0.15"`, or `"1.8.0"` for Java 8."""
    found = re.search(r'version "(?:1\.)?(\d+)', text)
    return int(found[1]) if found else None


def find_java(environ: Mapping[str, str]) -> str:
    java = on_path("java", environ)
    if not java:
        raise MissingError("Kafka needs Java, and there is no `java` on PATH: apt-get install default-jre-headless")
    done = subprocess.run((java, "-version"), env=dict(environ), capture_output=True, text=True, check=False)
    major = java_major(done.stderr + done.stdout)
    if major is None or major < versions.JAVA_MINIMUM:
        raise MissingError(
            f"Kafka {versions.KAFKA} needs Java {versions.JAVA_MINIMUM} or later, and `{java}` is {major or 'unknown'}: "
            "apt-get install default-jre-headless"
        )
    return java


def find_jars(environ: Mapping[str, str], say: Say) -> Path:
    target = jars_folder(environ)
    return target if target.is_dir() else _fetch(target, environ, say)


def _fetch(target: Path, environ: Mapping[str, str], say: Say) -> Path:
    maven = on_path("mvn", environ)
    if not maven:
        raise MissingError("Kafka's jars come by Maven, and there is no `mvn` on PATH: apt-get install maven")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=target.parent) as folder:
        (Path(folder) / "pom.xml").write_text(pom())
        jars = Path(folder) / "jars"
        argv = (
            *(maven, "-q", "-B", "-f", str(Path(folder) / "pom.xml")),
            *("dependency:copy-dependencies", f"-DoutputDirectory={jars}", "-DincludeScope=runtime"),
        )
        run_with_progress(argv, environ, f"fetching Apache Kafka {versions.KAFKA} by Maven", _LIMIT_SECONDS, say)
        if not list(jars.glob("kafka-server-*.jar")):
            raise EngineError("Maven copied no Kafka")
        keep(jars, target)
    return target
