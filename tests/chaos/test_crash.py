"""Crash points: refused where they may not be, without effect where they are not armed, deadly and counted where they are."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rso_shared.kit import crash
from rso_shared.kit.settings import ServiceSettings, SettingsError

PROGRAM = """
import sys
from rso_shared.kit import crash
from rso_shared.kit.settings import ServiceSettings
settings = ServiceSettings.model_construct(crash_points=sys.argv[1], crash_file=sys.argv[2], sandbox=True)
crash.arm(settings, "intake.api")
for number in range(10):
    crash.point("mid-swap")
    crash.point("mid-chunk")
    for loop in sys.argv[3:]:
        crash.point("mid-chunk", loop)
    print(number, flush=True)
"""


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    crash.disarm()


def settings(points: str, file: Path | str = "", **more: bool) -> ServiceSettings:
    known = {"sandbox": False, "crash_points_allowed": False, **more}
    return ServiceSettings.model_construct(crash_points=points, crash_file=str(file), **known)


def run(points: str, file: Path, *loops: str) -> "subprocess.CompletedProcess[str]":
    argv = (sys.executable, "-c", PROGRAM, points, str(file), *loops)
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def test_points_are_refused_outside_of_tests(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="need a sandbox"):
        crash.arm(settings("mid-swap:1", tmp_path / "file"))
    with pytest.raises(SettingsError, match="CRASH_FILE"):
        crash.arm(settings("mid-swap:1", sandbox=True))
    crash.arm(settings("mid-swap:1", tmp_path / "file", crash_points_allowed=True))


@pytest.mark.parametrize("wish", ["mid-swop:1", "mid-swap", "mid-swap:0", "mid-swap:1/0", "mid-swap:1,"])
def test_a_misspelt_point_is_refused(wish: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is no crash point"):
        crash.arm(settings(wish, tmp_path / "file", sandbox=True))


def test_without_a_wish_nothing_is_armed() -> None:
    crash.arm(settings(""))
    for name in crash.POINTS:
        crash.point(name)


def test_an_armed_point_kills_its_process_and_says_so_first(tmp_path: Path) -> None:
    file = tmp_path / "crashes"
    done = run("mid-chunk:2/3", file)
    assert (done.returncode, done.stdout.split()) == (-signal.SIGKILL, ["0", "1"])
    assert crash.counts(file) == {("intake.api", "mid-chunk"): 1}


def test_a_loop_beside_others_has_a_count_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "crashes"
    codes = [run("mid-chunk:1/2", file, "erasing").returncode for _ in range(3)]
    assert codes == [-signal.SIGKILL] * 2 + [0]
    assert crash.counts(file) == {("intake.api", "mid-chunk"): 1, ("intake.erasing", "mid-chunk"): 1}


def test_it_dies_as_often_as_was_wished_over_all_its_lives(tmp_path: Path) -> None:
    file = tmp_path / "crashes"
    codes = [run("mid-chunk:2/3,mid-swap:1/4", file).returncode for _ in range(4)]
    assert codes == [-signal.SIGKILL] * 3 + [0]
    assert crash.counts(file) == {("intake.api", "mid-chunk"): 2, ("intake.api", "mid-swap"): 1}
