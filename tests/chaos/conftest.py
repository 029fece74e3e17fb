"""A seeded folder to copy, and one with finished cases: both are made once, by real processes."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from e2e.onebox import copy

from rso_cluster.audit_model import Workflow
from rso_cluster.load import settled
from rso_cluster.load_drive import Drive
from rso_cluster.load_onebox import OneboxTarget
from rso_onebox import loading
from rso_onebox.datadir import DataDir
from rso_onebox.temporal_cli import TemporalMissingError, find_temporal_cli

CASES = 2


def silent(_text: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Played:
    """A stopped deployment with delivered cases, and what Temporal said of it before the stop."""

    root: Path
    cases: frozenset[str]
    workflows: tuple[Workflow, ...]


@pytest.fixture(scope="session", autouse=True)
def temporal() -> Path:
    """The dev server, found or fetched as a user's `rso up` would."""
    try:
        return find_temporal_cli(say=silent)
    except TemporalMissingError as missing:
        pytest.skip(f"no Temporal dev server: {str(missing).splitlines()[-1].strip()}")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, temporal: Path) -> Path:
    """A stopped deployment with defaults and demo data and no case."""
    root = tmp_path_factory.mktemp("chaos") / "template"
    target = OneboxTarget(DataDir(root), silent)
    try:
        loading.init(target.address, target.issuer, silent)
        loading.seed(target.address, target.issuer, silent)
        assert settled(target, frozenset(), silent).clean
    finally:
        target.close()
    return root


@pytest.fixture(scope="session")
def played(template: Path) -> Played:
    root = copy(template, template.parent / "played")
    target = OneboxTarget(DataDir(root), silent)
    try:
        driven = Drive(target.address, target.issuer, CASES, CASES, 0, silent).run()
        wanted = frozenset(driven.finished)
        verdict = settled(target, wanted, silent)
        assert verdict.clean, verdict.as_json()
        workflows = tuple(target.evidence(wanted).workflows or ())
    finally:
        target.close()
    return Played(root, wanted, workflows)
