"""Finds HAProxy, or installs Debian's where we are root."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from rso_onebox.datadir import DataDirError

HOW = "apt-get install haproxy (its own service need not run), or put `haproxy` on the PATH"
LIMIT_SECONDS = 600.0
SBIN = "/usr/sbin/haproxy"
Say = Callable[[str], None]


def found() -> str | None:
    return shutil.which("haproxy") or (SBIN if Path(SBIN).exists() else None)


def find_haproxy(say: Say) -> str:
    """Raises DataDirError naming what to do."""
    if (here := found()) is not None:
        return here
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        why = "there is no apt-get" if apt is None else "only root can install it"
        raise DataDirError(f"HAProxy is the ingress of the cluster; it is not installed, and {why}: {HOW}")
    say("installing HAProxy (Debian's package)")
    _install(apt)
    if (here := found()) is None:
        raise DataDirError(f"HAProxy could not be installed with apt-get: {HOW}")
    return here


def _install(apt: str) -> None:
    """`RUNLEVEL=1` keeps the package from starting a service of its own where there is no policy against it."""
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for argv in ((apt, "update", "-q"), (apt, "install", "-y", "-q", "--no-install-recommends", "haproxy")):
        subprocess.run(argv, env=environ, check=False, capture_output=True, timeout=LIMIT_SECONDS)


def checked(program: str, configuration: Path) -> None:
    """Raises DataDirError with HAProxy's own words when it does not accept the configuration."""
    asked = subprocess.run((program, "-c", "-f", str(configuration)), capture_output=True, text=True, check=False)
    if asked.returncode != 0:
        raise DataDirError(f"HAProxy does not accept {configuration}:\n{asked.stderr.strip() or asked.stdout.strip()}")
