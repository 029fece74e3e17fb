"""Services with crash points armed: the settings for it, a process of one role that is started until it ends well, and the tally."""

import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from e2e.onebox import environ
from pydantic import SecretStr

from rso_onebox import box
from rso_onebox.datadir import DataDir
from rso_shared.kit import crash
from rso_shared.kit.settings import ServiceSettings
from rso_shared.kit.spec import ServiceSpec

TIMES = 3
"""Each point of each role, at least."""
REBUILDING = Path(__file__).with_name("rebuilding.py")


def wishes(points: Mapping[str, int]) -> str:
    """Point -> on which pass; as the setting wants it."""
    return ",".join(f"{point}:{TIMES}/{every}" for point, every in points.items())


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def of_onebox(points: Mapping[str, int], file: Path) -> dict[str, str]:
    """One process is all roles: its points are armed by one service's settings."""
    return {"RSO_INTAKE_CRASH_POINTS": wishes(points), "RSO_INTAKE_CRASH_FILE": str(file)}


def of_process(data: DataDir, spec: ServiceSpec, points: Mapping[str, int], file: Path, **more: str) -> dict[str, str]:
    """The environment of one service's process on a onebox's folder: the same databases, the same log."""
    made = box.settings(data, spec, sandbox=True, internal_url="http://127.0.0.1:9", public_url="http://127.0.0.1:9")
    named = {"broker_url": f"sqlite:///{data.broker}", "crash_points": wishes(points), "crash_file": str(file), **more}
    fields = {**dict(_set(made)), **named}
    return environ(**{f"{spec.name.settings_prefix}{name.upper()}": value for name, value in fields.items()})


def _set(settings: ServiceSettings) -> Iterator[tuple[str, str]]:
    for name in settings.model_fields_set:
        value = getattr(settings, name)
        if value is not None and value != "":
            yield name, value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def process(spec: ServiceSpec, role: str, env: Mapping[str, str], output: Path) -> "subprocess.Popen[bytes]":
    with output.open("ab") as told:
        argv = (sys.executable, "-m", spec.name.package, role)
        return subprocess.Popen(argv, env=dict(env), stdin=subprocess.DEVNULL, stdout=told, stderr=told)


def tally(file: Path) -> Counter[tuple[str, str]]:
    return crash.counts(file)
