"""How servers that do not come with the package get here: outside commands with a limit, a log and a line of progress."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

Say = Callable[[str], None]

SDK_LIMIT_SECONDS = 20.0
_PROGRESS_EVERY_SECONDS = 5.0

_SDK_DOWNLOAD = """
import asyncio, sys
from temporalio.testing import WorkflowEnvironment
async def main(kind, folder):
    if kind == "dev":
        server = await WorkflowEnvironment.start_local(download_dest_dir=folder)
    else:
        server = await WorkflowEnvironment.start_time_skipping(download_dest_dir=folder)
    await server.shutdown()
asyncio.run(main(*sys.argv[1:]))
"""


class FetchFailedError(Exception):
    """Why one way of getting a server did not work, in one line."""


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where built and fetched servers are kept, by version: RSO_CACHE_DIR or ~/.cache/rso."""
    chosen = environ.get("RSO_CACHE_DIR")
    return Path(chosen) if chosen else Path(environ.get("HOME") or Path.home()) / ".cache" / "rso"


def on_path(name: str, environ: Mapping[str, str]) -> str | None:
    return shutil.which(name, path=environ.get("PATH", ""))


def is_executable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def run_with_progress(argv: Sequence[str], environ: Mapping[str, str], what: str, limit: float, say: Say) -> None:
    """Runs a command in its own process group, says every few seconds how long it has taken, ends it at the limit."""
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        process = subprocess.Popen(
            argv, env=dict(environ), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
        try:
            _wait(process, what, limit, say)
        finally:
            _end_group(process)
        if process.returncode != 0:
            output.seek(0)
            raise FetchFailedError(_last_line(output.read()) or f"exit code {process.returncode}")


def _wait(process: subprocess.Popen[bytes], what: str, limit: float, say: Say) -> None:
    started = time.monotonic()
    while True:
        elapsed = time.monotonic() - started
        if elapsed >= limit:
            raise FetchFailedError(f"not done within {limit:.0f} s")
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


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""


def sdk_folder(kind: str, environ: Mapping[str, str]) -> Path:
    """Where the SDK of this version leaves what it downloads. `kind` is `dev` or `test`."""
    return cache_folder(environ) / f"temporal-{kind}-by-sdk-{version('temporalio')}"


def in_sdk_folder(kind: str, environ: Mapping[str, str]) -> Path | None:
    folder = sdk_folder(kind, environ)
    found = sorted(path for path in folder.iterdir() if is_executable(path)) if folder.is_dir() else []
    return found[0] if found else None


def download_by_sdk(kind: str, environ: Mapping[str, str], say: Say) -> Path:
    """Lets the SDK download its server, in a process of its own: there it can be stopped when it hangs."""
    folder = sdk_folder(kind, environ)
    folder.mkdir(parents=True, exist_ok=True)
    argv = (sys.executable, "-c", _SDK_DOWNLOAD, kind, str(folder))
    run_with_progress(argv, environ, f"downloading the Temporal {kind} server", SDK_LIMIT_SECONDS, say)
    found = in_sdk_folder(kind, environ)
    if not found:
        raise FetchFailedError("the SDK downloaded no server")
    return found
