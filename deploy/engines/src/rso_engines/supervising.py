"""Starts one engine, watches until it answers, stops it, kills it."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass

from rso_engines import pids
from rso_engines.engine import Engine
from rso_engines.errors import EngineError
from rso_engines.fetching import last_lines
from rso_engines.ports import refuse_taken

_POLL_SECONDS = 0.1
_PROGRESS_EVERY_SECONDS = 3.0
_STOP_PATIENCE_SECONDS = 60.0
_LOG_KEPT_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Supervisor:
    engine: Engine
    ports: Mapping[str, int]

    def pid(self) -> int | None:
        return pids.running(self.engine.data.pid_file(self.engine.name))

    def up(self) -> bool:
        """True when it had to be started. Waits in any case until it answers."""
        running = self.pid()
        if running is None:
            self._start()
        self._wait_ready()
        self.engine.settle(self.ports)
        return running is None

    def revive(self) -> bool:
        """True when it had to be started. What `up` settles once it answers was settled when it was up before."""
        if self.pid() is not None:
            return False
        self._start()
        return True

    def down(self) -> bool:
        """Asks it to stop, and insists after a minute. False when it was not running."""
        pid = self.pid()
        if pid is None:
            return False
        os.kill(pid, self.engine.stop_signal)
        if not pids.gone(pid, _STOP_PATIENCE_SECONDS):
            self.engine.say(f"{self.engine.name} did not stop within {_STOP_PATIENCE_SECONDS:.0f} s: killing it")
            pids.kill_tree(pid)
        self._forget()
        return True

    def kill(self) -> bool:
        """SIGKILL, as a failing machine would: nothing is flushed, nobody is told. Its pid file stays, and is known to be stale."""
        pid = self.pid()
        if pid is None:
            return False
        pids.kill_tree(pid)
        return True

    def healthy(self) -> bool:
        return self.pid() is not None and self.engine.answers(self.ports)

    def _forget(self) -> None:
        self.engine.data.pid_file(self.engine.name).unlink(missing_ok=True)

    def _start(self) -> None:
        launch = self.engine.prepare(self.ports)
        for pid in pids.left_behind(launch):
            self.engine.say(f"killing what an earlier {self.engine.name} left behind (pid {pid})")
            pids.kill_tree(pid)
        refuse_taken(self.engine.name, self.ports)
        self.engine.say(f"starting {self.engine.name} on {self.engine.address(self.ports[self.engine.name])}")
        self._shorten_log()
        data = self.engine.data
        pids.start(launch, data.log(self.engine.name), data.pid_file(self.engine.name), self.engine.environment())

    def _wait_ready(self) -> None:
        started = said = time.monotonic()
        while not self.engine.answers(self.ports):
            now = time.monotonic()
            if self.pid() is None:
                raise EngineError(f"{self.engine.name} ended at once:\n{self.log_end()}")
            if now - started > self.engine.ready_limit_seconds:
                limit = self.engine.ready_limit_seconds
                raise EngineError(f"{self.engine.name} does not answer after {limit:.0f} s:\n{self.log_end()}")
            if now - said >= _PROGRESS_EVERY_SECONDS:
                said = now
                self.engine.say(f"waiting for {self.engine.name}: {now - started:.0f} s")
            time.sleep(_POLL_SECONDS)

    def log_end(self, lines: int = 8) -> str:
        log = self.engine.data.log(self.engine.name)
        return last_lines(log.read_text(errors="replace"), lines) if log.exists() else ""

    def _shorten_log(self) -> None:
        """One earlier log is kept, so that a folder used for years does not grow without end."""
        log = self.engine.data.log(self.engine.name)
        if log.exists() and log.stat().st_size > _LOG_KEPT_BYTES:
            log.replace(log.with_suffix(".log.1"))
