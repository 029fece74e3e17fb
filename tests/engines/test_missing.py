"""What cannot be had is named, and how to get it; versions are read as the programs print them."""

import subprocess
from pathlib import Path

import pytest

from rso_engines import versions
from rso_engines.errors import EngineError, MissingError
from rso_engines.fetching import cache_folder, keep, run_with_progress, telling_lines
from rso_engines.go_toolchain import find_go, parsed
from rso_engines.kafka_jars import find_jars, find_java, java_major, pom
from rso_engines.postgres_install import choose, find_postgres, installed
from rso_engines.temporal_build import find_temporal


def program(folder: Path, name: str, prints: str) -> dict[str, str]:
    """An environment whose PATH has this one program, which prints this."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho '{prints}'\n")
    (folder / name).chmod(0o755)
    return {"PATH": str(folder), "RSO_CACHE_DIR": str(folder / "cache")}


def nothing(tmp_path: Path) -> dict[str, str]:
    return {"PATH": str(tmp_path / "empty"), "RSO_CACHE_DIR": str(tmp_path / "cache")}


@pytest.mark.parametrize(
    ("printed", "major"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_392"', 8),
        ('openjdk version "21"', 21),
        ("?", None),
    ],
)
def test_java_version(printed: str, major: int | None) -> None:
    assert java_major(printed) == major


@pytest.mark.parametrize(
    ("printed", "version"),
    [("go version go1.19.8 linux/amd64", (1, 19)), ("go version go1.26.8 linux/amd64", (1, 26)), ("what?", None)],
)
def test_go_version(printed: str, version: tuple[int, int] | None) -> None:
    assert parsed(printed) == version


def test_without_java(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"no `java` on PATH: apt-get install default-jre-headless"):
        find_java(nothing(tmp_path))


def test_with_a_java_that_is_too_old(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="needs Java 17 or later"):
        find_java(program(tmp_path / "bin", "java", 'openjdk version "11.0.2"'))


def test_without_maven(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"no `mvn` on PATH: apt-get install maven"):
        find_jars(nothing(tmp_path), print)


def test_jars_once_fetched_need_no_maven(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / f"kafka-{versions.KAFKA}"
    folder.mkdir(parents=True)
    assert find_jars(nothing(tmp_path), print) == folder


def test_without_go(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no `go` on PATH: apt-get install golang-go"):
        find_temporal(nothing(tmp_path), print)


def test_a_new_enough_go_gets_the_toolchain_itself(tmp_path: Path) -> None:
    go = find_go(program(tmp_path / "bin", "go", "go version go1.21.0 linux/amd64"), print)
    assert go.program == str(tmp_path / "bin" / "go")
    assert go.environ["GOTOOLCHAIN"] == "auto"


def test_for_an_older_go_the_fetched_toolchain_is_taken(tmp_path: Path) -> None:
    environ = program(tmp_path / "bin", "go", "go version go1.19.8 linux/amd64")
    fetched = cache_folder(environ) / f"go-{versions.GO}"
    fetched.mkdir(parents=True)
    assert find_go(environ, print).program == str(fetched / "bin" / "go")


def test_postgres_is_found_by_its_whole_set_of_programs(tmp_path: Path) -> None:
    for name in ("15/bin/postgres", "15/bin/initdb", "16/bin/psql", "junk/bin/postgres"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert installed(tmp_path) == {15: tmp_path / "15" / "bin"}
    assert installed(tmp_path / "nowhere") == {}


def test_which_postgres() -> None:
    found = {14: Path("/14"), 15: Path("/15"), 17: Path("/17")}
    assert choose(found, None) == Path("/17")
    assert choose(found, 15) == Path("/15")
    assert choose({14: Path("/14")}, None) is None
    with pytest.raises(MissingError, match="postgresql-16"):
        choose(found, 16)


def test_data_of_a_postgres_that_is_not_here(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="written by PostgreSQL 9, which is not here"):
        find_postgres(nothing(tmp_path), print, 9, install=False)


def test_the_pins_are_what_maven_is_asked_for() -> None:
    assert f"<artifactId>kafka_2.13</artifactId><version>{versions.KAFKA}</version>" in pom()
    assert f"<artifactId>slf4j-simple</artifactId><version>{versions.KAFKA_SLF4J}</version>" in pom()


def test_a_command_that_fails_is_told_with_its_last_words(tmp_path: Path) -> None:
    said: list[str] = []
    with pytest.raises(EngineError, match=r"(?s)baking failed \(exit code 3\):.*the oven is cold"):
        run_with_progress(("/bin/sh", "-c", "echo the oven is cold; exit 3"), {}, "baking", 30, said.append)
    assert said == ["baking …"]


def test_the_lines_that_tell_what_went_wrong() -> None:
    assert telling_lines("start\n[ERROR] no network\n[ERROR] read on\n[ERROR] advice\n") == (
        "[ERROR] no network\n[ERROR] read on"
    )
    assert telling_lines("one\n\ntwo\n") == "one\ntwo"


def test_a_command_over_its_limit_is_ended(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="not done within 0 s"):
        run_with_progress(("/bin/sleep", "1000"), {}, "sleeping", 0.2, lambda _: None)


def test_who_finishes_a_version_first_wins(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "by").write_text(name)
    keep(tmp_path / "first", tmp_path / "kept")
    keep(tmp_path / "second", tmp_path / "kept")
    assert (tmp_path / "kept" / "by").read_text() == "first"


def test_the_programs_here_say_their_versions() -> None:
    """Where Java or Go is installed its own words are understood, not only the ones written above."""
    for argv, reads in ((("java", "-version"), java_major), (("go", "version"), parsed)):
        try:
            done = subprocess.run(argv, capture_output=True, text=True, check=True)
        except FileNotFoundError:
            continue
        assert reads(done.stdout + done.stderr) is not None
