"""Finds Temporal's time-skipping test server, or gets it: by Maven where Java is, else by the SDK's own download, else not at all."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rso_onebox.fetching import (
    FetchFailedError,
    Say,
    cache_folder,
    download_by_sdk,
    in_sdk_folder,
    is_executable,
    on_path,
    run_with_progress,
)

__test__ = False  # the name is the server's; there are no tests in here

TEST_SERVER_VERSION = "1.31.0"
MAVEN_LIMIT_SECONDS = 300.0

_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>rso</groupId><artifactId>fetch-test-server</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies><dependency>
    <groupId>io.temporal</groupId><artifactId>temporal-test-server</artifactId><version>{TEST_SERVER_VERSION}</version>
  </dependency></dependencies>
</project>
"""
_WRAPPER = """#!/bin/sh
exec java -Xmx512m -cp "$(dirname "$0")/*" io.temporal.testserver.TestServer "$@"
"""


def find_test_server(environ: Mapping[str, str] = os.environ, say: Say = print) -> Path | None:
    """A program to pass as `test_server_existing_path`, or None after one line that says why there is none."""
    java = on_path("java", environ)
    if java and is_executable(_wrapper(environ)):
        return _wrapper(environ)
    downloaded = in_sdk_folder("test", environ)
    if downloaded:
        return downloaded
    try:
        return _by_maven(java, environ, say)
    except FetchFailedError as failure:
        by_maven = str(failure)
    try:
        return download_by_sdk("test", environ, say)
    except FetchFailedError as failure:
        say(f"No time-skipping server; its tests are skipped. Maven: {by_maven}. Download by the SDK: {failure}.")
        return None


def _wrapper(environ: Mapping[str, str]) -> Path:
    return cache_folder(environ) / f"temporal-test-server-{TEST_SERVER_VERSION}" / "temporal-test-server"


def _by_maven(java: str | None, environ: Mapping[str, str], say: Say) -> Path:
    maven = on_path("mvn", environ)
    if not java or not maven:
        raise FetchFailedError("no `java` on PATH" if not java else "no `mvn` on PATH")
    target = _wrapper(environ)
    cache_folder(environ).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=cache_folder(environ)) as folder:
        _fetch_jars(maven, Path(folder), environ, say)
        jars = Path(folder) / "jars"
        wrapper = jars / target.name
        wrapper.write_text(_WRAPPER)
        wrapper.chmod(0o755)
        _move(jars, target.parent)
    return target


def _fetch_jars(maven: str, folder: Path, environ: Mapping[str, str], say: Say) -> None:
    (folder / "pom.xml").write_text(_POM)
    argv = (
        *(maven, "-q", "-B", "-f", str(folder / "pom.xml")),
        *("dependency:copy-dependencies", f"-DoutputDirectory={folder / 'jars'}", "-DincludeScope=runtime"),
    )
    run_with_progress(argv, environ, "fetching the time-skipping server by Maven", MAVEN_LIMIT_SECONDS, say)
    if not list((folder / "jars").glob("temporal-test-server-*.jar")):
        raise FetchFailedError("Maven copied no test server")


def _move(fetched: Path, target: Path) -> None:
    """In one step; whoever fetched the same version a moment earlier wins."""
    try:
        fetched.rename(target)
    except OSError:
        if not is_executable(target / "temporal-test-server"):
            raise
