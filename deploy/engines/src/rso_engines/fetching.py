"""How the engines get here: outside commands with a limit, a log and a line of progress; what they leave is kept by version."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rso_engines.errors import EngineError
from rso_engines.users import Owner

Say = Callable[[str], None]

_PROGRESS_EVERY_SECONDS = 10.0
_LINES = 5


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where built and fetched servers are kept, by version: RSO_CACHE_DIR or ~/.cache/rso."""
    chosen = environ.get("RSO_CACHE_DIR")
    return Path(chosen) if chosen else Path(environ.get("HOME") or Path.home()) / ".cache" / "rso"


def on_path(name: str, environ: Mapping[str, str]) -> str | None:
    return shutil.which(name, path=environ.get("PATH", ""))


def run_with_progress(
    argv: Sequence[str],
    environ: Mapping[str, str],
    what: str,
    limit: float,
    say: Say,
    cwd: Path | None = None,
    owner: Owner | None = None,
) -> str:
    """Runs a command in its own process group, says every few seconds how long it has taken, ends it at the limit."""
    say(f"{what} …")
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        process = subprocess.Popen(
            argv, env=dict(environ), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            cwd=cwd, **(owner.as_popen() if owner else {}),
        )  # fmt: skip
        try:
            _wait(process, what, limit, say)
        finally:
            _end_group(process)
        output.seek(0)
        text = output.read()
        if process.returncode != 0:
            raise EngineError(f"{what} failed (exit code {process.returncode}):\n{telling_lines(text)}")
        return text


def _wait(process: subprocess.Popen[bytes], what: str, limit: float, say: Say) -> None:
    started = time.monotonic()
    while True:
        elapsed = time.monotonic() - started
        if elapsed >= limit:
            raise EngineError(f"{what}: not done within {limit:.0f} s")
        try:
            process.wait(timeout=min(_PROGRESS_EVERY_SECONDS, limit - elapsed))
        except subprocess.TimeoutExpired:
            say(f"{what}: {time.monotonic() - started:.0f} s")
        else:
            return


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Whatever is left of the command goes with it, on a time-out and on Ctrl-C alike."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def last_lines(text: str, count: int = _LINES) -> str:
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return "\n".join(line[:300] for line in lines[-count:])


def telling_lines(text: str) -> str:
    """The first lines that speak of an error, since Maven ends with general advice; else the last ones."""
    errors = [line for line in text.splitlines() if re.search(r"error|fatal", line, re.IGNORECASE)]
    return "\n".join(line[:300] for line in errors[:2]) or last_lines(text)


def keep(made: Path, target: Path) -> None:
    """Moves a finished folder into the cache in one step; whoever made the same version a moment earlier wins."""
    try:
        made.rename(target)
    except OSError:
        if not target.is_dir():
            raise
