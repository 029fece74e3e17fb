"""Finds Debian's PostgreSQL, or installs it where we are root."""

import os
from collections.abc import Mapping
from pathlib import Path

from rso_engines import versions
from rso_engines.errors import EngineError, MissingError
from rso_engines.fetching import Say, on_path, run_with_progress

DEBIAN = Path("/usr/lib/postgresql")
_LIMIT_SECONDS = 600.0
_HOW = "apt-get install postgresql (no server of its own has to run)"
_NO_SERVER_OF_ITS_OWN = "create_main_cluster = false\n"
_SETTING = Path("/etc/postgresql-common/createcluster.conf")


def installed(root: Path = DEBIAN) -> dict[int, Path]:
    """Major version → folder of programs, for each whole server found."""
    folders = root.iterdir() if root.is_dir() else ()
    return {
        int(folder.name): folder / "bin"
        for folder in folders
        if folder.name.isdigit() and (folder / "bin" / "postgres").exists() and (folder / "bin" / "initdb").exists()
    }


def choose(found: Mapping[int, Path], written_by: int | None) -> Path | None:
    """The newest, or for a folder that is in use already the version that wrote it."""
    if written_by is not None:
        if written_by not in found:
            raise MissingError(
                f"the data folder was written by PostgreSQL {written_by}, which is not here: "
                f"apt-get install postgresql-{written_by}, or choose a new --data folder"
            )
        return found[written_by]
    newest = max((version for version in found if version >= versions.POSTGRES_MINIMUM), default=None)
    return None if newest is None else found[newest]


def find_postgres(environ: Mapping[str, str], say: Say, written_by: int | None = None, *, install: bool = True) -> Path:
    programs = choose(installed(), written_by)
    if programs is None and install:
        _install(environ, say)
        programs = choose(installed(), written_by)
    if programs is None:
        raise MissingError(f"no PostgreSQL {versions.POSTGRES_MINIMUM} or later under {DEBIAN}: {_HOW}")
    return programs


def _install(environ: Mapping[str, str], say: Say) -> None:
    apt = on_path("apt-get", environ)
    if not apt or os.geteuid() != 0:
        why = "there is no apt-get" if not apt else "only root can install it"
        raise MissingError(f"PostgreSQL is not installed under {DEBIAN}, and {why}: {_HOW}")
    if not _SETTING.exists():
        _SETTING.parent.mkdir(parents=True, exist_ok=True)
        _SETTING.write_text(_NO_SERVER_OF_ITS_OWN)
    quiet = {**environ, "DEBIAN_FRONTEND": "noninteractive", "UCF_FORCE_CONFFOLD": "1"}
    install = (
        apt,
        "install",
        "-y",
        "-q",
        "--no-install-recommends",
        "postgresql",
    )
    try:
        run_with_progress((apt, "update", "-q"), quiet, "reading Debian's package lists", _LIMIT_SECONDS, say)
        run_with_progress(install, quiet, "installing PostgreSQL", _LIMIT_SECONDS, say)
    except EngineError as failure:
        raise MissingError(f"PostgreSQL could not be installed with apt-get: {failure}") from None
