"""The steps of the Dockerfile for one service, here and now; `make images-check` does it for all."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.known import DEPLOY, ROOT


@pytest.fixture
def closures():
    spec = importlib.util.spec_from_file_location("closures", DEPLOY / "closures.py")
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def no_uv() -> bool:
    return shutil.which("uv") is None and not (ROOT / ".venv-uv" / "bin" / "uv").exists()


@pytest.mark.skipif(no_uv(), reason="uv builds the wheels, and is not here")
def test_one_service_starts_from_nothing_but_its_own_wheels():
    argv = [sys.executable, str(DEPLOY / "closures.py"), "billing"]
    run = subprocess.run(argv, capture_output=True, text=True, timeout=400, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.startswith("billing: ok")


def test_what_belongs_to_others_would_be_found(closures):
    """This environment holds every service at once, which is just what an image must not."""
    with pytest.raises(closures.ClosureError) as refused:
        closures.check_imports("intake", Path(sys.executable))
    for name in ("rso_billing", "rso_onebox", "temporalio", "nicegui", "pydicom", "pytest"):
        assert name in str(refused.value)


def test_a_service_that_is_not_there_is_named(closures, capsys):
    assert closures.main(["intak"]) == 2
    assert "intak" in capsys.readouterr().err
