"""PostgreSQL refuses to run as root: as whom then, and whether that user can reach the data folder."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rso_engines.errors import EngineError

CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Owner:
    name: str
    uid: int
    gid: int

    def as_popen(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def take(self, path: Path) -> None:
        shutil.chown(path, self.uid, self.gid)


def unprivileged() -> Owner | None:
    """None when we are not root ourselves: then the server runs as we do."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in CANDIDATES:
        if name in known:
            return Owner(name, known[name].pw_uid, known[name].pw_gid)
    raise EngineError(f"PostgreSQL does not run as root, and there is no user named {' or '.join(CANDIDATES)}")


def may(owner: Owner, how: str, folder: Path) -> bool:
    """Asks the kernel, as that user: `-x` to enter, `-w` to write."""
    asked = subprocess.run(("/usr/bin/test", how, str(folder)), check=False, cwd="/", **owner.as_popen())
    return asked.returncode == 0


def refuse_closed(folder: Path, owner: Owner | None) -> None:
    """A folder inside /root, say, cannot be entered by the server's user."""
    if owner and not may(owner, "-w", folder):
        raise EngineError(
            f"user {owner.name}, as whom PostgreSQL runs, cannot write to {folder}: "
            "choose a data folder that every user may enter with --data"
        )
