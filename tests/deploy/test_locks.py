"""What a service declares is what its image installs: the newest pins are of no use if a dependency was added after them."""

import re
import tomllib
from collections.abc import Iterator

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.known import ROOT
from rso_shared.kit.names import SERVICES

PIN = re.compile(
    r"^([a-z0-9._-]+)==([^ ;]+)(?: ; [^\\]+)? \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", re.MULTILINE
)
FOLDERS = [service.folder for service in SERVICES]


def declared(project: str) -> Iterator[Requirement]:
    """Also what the kit declares, which every service carries."""
    for line in tomllib.loads((ROOT / project / "pyproject.toml").read_text())["project"]["dependencies"]:
        wanted = Requirement(line)
        if wanted.name == "rso-shared":
            yield from declared("shared")
        else:
            yield wanted


def pinned(folder: str) -> dict[str, str]:
    """With hashes, as they are installed."""
    return {
        canonicalize_name(name): version
        for name, version in PIN.findall((ROOT / "locks" / f"{folder}.txt").read_text())
    }


def test_the_kit_is_declared_by_everyone():
    kit = {wanted.name for wanted in declared("shared")}
    assert {"sqlalchemy", "aiokafka", "alembic"} <= kit
    assert all(kit <= {wanted.name for wanted in declared(f"services/{folder}")} for folder in FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_declared_dependency_is_pinned_in_the_services_lock(folder):
    pins = pinned(folder)
    wrong = [str(wanted) for wanted in declared(f"services/{folder}") if not _met(wanted, pins)]
    assert wrong == [], f"not in locks/{folder}.txt: run `make locks`"


def _met(wanted: Requirement, pins: dict[str, str]) -> bool:
    version = pins.get(canonicalize_name(wanted.name))
    return version is not None and wanted.specifier.contains(version, prereleases=True)


def test_every_line_of_a_lock_is_read():
    for folder in FOLDERS:
        text = (ROOT / "locks" / f"{folder}.txt").read_text()
        assert PIN.sub("", text).strip() == "", f"locks/{folder}.txt holds what is no pin with hashes"
