"""Temporal server, its schema tool and its PostgreSQL schema: built with Go once per version."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rso_engines import versions
from rso_engines.fetching import Say, cache_folder, keep, run_with_progress
from rso_engines.go_toolchain import Go, find_go

_LIMIT_SECONDS = 1800.0
_MODULE = "go.temporal.io/server"
_PROGRAMS = ("cmd/server", "cmd/tools/sql")
_SCHEMA = ("schema", "postgresql", "v12")
SMALLER = "-ldflags=-s -w"
"""Without symbols: a quarter less to read at every start."""


def built_folder(environ: Mapping[str, str]) -> Path:
    return cache_folder(environ) / f"temporal-server-{versions.TEMPORAL}"


def find_temporal(environ: Mapping[str, str], say: Say) -> Path:
    """A folder with `server`, `sql`, and `schema/{temporal,visibility}/versioned`."""
    target = built_folder(environ)
    if not target.is_dir():
        go = find_go(environ, say)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".build-", dir=target.parent) as folder:
            made = Path(folder) / "made"
            made.mkdir()
            _build(go, made, say)
            _copy_schema(go, made, say)
            keep(made, target)
    return target


def _build(go: Go, made: Path, say: Say) -> None:
    programs = (f"{_MODULE}/{each}@v{versions.TEMPORAL}" for each in _PROGRAMS)
    what = f"building Temporal server {versions.TEMPORAL} with Go (about 3 minutes, once)"
    building = {**go.environ, "GOBIN": str(made)}
    run_with_progress((go.program, "install", SMALLER, *programs), building, what, _LIMIT_SECONDS, say, made)


def _copy_schema(go: Go, made: Path, say: Say) -> None:
    """File by file, since the module cache is read-only and so would the copy be."""
    argv = (go.program, "mod", "download", "-json", f"{_MODULE}@v{versions.TEMPORAL}")
    got = json.loads(run_with_progress(argv, go.environ, "reading Temporal's schema", _LIMIT_SECONDS, say, made))
    source = Path(got["Dir"]).joinpath(*_SCHEMA)
    for kind in ("temporal", "visibility"):
        for file in (source / kind / "versioned").rglob("*.*"):
            if file.is_file():
                copy = made / "schema" / file.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(file.read_bytes())
