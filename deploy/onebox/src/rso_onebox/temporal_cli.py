"""Finds the Temporal dev server, or gets it: what the user named, what is installed, what was fetched before, what can be."""

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

CLI_VERSION = "1.5.1"
"""Newer tags carry a `replace` directive, which `go install` refuses."""
CLI_MODULE = f"github.com/temporalio/cli/cmd/temporal@v{CLI_VERSION}"
BUILD_LIMIT_SECONDS = 1200.0


class TemporalMissingError(Exception):
    """No Temporal dev server, and none of the five ways of getting one worked. The text names them all."""


def built_cli(environ: Mapping[str, str]) -> Path:
    return cache_folder(environ) / f"temporal-cli-{CLI_VERSION}" / "temporal"


def find_temporal_cli(environ: Mapping[str, str] = os.environ, say: Say = print) -> Path:
    """The path of a `temporal` command that can start a dev server. Says what it does while that takes time."""
    named = environ.get("RSO_TEMPORAL_CLI")
    if named:
        return _named(named)
    here = on_path("temporal", environ)
    if here:
        return Path(here)
    if is_executable(built_cli(environ)):
        return built_cli(environ)
    return in_sdk_folder("dev", environ) or _fetch(environ, say)


def _named(path: str) -> Path:
    """A wrong setting is refused, never passed over in silence."""
    if not is_executable(Path(path)):
        raise TemporalMissingError(f"RSO_TEMPORAL_CLI names no executable file: {path}")
    return Path(path)


def _fetch(environ: Mapping[str, str], say: Say) -> Path:
    say("No Temporal dev server here yet; asking the SDK to download one (20 s at most).")
    try:
        return download_by_sdk("dev", environ, say)
    except FetchFailedError as failure:
        download = str(failure)
    say("No download; building the Temporal dev server with Go (about 3 minutes, once).")
    try:
        return build_cli(environ, say)
    except FetchFailedError as failure:
        raise TemporalMissingError(_ways(environ, download, str(failure))) from None


def build_cli(environ: Mapping[str, str], say: Say) -> Path:
    """`go install` into a folder of its own; the finished binary is moved into the cache in one step."""
    go = on_path("go", environ)
    if not go:
        raise FetchFailedError("no `go` on PATH")
    target = built_cli(environ)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".build-", dir=target.parent) as folder:
        argv = (go, "install", CLI_MODULE)
        building = {**environ, "GOBIN": folder}
        run_with_progress(argv, building, "building the Temporal dev server", BUILD_LIMIT_SECONDS, say)
        built = Path(folder) / "temporal"
        if not is_executable(built):
            raise FetchFailedError("`go install` left no `temporal`")
        built.replace(target)
    return target


def _ways(environ: Mapping[str, str], download: str, build: str) -> str:
    return "\n".join(
        (
            "There is no Temporal dev server on this machine, and none could be fetched. Any one of these five ways is enough:",
            "  1. set RSO_TEMPORAL_CLI to the path of a `temporal` command (not set)",
            "  2. install the Temporal CLI so that `temporal` is on PATH (not found)",
            f"  3. copy a built one to {built_cli(environ)} (not there)",
            f"  4. let the SDK download it: needs the internet ({download})",
            f"  5. let Go build it: needs `go` and a module proxy, runs `go install {CLI_MODULE}` ({build})",
        )
    )
