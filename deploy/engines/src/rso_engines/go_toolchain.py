"""A Go that is new enough to build Temporal: the installed one, or through it the toolchain module of the right version."""

import json
import platform
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rso_engines import versions
from rso_engines.errors import MissingError
from rso_engines.fetching import Say, cache_folder, keep, on_path, run_with_progress

_LIMIT_SECONDS = 600.0
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
HOW = "apt-get install golang-go, or https://go.dev/dl"


@dataclass(frozen=True, slots=True)
class Go:
    program: str
    environ: Mapping[str, str]


def parsed(text: str) -> tuple[int, int] | None:
    """From what `go version` prints: `go version go1.19.8 linux/amd64`."""
    found = re.search(r"\bgo(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None


def find_go(environ: Mapping[str, str], say: Say) -> Go:
    installed = on_path("go", environ)
    if not installed:
        raise MissingError(f"Temporal server is built with Go, and there is no `go` on PATH: {HOW}")
    told = subprocess.run((installed, "version"), env=dict(environ), capture_output=True, text=True, check=False)
    version = parsed(told.stdout)
    if version is None:
        raise MissingError(f"`{installed} version` does not say its version: {HOW}")
    if version >= versions.GO_FETCHES_ITSELF:
        return Go(installed, {**environ, "GOTOOLCHAIN": "auto"})
    return Go(str(_fetched(installed, environ, say)), {**environ, "GOROOT": "", "GOTOOLCHAIN": "local"})


def toolchain_module() -> str:
    machine = platform.machine()
    if machine not in _MACHINES:
        raise MissingError(f"Go {versions.GO} cannot be fetched for {machine}: {HOW}")
    return f"golang.org/toolchain@v0.0.1-go{versions.GO}.linux-{_MACHINES[machine]}"


def _fetched(installed: str, environ: Mapping[str, str], say: Say) -> Path:
    target = cache_folder(environ) / f"go-{versions.GO}"
    if not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=target.parent) as folder:
            getting = {**environ, "GOMODCACHE": folder, "GOFLAGS": "-modcacherw"}
            argv = (installed, "mod", "download", "-json", toolchain_module())
            what = f"fetching Go {versions.GO} with the older one here"
            got = json.loads(run_with_progress(argv, getting, what, _LIMIT_SECONDS, say, Path(folder)))
            _make_runnable(Path(got["Dir"]))
            keep(Path(got["Dir"]), target)
    return target / "bin" / "go"


def _make_runnable(folder: Path) -> None:
    """A module's files are stored without the right to run them; Go itself does the same after such a download."""
    for path in (*(folder / "bin").iterdir(), *(folder / "pkg" / "tool").rglob("*")):
        if path.is_file():
            path.chmod(0o755)
