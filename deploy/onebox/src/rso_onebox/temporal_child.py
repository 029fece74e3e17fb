"""The Temporal dev server as a child of this process: one per database file, gone when we are gone."""

import os
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from rso_onebox.fetching import Say
from rso_onebox.processes import arguments, pids_with, start_bound, stop_group

READY_LIMIT_SECONDS = 60.0
STOP_PATIENCE_SECONDS = 5.0
_POLL_SECONDS = 0.05
_PROGRESS_EVERY_SECONDS = 3.0
_ATTEMPTS = 3
"""A port chosen free may be taken before the server binds it."""
_LOOPBACK = "127.0.0.1"


class TemporalStartError(Exception):
    """The dev server ended before it was ready, or was not ready in time. The text has the last lines of its log."""


@dataclass(frozen=True, slots=True)
class Ports:
    grpc: int
    http: int
    ui: int | None

    @classmethod
    def free(cls, *, ui: bool) -> Self:
        """All at once, so that the kernel does not give the same one twice."""
        sockets = [socket.socket() for _ in range(3 if ui else 2)]
        try:
            for each in sockets:
                each.bind((_LOOPBACK, 0))
            numbers = [each.getsockname()[1] for each in sockets]
        finally:
            for each in sockets:
                each.close()
        return cls(numbers[0], numbers[1], numbers[2] if ui else None)


class TemporalChild:
    """A running dev server. Its files stand in one folder: `temporal.db`, `temporal.log`, `temporal.pid`."""

    def __init__(self, process: subprocess.Popen[bytes], ports: Ports, folder: Path, cli: Path) -> None:
        self._process = process
        self._cli = cli
        self._ports = ports
        self._folder = folder

    @classmethod
    def start(cls, cli: Path, folder: Path, *, ui: bool = False, say: Say = print) -> Self:
        """Stops what an earlier run left on the same database, starts the server and returns when it answers.

        Only from the main thread: the parent-death signal follows the thread that started the child.
        """
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("the Temporal child is started from the main thread")
        folder.mkdir(parents=True, exist_ok=True)
        stop_orphans(folder, say)
        for attempt in range(1, _ATTEMPTS + 1):
            child = cls._spawn(cli, folder, Ports.free(ui=ui))
            try:
                child.wait_ready(say)
            except BaseException as failure:
                child.stop()
                if attempt == _ATTEMPTS or not isinstance(failure, TemporalStartError):
                    raise
            else:
                return child
        raise AssertionError("the last attempt returns or raises")

    @classmethod
    def _spawn(cls, cli: Path, folder: Path, ports: Ports) -> Self:
        return cls(_started(cli, folder, ports), ports, folder, cli)

    @property
    def address(self) -> str:
        """Of the gRPC front end, as a Temporal client wants it."""
        return f"{_LOOPBACK}:{self._ports.grpc}"

    @property
    def ui_url(self) -> str | None:
        return f"http://{_LOOPBACK}:{self._ports.ui}" if self._ports.ui else None

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def revive(self) -> bool:
        """Starts the server anew on the same database and ports if it died; True if it did. Only from the main thread."""
        if self.alive:
            return False
        self._process = _started(self._cli, self._folder, self._ports)
        return True

    def stop(self) -> None:
        """In order within five seconds, by force after them. A second call does nothing."""
        if self.alive:
            stop_group(self.pid, STOP_PATIENCE_SECONDS, self._process)
            self._process.wait()
        _pid_file(self._folder).unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def wait_ready(self, say: Say) -> None:
        started = said = time.monotonic()
        while not self._answers():
            now = time.monotonic()
            if not self.alive:
                raise TemporalStartError(f"the Temporal dev server ended at once:\n{_log_end(self._folder)}")
            if now - started > READY_LIMIT_SECONDS:
                raise TemporalStartError(
                    f"the Temporal dev server was not ready in {READY_LIMIT_SECONDS:.0f} s:\n{_log_end(self._folder)}"
                )
            if now - said >= _PROGRESS_EVERY_SECONDS:
                said = now
                say(f"waiting for the Temporal dev server: {now - started:.0f} s")
            time.sleep(_POLL_SECONDS)

    def _answers(self) -> bool:
        """Its own HTTP face answers for the namespace only when the namespace is there."""
        url = f"http://{_LOOPBACK}:{self._ports.http}/api/v1/namespaces/default"
        try:
            with _direct.open(url, timeout=1) as answer:
                return bool(answer.status == 200)  # noqa: PLR2004 - the HTTP status
        except (urllib.error.URLError, OSError):
            return False


_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Loopback is never asked through a proxy."""


def stop_orphans(folder: Path, say: Say = print) -> list[int]:
    """Stops every dev server that still uses this folder's database: two on one file would spoil it for both.

    A pid from the pid file counts only if that process runs on our database now; numbers are used again.
    """
    ours = ("start-dev", "--db-filename", str(_database(folder)))
    pids = set(pids_with(*ours))
    written = _pid_file(folder).read_text().strip() if _pid_file(folder).exists() else ""
    if written.isdigit() and set(ours) <= set(arguments(int(written))):
        pids.add(int(written))
    for pid in sorted(pids):
        say(f"stopping a Temporal dev server that an earlier run left behind (pid {pid})")
        stop_group(pid, STOP_PATIENCE_SECONDS)
    _pid_file(folder).unlink(missing_ok=True)
    return sorted(pids)


def _started(cli: Path, folder: Path, ports: Ports) -> "subprocess.Popen[bytes]":
    with _log(folder).open("ab") as log:
        process = start_bound(_argv(cli, folder, ports), log, dict(os.environ))
    _pid_file(folder).write_text(str(process.pid))
    return process


def _argv(cli: Path, folder: Path, ports: Ports) -> tuple[str, ...]:
    ui = ("--ui-port", str(ports.ui), "--ui-ip", _LOOPBACK) if ports.ui else ("--headless",)
    return (
        *(str(cli.resolve()), "server", "start-dev", "--db-filename", str(_database(folder))),
        *("--ip", _LOOPBACK, "--port", str(ports.grpc), "--http-port", str(ports.http)),
        *("--log-level", "warn", "--log-format", "json", *ui),
    )


def _database(folder: Path) -> Path:
    return folder.resolve() / "temporal.db"


def _log(folder: Path) -> Path:
    return folder / "temporal.log"


def _pid_file(folder: Path) -> Path:
    return folder / "temporal.pid"


def _log_end(folder: Path) -> str:
    return "\n".join(_log(folder).read_text(errors="replace").splitlines()[-5:])
