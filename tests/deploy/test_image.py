"""The Dockerfile, read by a machine that has no Docker: what it copies exists, and what it promises stands in it."""

import re
import shlex

import pytest

from deploy.known import DEPLOY, ROOT

SERVICES = sorted(one.parent.name for one in (ROOT / "services").glob("*/pyproject.toml"))
TEXT = re.sub(r"\\\n\s*", " ", (DEPLOY / "Dockerfile").read_text())
LINES = [line for line in TEXT.splitlines() if line and not line.startswith("#")]
STAGES = [chunk.splitlines() for chunk in re.split(r"^(?=FROM )", "\n".join(LINES), flags=re.MULTILINE)][1:]
FINAL = STAGES[-1]


def copied(service):
    """Sources from the repository, of every COPY that is not from another stage."""
    for line in LINES:
        words = shlex.split(line)
        if words[0] == "COPY" and not words[1].startswith("--from"):
            yield from (word.replace("${SERVICE}", service) for word in words[1:-1])


@pytest.mark.parametrize("service", SERVICES)
def test_everything_copied_is_in_the_repository(service):
    assert all((ROOT / source).exists() for source in copied(service))


@pytest.mark.parametrize("service", SERVICES)
def test_everything_copied_is_let_through_to_the_build(service):
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text().split()
    allowed = [line.removeprefix("!").replace("*.txt", f"{service}.txt") for line in lines if line.startswith("!")]
    for source in copied(service):
        assert any(f"{source.rstrip('/')}/".startswith(f"{one}/") for one in allowed), source


def test_every_step_is_one_of_the_scripts():
    steps = set(re.findall(r"install\.sh (\w+) ", TEXT))
    offered = set(re.findall(r"^  (\w+)\) ", (DEPLOY / "install.sh").read_text(), flags=re.MULTILINE))
    assert steps == offered


def test_base_images_have_a_tag_and_room_for_a_digest():
    given = dict(re.findall(r"^ARG (\w+)=(.*)$", TEXT, flags=re.MULTILINE))
    for stage in STAGES:
        image, digest = re.findall(r"\$\{(\w+)\}", stage[0])
        assert re.search(r":[\w.-]+$", given[image])
        assert given[digest] == ""


def test_the_final_image_has_no_build_tools_and_is_not_root():
    final = "\n".join(FINAL)
    assert re.search(r"^USER \d+:\d+$", final, flags=re.MULTILINE)
    assert not re.search(r"USER (root|0)\b|apt-get|pip install|install\.sh|--from=uv", final)
    assert [line for line in FINAL if line.startswith("COPY --from")] == ["COPY --from=build /opt/rso /opt/rso"]
    assert any(line.startswith("HEALTHCHECK ") for line in FINAL)


def test_dependencies_are_locked_by_hash_and_come_as_wheels():
    script = (DEPLOY / "install.sh").read_text()
    assert "--require-hashes --only-binary :all: -r" in script
    assert "--no-deps --no-index" in script
    for service in SERVICES:
        lock = (ROOT / "locks" / f"{service}.txt").read_text()
        blocks = re.split(r"\n(?=\S)", lock.strip())
        assert blocks
        assert all(re.match(r"[\w.-]+(\[[\w,]+\])?==\S+ ", block) and "--hash=sha256:" in block for block in blocks)


def test_the_defaults_that_settings_name_are_in_the_image():
    from rso_shared.kit.settings import ServiceSettings

    fields = ServiceSettings.model_fields
    assert "WORKDIR /app" in FINAL
    for name in ("conditions_file", "templates_folder"):
        assert any(f" /app/{fields[name].default}" in line.rstrip("/") for line in FINAL if line.startswith("COPY"))
